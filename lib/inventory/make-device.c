/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/make-device.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "inventory/identity.h"

#include <stdio.h>

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

struct device *device_make(struct kmemd_inventory *inventory, const struct device_facts *facts)
{
	struct device *device = facts->identity ? array_add(&inventory->devices) : NULL;

	if (!device) {
		free(facts->identity);
		return NULL;
	}
	device->kind = facts->kind;
	device->identity = facts->identity;
	device->persistent = facts->kind == KIND_CXL_PMEM || facts->kind == KIND_NVDIMM;
	copy_name(device->name, facts->name);
	copy_name(device->host, facts->host);
	device->size = facts->size;
	device->node = facts->node;
	device->has_serial = facts->has_serial;
	device->serial = facts->serial;
	device->uuid = or_nothing(facts->uuid);
	device->raw_uuid = or_nothing(facts->raw_uuid);
	device->vendor = or_nothing(facts->vendor);
	device->model = or_nothing(facts->model);
	device->instance = facts->instance;
	device->instance_path = strdup(or_nothing(facts->instance_path));
	return device->instance_path ? device : NULL;
}

/* Where sysfs keeps the thing whose life a record is about. */
static char *instance_path(const struct dax_device *dax, size_t i)
{
	if (i < dax->source.memdevs.count)
		return format_text("bus/cxl/devices/%s", dax->source.memdevs.items[i].name);
	if (dax->source.kind == KIND_NVDIMM)
		return format_text("bus/nd/devices/%s", dax->origin);
	return strdup(or_nothing(dax->region_path));
}

static int make_of_dax(const char *sysfs, struct kmemd_inventory *inventory,
		       const struct dax_device *dax, size_t i)
{
	_cleanup_free_ char *path = instance_path(dax, i);
	const struct dax_memdev *memdev = i < dax->source.memdevs.count
						  ? &dax->source.memdevs.items[i]
						  : NULL;
	struct device_facts facts = {
		.kind = dax->source.kind,
		.name = memdev				  ? memdev->name
			: dax->source.kind == KIND_NVDIMM ? dax->origin
							  : dax->name,
		.host = memdev ? memdev->host : NULL,
		.has_serial = memdev && memdev->has_serial,
		.serial = memdev ? memdev->serial : 0,
		.size = dax->size,
		.node = dax->target_node,
		.uuid = dax->source.uuid,
		.raw_uuid = dax->source.uuid,
		.instance = path && path[0] ? sysfs_instance(sysfs, path) : 0,
		.instance_path = path,
	};

	if (!path)
		return -ENOMEM;
	facts.identity = strdup(dax->source.identities.items[i]);
	return device_make(inventory, &facts) ? 0 : -ENOMEM;
}

int devices_make_of_dax(const char *sysfs, struct kmemd_inventory *inventory,
			const struct dax_device *dax)
{
	for (size_t i = 0; i < dax->source.identities.count; i++) {
		int r = make_of_dax(sysfs, inventory, dax, i);

		if (r < 0)
			return r;
	}
	return 0;
}

int device_make_of_dax_region(const char *sysfs, struct kmemd_inventory *inventory,
			      const struct dax_region *region)
{
	char name[DEVICE_NAME_MAX];
	struct device_facts facts = {
		.kind = KIND_DAX,
		.identity = identity_of_dax_region(region->id),
		.name = name,
		.node = -1,
		.instance = sysfs_instance(sysfs, region->path),
		.instance_path = region->path,
	};

	snprintf(name, sizeof(name), "dax region %d", region->id);
	return device_make(inventory, &facts) ? 0 : -ENOMEM;
}
