/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply/in-use.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static uint64_t field_bytes(const char *text, const char *field)
{
	const char *line = strstr(text, field);

	return line ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

struct locker {
	uint64_t locked;
	char pid[16], name[32];
};

static void look_at_process(int proc, const char *pid, struct locker *largest)
{
	char path[64], text[ATTRIBUTE_MAX];
	uint64_t locked;

	snprintf(path, sizeof(path), "%.20s/status", pid);
	if (attribute_read(proc, path, text, sizeof(text)) < 0)
		return;
	locked = field_bytes(text, "VmLck:") + field_bytes(text, "VmPin:");
	if (locked <= largest->locked)
		return;
	largest->locked = locked;
	snprintf(largest->pid, sizeof(largest->pid), "%s", pid);
	largest->name[0] = '\0';
	sscanf(text, "Name:\t%31[^\n]", largest->name);
}

static struct locker find_largest_locker(const char *procfs)
{
	_cleanup_dir_ DIR *directory = opendir(procfs);
	struct locker largest = {0};
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			look_at_process(dirfd(directory), entry->d_name, &largest);
	return largest;
}

static uint64_t free_dram(const struct kmemd *kmemd, uint64_t free_on_node)
{
	_cleanup_free_ char *path = format_text("%s/meminfo", kmemd->procfs);
	char text[ATTRIBUTE_MAX * 2];
	uint64_t all;

	if (!path || attribute_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	all = field_bytes(text, "MemFree:");
	return all > free_on_node ? all - free_on_node : 0;
}

void describe_use(const struct kmemd *kmemd, int node, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/devices/system/node/node%d/meminfo",
						kmemd->sysfs, node);
	char text[ATTRIBUTE_MAX], used[SIZE_TEXT_MAX], locked[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX];
	struct locker largest;
	size_t length;

	buffer[0] = '\0';
	if (!path || attribute_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return;
	snprintf(buffer, size, "; node %d holds %s (%s locked), %s are free elsewhere", node,
		 format_size(field_bytes(text, "MemUsed:"), used),
		 format_size(field_bytes(text, "Mlocked:"), locked),
		 format_size(free_dram(kmemd, field_bytes(text, "MemFree:")), left));
	largest = find_largest_locker(kmemd->procfs);
	length = strlen(buffer);
	if (largest.locked)
		snprintf(buffer + length, size - length, "; process %s (%s) locks %s", largest.pid,
			 largest.name, format_size(largest.locked, locked));
}

/* Lines of maps are as long as paths may be; the path of a dax device is at the end of its line. */
static bool process_maps(int proc, const char *pid, const char *path)
{
	_cleanup_free_ char *maps = format_text("%s/maps", pid);
	_cleanup_file_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int fd = maps ? openat(proc, maps, O_RDONLY | O_CLOEXEC) : -1;

	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!file) {
		closep(&fd);
		return false;
	}
	while (getline(&line, &size, file) > 0) {
		char *found = strstr(line, path);

		if (found && found[strlen(path)] == '\n')
			return true;
	}
	return false;
}

bool find_mapper(const struct kmemd *kmemd, const char *path, char *buffer, size_t size)
{
	_cleanup_dir_ DIR *directory = opendir(kmemd->procfs);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char comm[300], name[32] = "?";

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !process_maps(dirfd(directory), entry->d_name, path))
			continue;
		snprintf(comm, sizeof(comm), "%s/comm", entry->d_name);
		if (attribute_read(dirfd(directory), comm, name, sizeof(name)) < 0)
			name[0] = '\0';
		snprintf(buffer, size, "process %s (%s)", entry->d_name, name);
		return true;
	}
	return false;
}
