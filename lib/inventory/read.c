/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/read.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "inventory/dax.h"

#include <stdio.h>
#include <sys/stat.h>

uint64_t sysfs_instance(const char *sysfs, const char *device)
{
	_cleanup_free_ char *path = format_text("%s/%s", sysfs, device);
	struct stat status;

	return path && stat(path, &status) == 0 ? status.st_ino : 0;
}

void copy_name_sized(char *target, size_t size, const char *name)
{
	snprintf(target, size, "%s", name ? name : "");
}

void discard_library_log(void *context, int priority, const char *file, int line,
			 const char *function, const char *format, va_list arguments)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
}

int kmemd_inventory_read(struct kmemd *kmemd, struct kmemd_inventory **ret,
			 struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	int r;

	if (!inventory)
		return error_memory(error);
	r = read_host(kmemd, inventory, error);
	if (r == 0)
		r = read_cxl(kmemd, inventory, error);
	if (r == 0)
		r = read_nvdimm(kmemd, inventory, error);
	if (r == 0)
		r = read_dax(kmemd, inventory, error);
	if (r == 0 && inventory_find_devices(inventory) < 0)
		r = error_memory(error);
	if (r < 0) {
		kmemd_inventory_free(inventory);
		return r;
	}
	*ret = inventory;
	return 0;
}

struct kmemd_inventory *kmemd_inventory_free(struct kmemd_inventory *inventory)
{
	if (!inventory)
		return NULL;
	array_foreach(decoder, &inventory->root_decoders) {
		array_foreach(memdev, &decoder->memdevs)
			free(*memdev);
		free(decoder->memdevs.items);
	}
	array_foreach(region, &inventory->regions)
		free(region->targets.items);
	array_foreach(dax, &inventory->dax)
		dax_release(dax);
	array_foreach(region, &inventory->dax_regions)
		free(region->path);
	array_foreach(name, &inventory->memdev_names)
		free(*name);
	array_foreach(problem, &inventory->problems)
		free(*problem);
	array_foreach(device, &inventory->devices) {
		free(device->identity);
		free(device->regions.items);
		free(device->dax.items);
	}
	free(inventory->nodes.items);
	free(inventory->memdevs.items);
	free(inventory->root_decoders.items);
	free(inventory->regions.items);
	free(inventory->namespaces.items);
	free(inventory->dax.items);
	free(inventory->dax_regions.items);
	free(inventory->memdev_names.items);
	free(inventory->problems.items);
	free(inventory->devices.items);
	free(inventory);
	return NULL;
}
