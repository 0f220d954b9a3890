/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-proc.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

/* zoneinfo has a paragraph for every CPU in every zone. */
#define PROC_FILE_MAX (32 * 1024 * 1024)

static int read_proc(const struct kmemd *kmemd, const char *name, char **ret)
{
	_cleanup_free_ char *path = format_text("%s/%s", kmemd->procfs, name);
	size_t length;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_read(path, PROC_FILE_MAX, ret, &length);
	return r == -ENOMEM ? r : 0;
}

/* The first CPU's flags speak for all, and are in the first few KiB. */
static void read_cpu(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/cpuinfo", kmemd->procfs);
	_cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[16384], *flags, *save = NULL;
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length < 0)
		return;
	text[length] = '\0';
	flags = strstr(text, "\nflags");
	if (!flags)
		return;
	flags[1 + strcspn(flags + 1, "\n")] = '\0';
	for (char *word = strtok_r(flags, " \t:\n", &save); word;
	     word = strtok_r(NULL, " \t:", &save))
		facts->hypervisor = facts->hypervisor || !strcmp(word, "hypervisor");
}

/* "Node 0, zone   Normal" and, some lines later, "        managed  123456" (pages). */
static int read_zones(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *text = NULL;
	int r = read_proc(kmemd, "zoneinfo", &text);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages;
	char *rest = text, *line, zone[32] = "";
	int node;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (sscanf(line, "Node %d, zone %31s", &node, zone) == 2)
			continue;
		if (sscanf(line, " managed %" SCNu64, &pages) != 1)
			continue;
		if (!strcmp(zone, "Movable"))
			facts->movable_zone += pages * page;
		else if (strcmp(zone, "Device"))
			facts->kernel_zone += pages * page;
	}
	return r;
}

/* What the findings are about; the rest of the file is devices. */
static bool is_memory(const char *name)
{
	return !strncmp(name, "dax", strlen("dax")) || !strncmp(name, "System RAM", 10) ||
	       !strcmp(name, "Soft Reserved") || !strncmp(name, "CXL Window", 10);
}

/* Addresses are zero for others than root; such a range is not kept. */
static int read_resources(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *text = NULL;
	int r = read_proc(kmemd, "iomem", &text);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		struct resource *resource, parsed = {0};
		uint64_t start, end;

		if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %63[^\n]", &start, &end,
			   parsed.name) != 3 ||
		    !end)
			continue;
		facts->shows_addresses = true;
		if (!is_memory(parsed.name))
			continue;
		resource = array_add(&facts->resources);
		if (!resource)
			return -ENOMEM;
		*resource = parsed;
		resource->range = (struct range){start, end - start + 1};
	}
	return r;
}

/* "HardwareCorrupted:    12 kB" */
static int read_poisoned(const struct kmemd *kmemd, struct facts *facts)
{
	static const char field[] = "HardwareCorrupted:";
	_cleanup_free_ char *text = NULL;
	int r = read_proc(kmemd, "meminfo", &text);
	const char *line = text ? strstr(text, field) : NULL;

	if (line)
		facts->poisoned = strtoull(line + strlen(field), NULL, 10) * 1024;
	return r;
}

static void read_command_line(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/cmdline", kmemd->procfs);

	if (!path ||
	    attribute_read(AT_FDCWD, path, facts->command_line, sizeof(facts->command_line)) < 0)
		facts->command_line[0] = '\0';
}

int facts_gather_proc(const struct kmemd *kmemd, struct facts *facts)
{
	int r;

	read_cpu(kmemd, facts);
	read_command_line(kmemd, facts);
	r = read_zones(kmemd, facts);
	if (r == 0)
		r = read_poisoned(kmemd, facts);
	return r < 0 ? r : read_resources(kmemd, facts);
}
