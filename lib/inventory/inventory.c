/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/inventory.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <stdio.h>
#include <sys/stat.h>

void copy_name_sized(char *target, size_t size, const char *name)
{
	snprintf(target, size, "%s", name ? name : "");
}

uint64_t sysfs_instance(const char *sysfs, const char *device)
{
	_cleanup_free_ char *path = format_text("%s/%s", sysfs, device);
	struct stat status;

	return path && stat(path, &status) == 0 ? status.st_ino : 0;
}

void dax_release(struct dax_device *dax)
{
	array_foreach(identity, &dax->source.identities)
		free(*identity);
	free(dax->source.identities.items);
	free(dax->source.memdevs.items);
	free(dax->blocks.items);
	free(dax->ranges.items);
	free(dax->page_offsets.items);
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
