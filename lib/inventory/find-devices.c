/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what the kernel has to what policy is about: capacities with a stable identity. Pure. */
#include "inventory/find-devices.h"

#include "base/file.h"
#include "inventory/names.h"

#include <inttypes.h>
#include <string.h>

static bool region_maps(const struct region *region, const char *memdev)
{
	array_foreach(target, &region->targets)
		if (!strcmp(target->memdev, memdev))
			return true;
	return false;
}

/* Adds a region and the dax devices that were made of it. */
static int device_add_region(const struct kmemd_inventory *inventory, struct device *device,
			     const struct region *region)
{
	const struct region **slot = array_add(&device->regions);

	if (!slot)
		return -ENOMEM;
	*slot = region;
	array_foreach(dax, &inventory->dax) {
		const struct dax_device **dax_slot;

		if (dax->parent != DAX_PARENT_CXL || strcmp(dax->origin, region->name))
			continue;
		dax_slot = array_add(&device->dax);
		if (!dax_slot)
			return -ENOMEM;
		*dax_slot = dax;
	}
	return 0;
}

/* A serial number of zero, or one that two memdevs share, identifies nothing. */
static bool serial_is_unique(const struct kmemd_inventory *inventory, const struct memdev *memdev)
{
	if (!memdev->serial || memdev->serial == UINT64_MAX)
		return false;
	array_foreach(other, &inventory->memdevs)
		if (other != memdev && other->serial == memdev->serial)
			return false;
	return true;
}

static int add_memdev_device(struct kmemd_inventory *inventory, const struct memdev *memdev,
			     enum kind kind)
{
	struct device *device = array_add(&inventory->devices);

	if (!device)
		return -ENOMEM;
	device->kind = kind;
	device->persistent = kind == KIND_CXL_PMEM;
	device->size = device->persistent ? memdev->pmem_size : memdev->ram_size;
	device->node = memdev->node;
	device->has_serial = serial_is_unique(inventory, memdev);
	device->serial = memdev->serial;
	device->uuid = device->raw_uuid = "";
	device->instance = memdev->instance;
	device->memdev = memdev;
	memcpy(device->name, memdev->name, sizeof(device->name));
	memcpy(device->host, memdev->host, sizeof(device->host));
	if (device->has_serial)
		device->identity = format_text("%s:0x%" PRIx64, kind_names[kind], memdev->serial);
	else
		device->identity = format_text("%s:%s", kind_names[kind], memdev->host);
	if (!device->identity)
		return -ENOMEM;

	array_foreach(region, &inventory->regions) {
		int r;

		if (region->persistent != device->persistent || !region_maps(region, memdev->name))
			continue;
		r = device_add_region(inventory, device, region);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct dax_device *dax_by_name(const struct kmemd_inventory *inventory,
					    const char *name)
{
	array_foreach(dax, &inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

static int add_namespace_device(struct kmemd_inventory *inventory,
				const struct namespace *namespace)
{
	struct device *device = array_add(&inventory->devices);
	const struct dax_device *dax;

	if (!device)
		return -ENOMEM;
	device->kind = KIND_NVDIMM;
	device->persistent = true;
	device->size = namespace->size;
	device->node = namespace->node;
	device->uuid = namespace->uuid;
	device->raw_uuid = namespace->raw_uuid;
	device->instance = namespace->instance;
	device->namespace = namespace;
	memcpy(device->name, namespace->name, sizeof(device->name));
	device->identity = format_text("nvdimm:%s",
				       namespace->uuid[0] ? namespace->uuid : namespace->name);
	if (!device->identity)
		return -ENOMEM;

	dax = dax_by_name(inventory, namespace->dax);
	if (dax) {
		const struct dax_device **slot = array_add(&device->dax);

		if (!slot)
			return -ENOMEM;
		*slot = dax;
	}
	return 0;
}

/* HMEM and anything else that is only a dax device: identified by where it lies. */
static int add_range_device(struct kmemd_inventory *inventory, const struct dax_device *dax)
{
	struct device *device = array_add(&inventory->devices);
	const struct dax_device **slot;

	if (!device)
		return -ENOMEM;
	device->kind = dax->parent == DAX_PARENT_HMEM ? KIND_HMEM : KIND_DAX;
	device->size = dax->size;
	device->node = dax->target_node;
	device->uuid = device->raw_uuid = "";
	memcpy(device->name, dax->name, sizeof(device->name));
	device->identity = format_text("%s:0x%" PRIx64 "+0x%" PRIx64, kind_names[device->kind],
				       dax->ranges.count ? dax->ranges.items[0].start : 0,
				       dax->size);
	slot = array_add(&device->dax);
	if (!device->identity || !slot)
		return -ENOMEM;
	*slot = dax;
	return 0;
}

/* What is left of an expander that was pulled out while its memory was in use: its region. */
static int add_lost_device(struct kmemd_inventory *inventory, const struct region *region)
{
	struct device *device = array_add(&inventory->devices);

	if (!device)
		return -ENOMEM;
	device->kind = KIND_CXL_RAM;
	device->size = region->size;
	device->node = -1;
	device->uuid = device->raw_uuid = "";
	memcpy(device->name, region->name, sizeof(device->name));
	device->identity = format_text("lost:0x%" PRIx64 "+0x%" PRIx64, region->start,
				       region->size);
	return device->identity ? device_add_region(inventory, device, region) : -ENOMEM;
}

int inventory_find_devices(struct kmemd_inventory *inventory)
{
	int r = 0;

	array_foreach(memdev, &inventory->memdevs) {
		if (memdev->ram_size)
			r = add_memdev_device(inventory, memdev, KIND_CXL_RAM);
		if (r == 0 && memdev->pmem_size)
			r = add_memdev_device(inventory, memdev, KIND_CXL_PMEM);
		if (r < 0)
			return r;
	}
	array_foreach(region, &inventory->regions) {
		r = region->lost_blocks ? add_lost_device(inventory, region) : 0;
		if (r < 0)
			return r;
	}
	array_foreach(namespace, &inventory->namespaces) {
		r = add_namespace_device(inventory, namespace);
		if (r < 0)
			return r;
	}
	array_foreach(dax, &inventory->dax) {
		if (dax->parent == DAX_PARENT_CXL || dax->parent == DAX_PARENT_NVDIMM)
			continue;
		r = add_range_device(inventory, dax);
		if (r < 0)
			return r;
	}
	return 0;
}
