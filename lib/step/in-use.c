/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/in-use.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/printable.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static uint64_t field_bytes(const char *text, const char *field)
{
	const char *line = strstr(text, field);

	return line ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

/* A process, with what it has on the node and what of its memory cannot move. */
struct holder {
	uint64_t on_node, locked;
	char pid[16], name[80]; /* escaped: a process may call itself anything */
};

#define HOLDERS 3 /* are named, the largest first */

/*
 * The pages that a process has on a node: the fields "N1=512" of /proc/PID/numa_maps, each in pages
 * of its line's kernelpagesize_kB.
 */
static uint64_t bytes_on_node(int proc, const char *pid, int node)
{
	_cleanup_free_ char *path = format_text("%s/numa_maps", pid);
	_cleanup_file_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	char field[16];
	uint64_t bytes = 0;
	size_t size = 0;
	int fd = path ? openat(proc, path, O_RDONLY | O_CLOEXEC) : -1;

	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!file) {
		closep(&fd);
		return 0;
	}
	snprintf(field, sizeof(field), " N%d=", node);
	while (getline(&line, &size, file) > 0) {
		const char *found = strstr(line, field);
		const char *page = strstr(line, "kernelpagesize_kB=");

		if (found)
			bytes += strtoull(found + strlen(field), NULL, 10) * 1024 *
				 (page ? strtoull(page + strlen("kernelpagesize_kB="), NULL, 10)
				       : 4);
	}
	return bytes;
}

static bool is_larger(const struct holder *a, const struct holder *b)
{
	return a->on_node != b->on_node ? a->on_node > b->on_node : a->locked > b->locked;
}

static void look_at_process(int proc, const char *pid, int node, struct holder largest[HOLDERS])
{
	struct holder holder = {0};
	char path[64], text[ATTRIBUTE_MAX], name[32] = "";

	snprintf(path, sizeof(path), "%.20s/status", pid);
	if (attribute_read(proc, path, text, sizeof(text)) < 0)
		return;
	holder.locked = field_bytes(text, "VmLck:") + field_bytes(text, "VmPin:");
	holder.on_node = bytes_on_node(proc, pid, node);
	if (!holder.locked && !holder.on_node)
		return;
	snprintf(holder.pid, sizeof(holder.pid), "%s", pid);
	sscanf(text, "Name:\t%31[^\n]", name);
	printable_copy(name, holder.name, sizeof(holder.name));
	for (unsigned int i = 0; i < HOLDERS; i++) {
		struct holder other = largest[i];

		if (!is_larger(&holder, &other))
			continue;
		largest[i] = holder;
		holder = other;
	}
}

static void find_holders(const char *procfs, int node, struct holder largest[HOLDERS])
{
	_cleanup_dir_ DIR *directory = opendir(procfs);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			look_at_process(dirfd(directory), entry->d_name, node, largest);
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

static void append(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *buffer, size_t size, const char *format, ...)
{
	size_t used = strlen(buffer);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(buffer + used, size - used, format, arguments);
	va_end(arguments);
}

/* Pages of hugetlb move only into free ones of their size on another node. */
static void describe_huge_pages(const char *node_path, int node, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/hugepages", node_path);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char attribute[300], text[SIZE_TEXT_MAX];
		uint64_t kib, count, unused = 0;

		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &kib) != 1)
			continue;
		snprintf(attribute, sizeof(attribute), "%s/nr_hugepages", entry->d_name);
		if (attribute_read_u64(dirfd(directory), attribute, &count) < 0 || !count)
			continue;
		snprintf(attribute, sizeof(attribute), "%s/free_hugepages", entry->d_name);
		if (attribute_read_u64(dirfd(directory), attribute, &unused) < 0)
			unused = 0;
		append(buffer, size,
		       "; %" PRIu64 " huge pages of %s are on node %d, %" PRIu64 " of them free",
		       count, format_size(kib * 1024, text), node, unused);
	}
}

static void describe_holders(const struct kmemd *kmemd, int node, char *buffer, size_t size)
{
	struct holder largest[HOLDERS] = {0};
	char bytes[SIZE_TEXT_MAX];

	find_holders(kmemd->procfs, node, largest);
	for (unsigned int i = 0; i < HOLDERS && largest[i].pid[0]; i++) {
		const struct holder *holder = &largest[i];

		append(buffer, size, "%s process %s (%s)", i ? "," : ";", holder->pid,
		       holder->name);
		if (holder->on_node)
			append(buffer, size, " has %s on node %d",
			       format_size(holder->on_node, bytes), node);
		if (holder->locked)
			append(buffer, size, "%s locks %s", holder->on_node ? " and" : "",
			       format_size(holder->locked, bytes));
	}
}

/* Of all memory on the node; the kernel links each block to its node. */
static unsigned int count_blocks(const char *node_path)
{
	_cleanup_dir_ DIR *directory = opendir(node_path);
	unsigned int count = 0, index;
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		count += sscanf(entry->d_name, "memory%u", &index) == 1;
	return count;
}

/*
 * Pages of the kernel do not move, so a kernel zone keeps a block that has one (Documentation/
 * admin-guide/mm/memory-hotplug.rst, "ZONE_MOVABLE"); which pages those are nothing shows.
 */
static void describe_zone(enum block_state state, char *buffer, size_t size)
{
	if (state == BLOCK_KERNEL)
		append(buffer, size,
		       "; it is in a kernel zone: a page of the kernel in it does not move, and "
		       "nothing but a reboot frees it");
	else if (state != BLOCK_MOVABLE)
		append(buffer, size,
		       "; it is not in the movable zone alone: a page of the kernel in it does "
		       "not move, and nothing but a reboot frees it");
}

void describe_use(const struct kmemd *kmemd, int node, enum block_state state,
		  unsigned int device_blocks, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/devices/system/node/node%d", kmemd->sysfs,
						node);
	_cleanup_free_ char *meminfo = format_text("%s/meminfo", path ? path : "");
	char text[ATTRIBUTE_MAX], used[SIZE_TEXT_MAX], locked[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX];
	bool is_shared;

	buffer[0] = '\0';
	describe_zone(state, buffer, size);
	if (!path || !meminfo || attribute_read(AT_FDCWD, meminfo, text, sizeof(text)) < 0)
		return;
	is_shared = count_blocks(path) > device_blocks;
	append(buffer, size, "; node %d%s holds %s (%s locked), %s are free elsewhere", node,
	       is_shared ? ", which has memory of other devices as well," : "",
	       format_size(field_bytes(text, "MemUsed:"), used),
	       format_size(field_bytes(text, "Mlocked:"), locked),
	       format_size(free_dram(kmemd, field_bytes(text, "MemFree:")), left));
	describe_huge_pages(path, node, buffer, size);
	describe_holders(kmemd, node, buffer, size);
}

/* A process may end while it is looked at, and its maps with it. */
static int error_of_process(int errnum)
{
	return errnum == ENOENT || errnum == ESRCH ? 0 : -errnum;
}

/*
 * Lines of maps are as long as paths may be; the path of a dax device is at the end of its line. 1
 * when the process has it mapped.
 */
static int process_maps(int proc, const char *pid, const char *path)
{
	_cleanup_free_ char *maps = format_text("%s/maps", pid);
	_cleanup_file_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int fd = maps ? openat(proc, maps, O_RDONLY | O_CLOEXEC) : -1;

	if (!maps)
		return -ENOMEM;
	if (fd < 0)
		return error_of_process(errno);
	file = fdopen(fd, "r");
	if (!file) {
		closep(&fd);
		return -ENOMEM;
	}
	while (errno = 0, getline(&line, &size, file) > 0) {
		char *found = strstr(line, path);

		if (found && found[strlen(path)] == '\n')
			return 1;
	}
	return feof(file) ? 0 : error_of_process(errno ? errno : EIO);
}

int find_mapper(const struct kmemd *kmemd, const char *path, char *buffer, size_t size)
{
	_cleanup_dir_ DIR *directory = opendir(kmemd->procfs);
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(directory))) {
		char comm[300], name[32], escaped[80];
		int r = 0;

		if (isdigit((unsigned char)entry->d_name[0]))
			r = process_maps(dirfd(directory), entry->d_name, path);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		snprintf(comm, sizeof(comm), "%s/comm", entry->d_name);
		if (attribute_read(dirfd(directory), comm, name, sizeof(name)) < 0)
			name[0] = '\0';
		printable_copy(name, escaped, sizeof(escaped));
		snprintf(buffer, size, "process %s (%s)", entry->d_name, escaped);
		return 1;
	}
	return 0;
}
