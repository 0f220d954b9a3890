/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/resources.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>

#define IOMEM_MAX (16 * 1024 * 1024)

void resources_release(struct resources *resources)
{
	free(resources->lines.items);
	memset(resources, 0, sizeof(*resources));
}

/* "    100000000-17fffffff : System RAM": two spaces a level, then hexadecimal numbers. */
static bool parse_line(const char *line, struct resource_line *ret)
{
	size_t spaces = strspn(line, " ");
	uint64_t start, end;
	char name[64];

	if (sscanf(line + spaces, "%" SCNx64 "-%" SCNx64 " : %63[^\n]", &start, &end, name) != 3 ||
	    end < start || (!start && end == UINT64_MAX))
		return false;
	ret->range = (struct range){start, end - start + 1};
	ret->depth = (unsigned int)(spaces / 2);
	copy_name(ret->name, name);
	return true;
}

int resources_parse(const char *text, struct resources *ret)
{
	struct resources resources = {0};

	for (const char *line = text; line; line = strchr(line, '\n')) {
		struct resource_line parsed, *slot;

		line += *line == '\n';
		if (!parse_line(line, &parsed))
			continue;
		slot = array_add(&resources.lines);
		if (!slot) {
			resources_release(&resources);
			return -ENOMEM;
		}
		*slot = parsed;
		resources.known = resources.known || parsed.range.size > 1;
	}
	if (!resources.known)
		resources_release(&resources);
	*ret = resources;
	return 0;
}

int resources_read(const char *procfs, struct resources *ret)
{
	_cleanup_free_ char *path = format_text("%s/iomem", procfs), *text = NULL;
	size_t length;
	int r = path ? file_read(path, IOMEM_MAX, &text, &length) : -ENOMEM;

	if (r == 0)
		return resources_parse(text, ret);
	memset(ret, 0, sizeof(*ret));
	return r == -ENOMEM ? r : 0;
}
