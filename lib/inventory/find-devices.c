/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what the kernel has to what policy is about: capacities with a stable identity. Pure. */
#include "inventory/find-devices.h"

#include "inventory/identity.h"
#include "inventory/make-device.h"

#include <stdio.h>
#include <string.h>

static bool region_maps(const struct region *region, const char *memdev)
{
	array_foreach(target, &region->targets)
		if (!strcmp(target->memdev, memdev))
			return true;
	return false;
}

/* One without a size is nothing that a policy could be about. */
static int device_add_dax(struct device *device, const struct dax_device *dax)
{
	const struct dax_device **slot = dax_is_idle(dax) ? NULL : array_add(&device->dax);

	if (slot)
		*slot = dax;
	return slot || dax_is_idle(dax) ? 0 : -ENOMEM;
}

/* Adds a region and the dax devices that were made of it. */
static int device_add_region(const struct kmemd_inventory *inventory, struct device *device,
			     const struct region *region)
{
	const struct region **slot = array_add(&device->regions);
	int r = slot ? 0 : -ENOMEM;

	if (slot)
		*slot = region;
	array_foreach(dax, &inventory->dax)
		if (r == 0 && dax->parent == DAX_PARENT_CXL && !strcmp(dax->origin, region->name))
			r = device_add_dax(device, dax);
	return r;
}

static bool serial_is_unique(const struct kmemd_inventory *inventory, uint64_t serial)
{
	size_t holders = 0;

	array_foreach(memdev, &inventory->memdevs)
		holders += memdev->serial == serial;
	return serial_identifies(serial, holders);
}

static int add_memdev_device(struct kmemd_inventory *inventory, const struct memdev *memdev,
			     enum kind kind)
{
	char path[64];
	struct device_facts facts = {
		.kind = kind,
		.name = memdev->name,
		.host = memdev->host,
		.size = kind == KIND_CXL_PMEM ? memdev->pmem_size : memdev->ram_size,
		.node = memdev->node,
		.has_serial = serial_is_unique(inventory, memdev->serial),
		.serial = memdev->serial,
		.vendor = memdev->vendor,
		.model = memdev->model,
		.instance = memdev->instance,
		.instance_path = path,
	};
	struct device *device;
	int r;

	snprintf(path, sizeof(path), "bus/cxl/devices/%s", memdev->name);
	facts.identity = identity_of_memdev(kind, facts.has_serial, memdev->serial, memdev->host);
	device = device_make(inventory, &facts);
	r = device ? 0 : -ENOMEM;
	if (device)
		device->memdev = memdev;
	array_foreach(region, &inventory->regions)
		if (r == 0 && region->persistent == device->persistent &&
		    region_maps(region, memdev->name))
			r = device_add_region(inventory, device, region);
	return r;
}

static const struct dax_device *dax_by_name(const struct kmemd_inventory *inventory,
					    const char *name)
{
	array_foreach(dax, &inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

/* Vendor and model of the NVDIMMs that a namespace lies on, where all are the same. */
static const struct dimm *dimm_of(const struct kmemd_inventory *inventory,
				  const struct namespace *namespace)
{
	const struct dimm *found = NULL;

	array_foreach(dimm, &inventory->dimms)
		array_foreach(region, &dimm->regions) {
			if (strcmp(*region, namespace->region))
				continue;
			if (found && (strcmp(found->vendor, dimm->vendor) ||
				      strcmp(found->model, dimm->model)))
				return NULL;
			found = dimm;
		}
	return found;
}

static int add_namespace_device(struct kmemd_inventory *inventory,
				const struct namespace *namespace)
{
	const struct dimm *dimm = dimm_of(inventory, namespace);
	const struct dax_device *dax = dax_by_name(inventory, namespace->dax);
	char path[64];
	struct device_facts facts = {
		.kind = KIND_NVDIMM,
		.identity = identity_of_namespace(namespace->uuid, namespace->name),
		.name = namespace->name,
		.size = namespace->size,
		.node = namespace->node,
		.uuid = namespace->uuid,
		.raw_uuid = namespace->raw_uuid,
		.vendor = dimm ? dimm->vendor : NULL,
		.model = dimm ? dimm->model : NULL,
		.instance = namespace->instance,
		.instance_path = path,
	};
	struct device *device;

	snprintf(path, sizeof(path), "bus/nd/devices/%s", namespace->name);
	device = device_make(inventory, &facts);
	if (!device)
		return -ENOMEM;
	device->namespace = namespace;
	return dax ? device_add_dax(device, dax) : 0;
}

/* HMEM and anything else that is only a dax device: identified by where it lies. */
static int add_range_device(struct kmemd_inventory *inventory, const struct dax_device *dax)
{
	struct device_facts facts = {
		.kind = dax->parent == DAX_PARENT_HMEM ? KIND_HMEM : KIND_DAX,
		.name = dax->name,
		.size = dax->size,
		.node = dax->target_node,
		.instance = dax->instance,
		.instance_path = dax->region_path,
	};
	struct device *device;

	facts.identity = identity_of_range(
		facts.kind, dax->ranges.count ? dax->ranges.items[0].start : 0, dax->size);
	device = device_make(inventory, &facts);
	return device ? device_add_dax(device, dax) : -ENOMEM;
}

/* What is left of an expander that was pulled out while its memory was in use: its region. */
static int add_lost_device(struct kmemd_inventory *inventory, const struct region *region)
{
	struct device_facts facts = {
		.kind = KIND_CXL_RAM,
		.identity = identity_of_lost(region->start, region->size),
		.name = region->name,
		.size = region->size,
		.node = -1,
	};
	struct device *device = device_make(inventory, &facts);

	return device ? device_add_region(inventory, device, region) : -ENOMEM;
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
		if (dax->parent == DAX_PARENT_CXL || dax->parent == DAX_PARENT_NVDIMM ||
		    dax_is_idle(dax))
			continue;
		r = add_range_device(inventory, dax);
		if (r < 0)
			return r;
	}
	return 0;
}
