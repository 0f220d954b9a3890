/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request is about: dax devices, with the devices of policy behind them, or dax regions. */
#include "job/request-targets.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/make-device.h"
#include "inventory/read-dax.h"
#include "inventory/read-host.h"
#include "plan/plan-request.h"

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

bool request_only_blocks(const struct kmemd_request *request)
{
	return request->verb == KMEMD_ONLINE_MEMORY || request->verb == KMEMD_OFFLINE_MEMORY;
}

/* Blocks are only changed, and nothing is added that costs memory. */
static bool needs_no_host(const struct kmemd_request *request,
			  const struct kmemd_inventory *inventory)
{
	if (!request_only_blocks(request))
		return false;
	array_foreach(dax, &inventory->dax)
		if (dax_is_unplugged(dax))
			return false;
	return true;
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

	if (r == 0 && !needs_no_host(request, inventory))
		r = read_host(kmemd, inventory, error);
	if (r < 0)
		return r;
	array_foreach(dax, &inventory->dax)
		if (devices_make_of_dax(kmemd->sysfs, inventory, dax) < 0)
			return error_memory(error);
	*ret = take_pointer(inventory);
	return 0;
}

static bool names_all(const struct kmemd_request *request)
{
	for (char *const *name = request->devices; name && *name; name++)
		if (!strcmp(*name, "all"))
			return true;
	return !request->devices;
}

unsigned int request_what_to_read(const struct kmemd_request *request, bool plan_only)
{
	if (request->verb == KMEMD_CREATE_DEVICE)
		return DAX_READ_REGIONS | DAX_READ_IDLE | DAX_READ_RANGES;
	if (request_only_blocks(request) && !plan_only)
		return DAX_READ_RANGES;
	/* One that was shrunk to nothing can be grown again, by name. */
	if (request->has_size || request->align)
		return DAX_READ_REGIONS | DAX_READ_BLOCKS |
		       (names_all(request) ? 0 : DAX_READ_IDLE);
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
		if (device_make_of_dax_region(kmemd->sysfs, inventory, region) < 0)
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
