/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The snapshot as JSON; inventory/load-inventory.c reads exactly this. */
#include "json/inventory-json.h"

#include "base/json.h"
#include "inventory/inventory.h"
#include "inventory/names.h"
#include "json/cxl-json.h"

static void put_tristate(struct json_object *object, const char *key, enum tristate value)
{
	if (value != TRISTATE_UNKNOWN)
		json_put_bool(object, key, value == TRISTATE_YES);
}

static void put_host(struct json_object *json, const struct host *host)
{
	if (host->name[0])
		json_put_text(json, "name", host->name);
	json_put_text(json, "kernel", host->kernel);
	json_put_u64(json, "block_size", host->block_size);
	json_put_text(json, "auto_online_blocks", host->auto_online_blocks);
	if (host->machine[0])
		json_put_text(json, "machine", host->machine);
	put_tristate(json, "memmap_on_memory", host->memmap_parameter);
	put_tristate(json, "hugetlb_optimize_vmemmap", host->hugetlb_vmemmap);
	json_put_text(json, "kmem", kmem_module_names[host->kmem]);
	json_put_u64(json, "memory_total", host->memory_total);
	json_put_u64(json, "memory_free", host->memory_free);
	json_put_u64(json, "memory_available", host->memory_available);
}

static void put_dimm(struct json_object *json, const struct dimm *dimm)
{
	struct json_object *array;

	json_put_text(json, "dimm", dimm->name);
	json_put_text(json, "unique_id", dimm->unique_id);
	json_put_bool(json, "enabled", dimm->enabled);
	json_put_text(json, "health", dimm_health_names[dimm->health]);
	if (dimm->life_used >= 0)
		json_put_int(json, "life_used", dimm->life_used);
	json_put_text(json, "vendor", dimm->vendor);
	json_put_text(json, "model", dimm->model);
	array = json_put_array(json, "flags");
	for (unsigned int i = 0; i < DIMM_FLAG_COUNT; i++)
		if (dimm->flags & (1U << i))
			json_object_array_add(array, json_object_new_string(dimm_flag_names[i]));
	array = json_put_array(json, "regions");
	array_foreach(region, &dimm->regions)
		json_object_array_add(array, json_object_new_string(*region));
}

static void put_namespace(struct json_object *json, const struct namespace *namespace)
{
	json_put_text(json, "namespace", namespace->name);
	if (namespace->region[0])
		json_put_text(json, "region", namespace->region);
	json_put_text(json, "mode", namespace->mode);
	if (namespace->disabled)
		json_put_bool(json, "disabled", true);
	json_put_text(json, "uuid", namespace->uuid);
	json_put_text(json, "raw_uuid", namespace->raw_uuid);
	json_put_text(json, "dax", namespace->dax);
	json_put_u64(json, "size", namespace->size);
	json_put_int(json, "node", namespace->node);
	json_put_u64(json, "instance", namespace->instance);
}

static void put_dax(struct json_object *json, const struct dax_device *dax)
{
	struct json_object *array;

	json_put_text(json, "dax", dax->name);
	json_put_text(json, "parent", dax_parent_names[dax->parent]);
	json_put_text(json, "origin", dax->origin);
	json_put_text(json, "driver", dax->driver);
	if (dax->hotplug_state[0])
		json_put_text(json, "hotplug_state", dax->hotplug_state);
	if (dax->region_path)
		json_put_text(json, "region_path", dax->region_path);
	if (dax->instance)
		json_put_u64(json, "instance", dax->instance);
	json_put_u64(json, "size", dax->size);
	json_put_u64(json, "align", dax->align);
	json_put_int(json, "target_node", dax->target_node);
	put_tristate(json, "memmap_on_memory", dax->memmap_on_memory);
	array = json_put_array(json, "ranges");
	array_foreach(range, &dax->ranges) {
		struct json_object *item = json_append_object(array);

		json_put_u64(item, "start", range->start);
		json_put_u64(item, "size", range->size);
	}
	array = json_put_array(json, "blocks");
	array_foreach(block, &dax->blocks) {
		struct json_object *item = json_append_object(array);

		json_put_u64(item, "index", block->index);
		json_put_text(item, "state", block_state_names[block->state]);
	}
	if (!dax->has_kmem_numbers)
		return;
	array = json_put_object(json, "kmem");
	json_put_u64(array, "memmap_dram_bytes", dax->memmap_dram);
	json_put_u64(array, "memmap_device_bytes", dax->memmap_device);
	json_put_u64(array, "blocks_self_hosted", dax->blocks_self_hosted);
	json_put_u64(array, "blocks_failed", dax->blocks_failed);
}

struct json_object *kmemd_inventory_to_json(const struct kmemd_inventory *inventory)
{
	struct json_object *json = json_object_new_object(), *array;

	if (!json)
		return NULL;
	json_put_int(json, "version", INVENTORY_VERSION);
	put_host(json_put_object(json, "host"), &inventory->host);
	array = json_put_array(json, "nodes");
	array_foreach(node, &inventory->nodes) {
		struct json_object *item = json_append_object(array);

		json_put_int(item, "node", node->id);
		json_put_u64(item, "total", node->total);
		json_put_u64(item, "free", node->free);
	}
	cxl_to_json(json, inventory);
	array = inventory->dimms.count ? json_put_array(json, "dimms") : NULL;
	array_foreach(dimm, &inventory->dimms)
		put_dimm(json_append_object(array), dimm);
	array = json_put_array(json, "namespaces");
	array_foreach(namespace, &inventory->namespaces)
		put_namespace(json_append_object(array), namespace);
	array = json_put_array(json, "dax");
	array_foreach(dax, &inventory->dax)
		put_dax(json_append_object(array), dax);
	return json;
}
