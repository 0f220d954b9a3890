/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What policy is about: devices with their regions, dax devices, blocks and memmap. */
#include "json/devices-json.h"

#include "base/error.h"
#include "base/json.h"
#include "inventory/inventory.h"
#include "inventory/names.h"
#include "job/records.h"
#include "json/dax-json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static void put_dax(struct json_object *array, const struct kmemd_inventory *inventory,
		    const struct dax_device *dax)
{
	struct json_object *json = json_append_object(array);

	json_put_text(json, "chardev", dax->name);
	json_put_u64(json, "size", dax->size);
	json_put_int(json, "target_node", dax->target_node);
	json_put_u64(json, "align", dax->align);
	json_put_text(json, "driver", dax->driver);
	json_put_text(json, "mode",
		      dax_is_kmem(dax)	    ? "system-ram"
		      : dax_is_foreign(dax) ? "foreign"
		      : dax->driver[0]	    ? "devdax"
					    : "disabled");
	if (dax->hotplug_state[0])
		json_put_text(json, "hotplug_state", dax->hotplug_state);
	report_blocks(json, dax);
	report_memmap(json, inventory, dax);
}

void report_record(struct json_object *json, const struct kmemd *kmemd, const struct device *device)
{
	struct record record;
	struct json_object *item;

	if (!record_read_now(kmemd, device, &record))
		return;
	item = json_put_object(json, "record");
	json_put_text(item, "state", record_state_names[record.state]);
	json_put_text(item, "message", record.message);
	json_put_text(item, "by", record.by);
	json_put_u64(item, "since", record.since);
}

static void put_device(struct json_object *array, const struct kmemd *kmemd,
		       const struct kmemd_inventory *inventory, const struct device *device)
{
	struct json_object *json = json_append_object(array), *regions, *dax;
	char serial[24];

	json_put_text(json, "device", device->name);
	json_put_text(json, "identity", device->identity);
	json_put_text(json, "kind", kind_names[device->kind]);
	json_put_u64(json, "size", device->size);
	json_put_int(json, "node", device->node);
	if (device->has_serial) {
		snprintf(serial, sizeof(serial), "0x%" PRIx64, device->serial);
		json_put_text(json, "serial", serial);
	}
	if (device->host[0])
		json_put_text(json, "host", device->host);
	if (device->namespace) {
		json_put_text(json, "uuid", device->uuid);
		json_put_text(json, "namespace_mode", device->namespace->mode);
	}
	if (device->vendor[0])
		json_put_text(json, "vendor", device->vendor);
	if (device->model[0])
		json_put_text(json, "model", device->model);
	if (device->memdev && device->kind == KIND_CXL_RAM)
		json_put_u64(json, "free",
			     device->memdev->ram_size - device->memdev->ram_allocated);
	regions = json_put_array(json, "regions");
	array_foreach(slot, &device->regions) {
		const struct region *region = *slot;
		struct json_object *item = json_append_object(regions);

		json_put_text(item, "region", region->name);
		json_put_u64(item, "resource", region->start);
		json_put_u64(item, "size", region->size);
		json_put_u64(item, "interleave_ways", region->ways);
		json_put_text(item, "decode_state", region->committed ? "commit" : "reset");
		if (region->locked)
			json_put_bool(item, "locked", true);
		json_put_u64(item, "online_blocks", region->online_blocks);
	}
	dax = json_put_array(json, "daxdevs");
	array_foreach(slot, &device->dax)
		put_dax(dax, inventory, *slot);
	report_record(json, kmemd, device);
}

static void put_host(struct json_object *json, const struct host *host)
{
	json_put_text(json, "kernel", host->kernel);
	json_put_text(json, "kmem", kmem_module_names[host->kmem]);
	json_put_u64(json, "block_size", host->block_size);
	json_put_text(json, "auto_online_blocks", host->auto_online_blocks);
	json_put_u64(json, "memory_total", host->memory_total);
	json_put_u64(json, "memory_available", host->memory_available);
}

int kmemd_report_devices(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const char *name, struct json_object **ret, struct kmemd_error *error)
{
	struct json_object *json, *devices;
	const struct device *only = NULL;
	int r = name ? inventory_find_device(inventory, name, &only, error) : 0;

	if (r < 0)
		return r;
	json = json_object_new_object();
	put_host(json_put_object(json, "host"), &inventory->host);
	devices = json_put_array(json, "devices");
	if (!devices) {
		json_object_put(json);
		return error_memory(error);
	}
	array_foreach(device, &inventory->devices)
		if (!only || only == device)
			put_device(devices, kmemd, inventory, device);
	*ret = json;
	return 0;
}
