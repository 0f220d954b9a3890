/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/resources.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

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

/* The file's instances in several mounts of procfs have one inode number. */
static bool is_standard_input(const char *path)
{
	struct stat file, input;

	return stat(path, &file) == 0 && fstat(STDIN_FILENO, &input) == 0 &&
	       S_ISREG(input.st_mode) && file.st_ino == input.st_ino;
}

static int read_whole(int fd, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t used = 0, size = 0;
	ssize_t length;

	do {
		if (size - used < 2) {
			char *grown = realloc(text, size += 32768);

			if (!grown)
				return -ENOMEM;
			text = grown;
		}
		length = pread(fd, text + used, size - used - 1, (off_t)used);
		if (length < 0)
			return -errno;
		used += (size_t)length;
	} while (length && used < IOMEM_MAX);
	text[used] = '\0';
	*ret = take_pointer(text);
	return 0;
}

int resources_read_open(int fd, struct resources *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = read_whole(fd, &text);

	if (r == 0)
		return resources_parse(text, ret);
	memset(ret, 0, sizeof(*ret));
	return r == -ENOMEM ? r : 0;
}

int resources_read(const char *procfs, struct resources *ret)
{
	_cleanup_free_ char *path = format_text("%s/iomem", procfs);
	_cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	int r = path ? 0 : -ENOMEM;

	memset(ret, 0, sizeof(*ret));
	if (fd >= 0)
		r = resources_read_open(fd, ret);
	if (r == 0 && !ret->known && is_standard_input(path))
		r = resources_read_open(STDIN_FILENO, ret);
	return r;
}
