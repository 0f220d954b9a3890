/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request is about: dax devices, with the devices of policy behind them, or dax regions. */
#include "job/request-targets.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/read-dax.h"
#include "inventory/read-host.h"
#include "plan/plan-request.h"

#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

bool request_only_blocks(const struct kmemd_request *request)
{
	return request->verb == KMEMD_ONLINE_MEMORY || request->verb == KMEMD_OFFLINE_MEMORY;
}

/* How sysfs calls the thing whose life a record is about. */
static uint64_t instance_of(const struct kmemd *kmemd, const struct dax_device *dax)
{
	_cleanup_free_ char *path = NULL;

	if (dax->source.memdevs.count)
		path = format_text("bus/cxl/devices/%s", dax->source.memdevs.items[0].name);
	else if (dax->source.kind == KIND_NVDIMM)
		path = format_text("bus/nd/devices/%s", dax->origin);
	return path ? sysfs_instance(kmemd->sysfs, path) : 0;
}

static void name_device(struct device *device, const struct dax_device *dax, size_t i)
{
	const char *name = dax->name;

	if (dax->source.memdevs.count)
		name = dax->source.memdevs.items[i < dax->source.memdevs.count ? i : 0].name;
	else if (dax->source.kind == KIND_NVDIMM)
		name = dax->origin;
	copy_name(device->name, name);
}

/* One of the devices, in the sense of policy, that a dax device was made of. */
static int add_device(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
		      const struct dax_device *dax, size_t i)
{
	struct device *device = array_add(&inventory->devices);

	if (!device)
		return -ENOMEM;
	device->kind = dax->source.kind;
	device->persistent = device->kind == KIND_NVDIMM || device->kind == KIND_CXL_PMEM;
	device->identity = strdup(dax->source.identities.items[i]);
	device->size = dax->size;
	device->node = dax->target_node;
	device->uuid = device->raw_uuid = dax->source.uuid;
	if (i < dax->source.memdevs.count) {
		const struct dax_memdev *memdev = &dax->source.memdevs.items[i];

		device->has_serial = memdev->has_serial;
		device->serial = memdev->serial;
		copy_name(device->host, memdev->host);
	}
	device->instance = instance_of(kmemd, dax);
	name_device(device, dax, i);
	return device->identity ? 0 : -ENOMEM;
}

/* The device of a dax region that nothing was cut from yet, and of a dax device without a name. */
static int add_region_device(struct kmemd_inventory *inventory, int id)
{
	struct device *device = array_add(&inventory->devices);

	if (!device)
		return -ENOMEM;
	device->kind = KIND_DAX;
	device->node = -1;
	device->uuid = device->raw_uuid = "";
	device->identity = format_text("dax-region:%d", id);
	snprintf(device->name, sizeof(device->name), "dax region %d", id);
	return device->identity ? 0 : -ENOMEM;
}

int request_read_devices(struct kmemd *kmemd, const struct kmemd_request *request,
			 char *const *names, unsigned int what, struct kmemd_inventory **ret,
			 struct kmemd_error *error)
{
	static char all[] = "all";
	char *everything[] = {all, NULL};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = inventory_read_dax(kmemd, names ? names : everything, request->region, what,
				   &inventory, error);

	if (r == 0 && !request_only_blocks(request))
		r = read_host(kmemd, inventory, error);
	if (r < 0)
		return r;
	array_foreach(dax, &inventory->dax)
		for (size_t i = 0; i < dax->source.identities.count; i++)
			if (add_device(kmemd, inventory, dax, i) < 0)
				return error_memory(error);
	*ret = take_pointer(inventory);
	return 0;
}

unsigned int request_what_to_read(const struct kmemd_request *request, bool plan_only)
{
	if (request->verb == KMEMD_CREATE_DEVICE)
		return DAX_READ_REGIONS | DAX_READ_IDLE | DAX_READ_RANGES;
	if (request_only_blocks(request) && !plan_only)
		return DAX_READ_RANGES;
	if (request->has_size || request->align)
		return DAX_READ_REGIONS | DAX_READ_BLOCKS;
	return DAX_READ_BLOCKS;
}

const struct device *request_device_of(const struct kmemd_inventory *inventory,
				       const struct dax_device *wanted)
{
	size_t i = 0;

	array_foreach(dax, &inventory->dax) {
		if (dax == wanted)
			return dax->source.identities.count ? &inventory->devices.items[i] : NULL;
		i += dax->source.identities.count;
	}
	return NULL;
}

static bool is_named(const struct kmemd_request *request, const struct dax_device *dax)
{
	for (char *const *name = request->devices; name && *name; name++)
		if (strcmp(*name, "all") && dax_is_called(dax, *name))
			return true;
	return false;
}

struct request_target request_target_of(const struct kmemd_inventory *inventory,
					const struct kmemd_request *request,
					const struct dax_device *dax, unsigned int what)
{
	return (struct request_target){
		.device = request_device_of(inventory, dax),
		.dax = dax,
		.region = inventory->dax_regions.count ? &inventory->dax_regions.items[dax->region]
						       : NULL,
		.named = is_named(request, dax),
		.counted = !(what & DAX_READ_RANGES),
	};
}

bool request_is_candidate(const struct kmemd_request *request, const struct dax_region *region)
{
	return region->available || (request->region && strcmp(request->region, "all"));
}

int request_read_regions(struct kmemd *kmemd, const struct kmemd_request *request,
			 struct kmemd_inventory **ret, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = request_read_devices(kmemd, request, NULL, request_what_to_read(request, false),
				     &inventory, error);
	bool any = false;

	if (r < 0)
		return r;
	/* After those of the dax devices, one for each region, in the regions' order. */
	array_foreach(region, &inventory->dax_regions) {
		if (add_region_device(inventory, region->id) < 0)
			return error_memory(error);
		any = any || request_is_candidate(request, region);
	}
	if (!inventory->dax_regions.count)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "there is no dax region%s%s",
				 request->region ? " called " : "",
				 request->region ? request->region : "");
	if (!any)
		return error_set(error, KMEMD_REFUSED, ENOSPC,
				 "no dax region has room for a new device (kmemctl list -R shows "
				 "what is available)");
	*ret = take_pointer(inventory);
	return 0;
}

struct request_target request_region_target(const struct kmemd_inventory *inventory, size_t i)
{
	size_t before = inventory->devices.count - inventory->dax_regions.count;

	return (struct request_target){
		.device = &inventory->devices.items[before + i],
		.region = &inventory->dax_regions.items[i],
	};
}
