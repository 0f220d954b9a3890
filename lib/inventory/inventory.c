/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/inventory.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
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
	free(dax->region_path);
}

static void release_port(struct port *port)
{
	array_foreach(decoder, &port->decoders)
		free(decoder->targets.items);
	free(port->decoders.items);
	free(port->dports.items);
}

static void release_root_decoder(struct root_decoder *decoder)
{
	array_foreach(memdev, &decoder->memdevs)
		free(*memdev);
	free(decoder->memdevs.items);
	free(decoder->targets.items);
	free(decoder->free.items);
	free(decoder->occupants.items);
}

static void release_dimm(struct dimm *dimm)
{
	array_foreach(region, &dimm->regions)
		free(*region);
	free(dimm->regions.items);
}

static void release_cxl(struct kmemd_inventory *inventory)
{
	array_foreach(port, &inventory->ports)
		release_port(port);
	array_foreach(memdev, &inventory->memdevs) {
		free(memdev->decoders.items);
		free(memdev->path.items);
	}
	array_foreach(decoder, &inventory->root_decoders)
		release_root_decoder(decoder);
	array_foreach(region, &inventory->regions)
		free(region->targets.items);
	free(inventory->ports.items);
	free(inventory->memdevs.items);
	free(inventory->root_decoders.items);
	free(inventory->regions.items);
}

struct kmemd_inventory *kmemd_inventory_free(struct kmemd_inventory *inventory)
{
	if (!inventory)
		return NULL;
	release_cxl(inventory);
	array_foreach(dimm, &inventory->dimms)
		release_dimm(dimm);
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
		free(device->instance_path);
		free(device->regions.items);
		free(device->dax.items);
	}
	free(inventory->nodes.items);
	free(inventory->dimms.items);
	free(inventory->namespaces.items);
	free(inventory->dax.items);
	free(inventory->dax_regions.items);
	free(inventory->memdev_names.items);
	free(inventory->problems.items);
	free(inventory->devices.items);
	free(inventory);
	return NULL;
}

static bool device_is_called(const struct device *device, const char *name)
{
	uint64_t serial;

	if (!strcmp(device->identity, name) || !strcmp(device->name, name))
		return true;
	if (device->host[0] && !strcmp(device->host, name))
		return true;
	if (name[0] && (!strcasecmp(device->uuid, name) || !strcasecmp(device->raw_uuid, name)))
		return true;
	if (device->has_serial && parse_u64(name, &serial) == 0 && serial == device->serial)
		return true;
	array_foreach(region, &device->regions)
		if (!strcmp((*region)->name, name))
			return true;
	array_foreach(dax, &device->dax)
		if (!strcmp((*dax)->name, name))
			return true;
	return false;
}

const struct device *inventory_device(const struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(device, &inventory->devices)
		if (device_is_called(device, name))
			return device;
	return NULL;
}

const struct region *device_region(const struct device *device, const char *name)
{
	array_foreach(region, &device->regions)
		if (!strcmp((*region)->name, name))
			return *region;
	return NULL;
}

int inventory_find_device(const struct kmemd_inventory *inventory, const char *name,
			  const struct device **ret, struct kmemd_error *error)
{
	const struct device *device = inventory_device(inventory, name);

	if (!device)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV,
				 "no device is called '%s' (kmemctl status shows them)", name);
	*ret = device;
	return 0;
}

const struct root_decoder *inventory_root_decoder(const struct kmemd_inventory *inventory,
						  const char *name)
{
	array_foreach(decoder, &inventory->root_decoders)
		if (!strcmp(decoder->name, name))
			return decoder;
	return NULL;
}

struct block_counts dax_block_counts(const struct dax_device *dax)
{
	struct block_counts counts = {.total = (unsigned int)dax->blocks.count};

	if (!dax->blocks.count && dax->has_counts)
		return dax->counts;
	array_foreach(block, &dax->blocks) {
		counts.in[block->state]++;
		counts.online += block_is_online(block->state);
	}
	return counts;
}

bool dax_is_kmem(const struct dax_device *dax)
{
	return !strcmp(dax->driver, "kmem");
}

bool dax_is_unplugged(const struct dax_device *dax)
{
	return dax_is_kmem(dax) && !strcmp(dax->hotplug_state, "unplugged");
}

bool dax_is_foreign(const struct dax_device *dax)
{
	return dax->driver[0] && !dax_is_kmem(dax) && strcmp(dax->driver, "device_dax") != 0;
}

bool dax_is_idle(const struct dax_device *dax)
{
	return !dax->size;
}
