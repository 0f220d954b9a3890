/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not belong to a device: block size, hotplug parameters, nodes, the kmem that is loaded.
 */
#include "inventory/read-host.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* A line such as "Node 1 MemTotal:  1048576 kB"; 0 when the text has no such field. */
static uint64_t field_kib(const char *text, const char *field)
{
	const char *line = strstr(text, field);

	return line ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

static int read_memory_totals(const struct kmemd *kmemd, struct host *host,
			      struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/meminfo", kmemd->procfs);
	char text[ATTRIBUTE_MAX * 2];
	int r;

	if (!path)
		return error_memory(error);
	r = attribute_read(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return error_errno(error, -r, "cannot read %s: %s", path, strerror(-r));
	host->memory_total = field_kib(text, "MemTotal:");
	host->memory_free = field_kib(text, "MemFree:");
	host->memory_available = field_kib(text, "MemAvailable:");
	return 0;
}

int read_node(const struct kmemd *kmemd, int id, struct kmemd_inventory *inventory)
{
	_cleanup_free_ char *path = format_text("%s/devices/system/node/node%d/meminfo",
						kmemd->sysfs, id);
	char text[ATTRIBUTE_MAX];
	struct node *node;

	if (!path)
		return -ENOMEM;
	if (attribute_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0; /* the node went away */
	node = array_add(&inventory->nodes);
	if (!node)
		return -ENOMEM;
	node->id = id;
	node->total = field_kib(text, "MemTotal:");
	node->free = field_kib(text, "MemFree:");
	return 0;
}

static int compare_nodes(const void *a, const void *b)
{
	return ((const struct node *)a)->id - ((const struct node *)b)->id;
}

static int read_nodes(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
		      struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/devices/system/node", kmemd->sysfs);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;

	if (!directory)
		return 0; /* a kernel without NUMA */
	while ((entry = readdir(directory))) {
		int id;
		char rest;

		if (sscanf(entry->d_name, "node%d%c", &id, &rest) != 1)
			continue;
		if (read_node(kmemd, id, inventory) < 0)
			return error_memory(error);
	}
	if (inventory->nodes.count)
		qsort(inventory->nodes.items, inventory->nodes.count,
		      sizeof(*inventory->nodes.items), compare_nodes);
	return 0;
}

/* "Y" or "N"; since 6.6 "force" too. */
static enum tristate read_memmap_parameter(int sysfs)
{
	char text[16];

	if (attribute_read(sysfs, "module/memory_hotplug/parameters/memmap_on_memory", text,
			   sizeof(text)) < 0)
		return TRISTATE_UNKNOWN;
	return text[0] == 'N' ? TRISTATE_NO : TRISTATE_YES;
}

/* hugetlb's vmemmap optimisation, "0" or "1"; since 5.19, where it is built in. */
static enum tristate read_hugetlb_vmemmap(const struct kmemd *kmemd)
{
	_cleanup_free_ char *path = format_text("%s/sys/vm/hugetlb_optimize_vmemmap",
						kmemd->procfs);
	char text[16];

	if (!path || attribute_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return TRISTATE_UNKNOWN;
	return text[0] == '0' ? TRISTATE_NO : TRISTATE_YES;
}

/* The drop-in driver's version ends in "-kmemd"; the in-tree driver has none. */
static enum kmem_module read_kmem_module(int sysfs)
{
	struct stat status;
	char version[64];

	if (fstatat(sysfs, "module/kmem", &status, 0) < 0)
		return KMEM_ABSENT;
	if (attribute_read(sysfs, "module/kmem/version", version, sizeof(version)) == 0 &&
	    strstr(version, "-kmemd"))
		return KMEM_DROP_IN;
	return KMEM_IN_TREE;
}

int read_block_size(const struct kmemd *kmemd, struct host *host, struct kmemd_error *error)
{
	static const char name[] = "devices/system/memory/block_size_bytes";
	_cleanup_free_ char *path = format_text("%s/%s", kmemd->sysfs, name);
	char text[32], *end;
	int r = path ? attribute_read(AT_FDCWD, path, text, sizeof(text)) : -ENOMEM;

	if (r == -ENOENT)
		return error_set(error, KMEMD_REFUSED, EOPNOTSUPP,
				 "this kernel has no memory hotplug (no %s in sysfs)", name);
	if (r < 0)
		return error_errno(error, -r, "cannot read %s in sysfs: %s", name, strerror(-r));
	host->block_size = strtoull(text, &end, 16); /* hexadecimal without 0x */
	if (*end || !host->block_size)
		return error_set(error, KMEMD_FAILED, EINVAL,
				 "%s says '%s', which is no block size", name, text);
	return 0;
}

void read_host_names(struct host *host)
{
	struct utsname names;

	uname(&names);
	copy_name(host->name, names.nodename);
	copy_name(host->kernel, names.release);
	copy_name(host->machine, names.machine);
}

int read_host(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	      struct kmemd_error *error)
{
	_cleanup_close_ int sysfs = open(kmemd->sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct host *host = &inventory->host;
	int r;

	if (sysfs < 0)
		return error_errno(error, errno, "cannot open %s: %s", kmemd->sysfs,
				   strerror(errno));
	read_host_names(host);
	r = read_block_size(kmemd, host, error);
	if (r < 0)
		return r;
	if (attribute_read(sysfs, "devices/system/memory/auto_online_blocks",
			   host->auto_online_blocks, sizeof(host->auto_online_blocks)) < 0)
		host->auto_online_blocks[0] = '\0';
	host->memmap_parameter = read_memmap_parameter(sysfs);
	host->hugetlb_vmemmap = read_hugetlb_vmemmap(kmemd);
	host->kmem = read_kmem_module(sysfs);
	r = read_memory_totals(kmemd, host, error);
	return r < 0 ? r : read_nodes(kmemd, inventory, error);
}
