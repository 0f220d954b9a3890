/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a dax device comes from, by its parents in sysfs:
 *   .../decoder0.0/region0/dax_region0/dax0.0	a CXL region; its targets lead to the memdevs
 *   .../ndbus0/region0/dax0.1/dax0.0		a namespace in devdax mode
 *   .../hmem.0/dax0.0				a Soft Reserved range
 * The identities are those of the devices of a whole inventory (identity.h).
 */
#include "inventory/dax-source.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "context.h"
#include "inventory/identity.h"
#include "inventory/read-cxl.h"
#include "inventory/read-dax.h"
#include "inventory/read-nvdimm.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>

int dax_read_path(const struct dax_reader *reader, const char *name, char *path, size_t size)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(reader->directory, name, target, sizeof(target));
	const char *start = target;

	if (length < 0)
		return -errno;
	if (length == sizeof(target))
		return -ENAMETOOLONG;
	target[length] = '\0';
	while (!strncmp(start, "../", 3))
		start += 3;
	if ((size_t)snprintf(path, size, "%s", start) >= size)
		return -ENAMETOOLONG;
	return 0;
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* The name of the folder that the device's folder is in. */
static void parent_name(const char *path, char *name, size_t size)
{
	const char *end = strrchr(path, '/'), *start = end;

	while (start && start > path && start[-1] != '/')
		start--;
	copy_name_sized(name, size, "");
	if (end)
		snprintf(name, size, "%.*s", (int)(end - start), start);
}

static int read_nd(const struct dax_reader *reader, const char *path, const char *attribute,
		   char *text, size_t size)
{
	char device[DEVICE_NAME_MAX];
	_cleanup_free_ char *file = NULL;

	parent_name(path, device, sizeof(device));
	file = format_text("%s/bus/nd/devices/%s/%s", reader->kmemd->sysfs, device, attribute);
	return file ? attribute_read(AT_FDCWD, file, text, size) : -ENOMEM;
}

void dax_read_origin(const struct dax_reader *reader, const char *path, struct dax_device *dax)
{
	_cleanup_free_ char *copy = strdup(path);
	char *save = NULL, *before = NULL;

	dax->parent = DAX_PARENT_OTHER;
	for (char *part = copy ? strtok_r(copy, "/", &save) : NULL; part;
	     part = strtok_r(NULL, "/", &save)) {
		if (starts(part, "ndbus"))
			dax->parent = DAX_PARENT_NVDIMM;
		if (starts(part, "dax_region") && before) {
			dax->parent = DAX_PARENT_CXL;
			copy_name(dax->origin, before);
		}
		if (starts(part, "hmem.")) {
			dax->parent = DAX_PARENT_HMEM;
			copy_name(dax->origin, part);
		}
		before = part;
	}
	if (dax->parent == DAX_PARENT_NVDIMM &&
	    read_nd(reader, path, "namespace", dax->origin, sizeof(dax->origin)) < 0)
		dax->origin[0] = '\0';
}

static int add_identity(struct dax_device *dax, char *identity)
{
	char **slot = identity ? array_add(&dax->source.identities) : NULL;

	if (!slot) {
		free(identity);
		return -ENOMEM;
	}
	*slot = identity;
	return 0;
}

int dax_read_memdevs(struct dax_reader *reader)
{
	_cleanup_free_ char *path = format_text("%s/bus/cxl/devices", reader->kmemd->sysfs);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;

	if (reader->knows_memdevs)
		return 0;
	reader->knows_memdevs = true;
	if (!directory)
		return path ? 0 : -ENOMEM;
	while ((entry = readdir(directory))) {
		char file[300], rest, **name;
		uint64_t *serial;
		unsigned int id;

		if (sscanf(entry->d_name, "mem%u%c", &id, &rest) != 1)
			continue;
		name = array_add(&reader->memdevs);
		serial = array_add(&reader->serials);
		if (!name || !serial)
			return -ENOMEM;
		*name = strdup(entry->d_name);
		if (!*name)
			return -ENOMEM;
		snprintf(file, sizeof(file), "%s/serial", entry->d_name);
		if (attribute_read_u64(dirfd(directory), file, serial) < 0)
			*serial = 0;
	}
	return 0;
}

static bool serial_is_unique(const struct dax_reader *reader, uint64_t serial)
{
	unsigned int count = 0;

	array_foreach(other, &reader->serials)
		count += *other == serial;
	return serial_identifies(serial, count);
}

/* The memdev that an endpoint decoder belongs to: the port above it names it as its uport. */
static int read_memdev(struct dax_reader *reader, const char *decoder, struct dax_device *dax)
{
	_cleanup_free_ char *link = format_text("%s/bus/cxl/devices/%s/../uport",
						reader->kmemd->sysfs, decoder);
	_cleanup_free_ char *file = link ? format_text("%s/serial", link) : NULL;
	char target[PATH_MAX];
	struct dax_memdev *memdev;
	const char *name;
	ssize_t length;

	if (!file)
		return -ENOMEM;
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return 0; /* the expander was pulled out */
	target[length] = '\0';
	name = strrchr(target, '/');
	memdev = array_add(&dax->source.memdevs);
	if (!memdev)
		return -ENOMEM;
	copy_name(memdev->name, name ? name + 1 : target);
	parent_name(target, memdev->host, sizeof(memdev->host));
	memdev->has_serial = attribute_read_u64(AT_FDCWD, file, &memdev->serial) == 0 &&
			     serial_is_unique(reader, memdev->serial);
	return 0;
}

static int read_targets(struct dax_reader *reader, struct dax_device *dax)
{
	for (unsigned int i = 0;; i++) {
		_cleanup_free_ char *path = format_text("%s/bus/cxl/devices/%s/target%u",
							reader->kmemd->sysfs, dax->origin, i);
		char decoder[DEVICE_NAME_MAX];
		int r;

		if (!path)
			return -ENOMEM;
		if (attribute_read(AT_FDCWD, path, decoder, sizeof(decoder)) < 0)
			return 0;
		if (!starts(decoder, "decoder") || strchr(decoder, '/'))
			continue;
		r = read_memdev(reader, decoder, dax);
		if (r < 0)
			return r;
	}
}

static int read_cxl_source(struct dax_reader *reader, struct dax_device *dax)
{
	_cleanup_free_ char *path = format_text("%s/bus/cxl/devices/%s/mode", reader->kmemd->sysfs,
						dax->origin);
	char mode[16];
	int r;

	if (!path)
		return -ENOMEM;
	/* Before Linux 6.3 there is no mode, and persistent regions only. */
	dax->source.kind = KIND_CXL_PMEM;
	if (attribute_read(AT_FDCWD, path, mode, sizeof(mode)) == 0 && !strcmp(mode, "ram"))
		dax->source.kind = KIND_CXL_RAM;
	r = dax_read_memdevs(reader);
	if (r == 0)
		r = read_targets(reader, dax);
	array_foreach(memdev, &dax->source.memdevs) {
		if (r < 0)
			break;
		r = add_identity(dax, identity_of_memdev(dax->source.kind, memdev->has_serial,
							 memdev->serial, memdev->host));
	}
	return r;
}

static int read_nvdimm_source(struct dax_reader *reader, const char *path, struct dax_device *dax)
{
	char uuid[64];

	dax->source.kind = KIND_NVDIMM;
	if (read_nd(reader, path, "uuid", uuid, sizeof(uuid)) == 0 &&
	    strcmp(uuid, "00000000-0000-0000-0000-000000000000") != 0)
		copy_name(dax->source.uuid, uuid);
	return add_identity(dax, identity_of_namespace(dax->source.uuid, dax->origin));
}

int dax_read_source(struct dax_reader *reader, const char *path, struct dax_device *dax)
{
	if (dax->parent == DAX_PARENT_CXL)
		return read_cxl_source(reader, dax);
	if (dax->parent == DAX_PARENT_NVDIMM)
		return read_nvdimm_source(reader, path, dax);
	dax->source.kind = dax->parent == DAX_PARENT_HMEM ? KIND_HMEM : KIND_DAX;
	if (!dax->ranges.count) /* not shown to this user, or not there yet */
		return 0;
	return add_identity(
		dax, identity_of_range(dax->source.kind, dax->ranges.items[0].start, dax->size));
}

/* "dax0.0" or "0.0": without all of the parts that a person may leave out. */
static bool is_kernel_name(const struct dax_device *dax, const char *name)
{
	return !strcmp(dax->name, name) || !strcmp(dax->name + strlen("dax"), name);
}

bool dax_is_called(const struct dax_device *dax, const char *name)
{
	uint64_t serial;

	if (!strcmp(name, "all") || is_kernel_name(dax, name))
		return true;
	if (!name[0])
		return false;
	if (!strcmp(dax->origin, name) || !strcasecmp(dax->source.uuid, name))
		return true;
	array_foreach(identity, &dax->source.identities)
		if (!strcmp(*identity, name))
			return true;
	array_foreach(memdev, &dax->source.memdevs)
		if (!strcmp(memdev->name, name) || !strcmp(memdev->host, name) ||
		    (memdev->has_serial && parse_u64(name, &serial) == 0 &&
		     serial == memdev->serial))
			return true;
	return false;
}

const struct dax_device *inventory_dax(const struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(dax, &inventory->dax)
		if (dax_is_called(dax, name))
			return dax;
	return NULL;
}

bool dax_region_is_called(const struct dax_region *region, const char *name)
{
	uint64_t id;

	if (!strcmp(name, "all"))
		return true;
	if (starts(name, "region"))
		name += strlen("region");
	return parse_u64(name, &id) == 0 && id == (uint64_t)region->id;
}
