/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot from its JSON: for planning on a machine that is somewhere else, and for tests. */
#include "inventory/load-inventory.h"

#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "inventory/find-devices.h"
#include "inventory/inventory.h"
#include "inventory/load-cxl.h"
#include "inventory/names.h"
#include "json/inventory-json.h"

#include <errno.h>

#define get_name(json, key, target) json_get_text(json, key, target, sizeof(target))

static enum tristate get_tristate(const struct json_object *json, const char *key)
{
	if (!json_object_object_get_ex(json, key, NULL))
		return TRISTATE_UNKNOWN;
	return json_get_bool(json, key) ? TRISTATE_YES : TRISTATE_NO;
}

static void load_host(const struct json_object *json, struct host *host)
{
	get_name(json, "name", host->name);
	get_name(json, "kernel", host->kernel);
	get_name(json, "auto_online_blocks", host->auto_online_blocks);
	host->block_size = json_get_u64(json, "block_size");
	get_name(json, "machine", host->machine);
	host->memmap_parameter = get_tristate(json, "memmap_on_memory");
	host->hugetlb_vmemmap = get_tristate(json, "hugetlb_optimize_vmemmap");
	host->kmem = json_enum(json, "kmem", kmem_module_names, KMEM_MODULE_COUNT);
	host->memory_total = json_get_u64(json, "memory_total");
	host->memory_free = json_get_u64(json, "memory_free");
	host->memory_available = json_get_u64(json, "memory_available");
}

static int load_node(const struct json_object *json, struct kmemd_inventory *inventory)
{
	struct node *node = array_add(&inventory->nodes);

	if (!node)
		return -ENOMEM;
	node->id = (int)json_get_int(json, "node");
	node->total = json_get_u64(json, "total");
	node->free = json_get_u64(json, "free");
	return 0;
}

static unsigned int get_flags(const struct json_object *json)
{
	unsigned int flags = 0;

	for (size_t i = 0; i < json_count(json, "flags"); i++) {
		const char *text = json_object_get_string(json_member(json, "flags", i));
		int bit = parse_name(text ? text : "", dimm_flag_names, DIMM_FLAG_COUNT);

		flags |= bit < 0 ? 0 : 1U << bit;
	}
	return flags;
}

static int load_dimm(const struct json_object *json, struct kmemd_inventory *inventory)
{
	struct dimm *dimm = array_add(&inventory->dimms);

	if (!dimm)
		return -ENOMEM;
	get_name(json, "dimm", dimm->name);
	get_name(json, "unique_id", dimm->unique_id);
	get_name(json, "vendor", dimm->vendor);
	get_name(json, "model", dimm->model);
	dimm->enabled = json_get_bool(json, "enabled");
	dimm->health = json_enum(json, "health", dimm_health_names, DIMM_HEALTH_COUNT);
	dimm->life_used = json_int_or(json, "life_used", -1);
	dimm->flags = get_flags(json);
	for (size_t i = 0; i < json_count(json, "regions"); i++) {
		const char *text = json_object_get_string(json_member(json, "regions", i));
		char **name = array_add(&dimm->regions);

		if (!name)
			return -ENOMEM;
		*name = strdup(text ? text : "");
		if (!*name)
			return -ENOMEM;
	}
	return 0;
}

static int load_namespace(const struct json_object *json, struct kmemd_inventory *inventory)
{
	struct namespace *namespace = array_add(&inventory->namespaces);

	if (!namespace)
		return -ENOMEM;
	get_name(json, "namespace", namespace->name);
	get_name(json, "region", namespace->region);
	get_name(json, "mode", namespace->mode);
	namespace->disabled = json_get_bool(json, "disabled");
	get_name(json, "uuid", namespace->uuid);
	get_name(json, "raw_uuid", namespace->raw_uuid);
	get_name(json, "dax", namespace->dax);
	namespace->size = json_get_u64(json, "size");
	namespace->node = (int)json_get_int(json, "node");
	namespace->instance = json_get_u64(json, "instance");
	return 0;
}

static int load_dax_arrays(const struct json_object *json, struct dax_device *dax)
{
	for (size_t i = 0; i < json_count(json, "ranges"); i++) {
		struct json_object *item = json_member(json, "ranges", i);
		struct range *range = array_add(&dax->ranges);

		if (!range)
			return -ENOMEM;
		range->start = json_get_u64(item, "start");
		range->size = json_get_u64(item, "size");
	}
	for (size_t i = 0; i < json_count(json, "blocks"); i++) {
		struct json_object *item = json_member(json, "blocks", i);
		struct memory_block *block = array_add(&dax->blocks);

		if (!block)
			return -ENOMEM;
		block->index = json_get_u64(item, "index");
		block->state = json_enum(item, "state", block_state_names, BLOCK_STATE_COUNT);
	}
	return 0;
}

static int load_dax(const struct json_object *json, struct kmemd_inventory *inventory)
{
	struct dax_device *dax = array_add(&inventory->dax);
	struct json_object *kmem;

	if (!dax)
		return -ENOMEM;
	get_name(json, "dax", dax->name);
	get_name(json, "origin", dax->origin);
	get_name(json, "driver", dax->driver);
	get_name(json, "hotplug_state", dax->hotplug_state);
	if (json_object_object_get_ex(json, "region_path", NULL)) {
		dax->region_path = strdup(json_text(json, "region_path"));
		if (!dax->region_path)
			return -ENOMEM;
	}
	dax->instance = json_get_u64(json, "instance");
	dax->parent = json_enum(json, "parent", dax_parent_names, DAX_PARENT_COUNT);
	dax->size = json_get_u64(json, "size");
	dax->align = json_get_u64(json, "align");
	dax->target_node = (int)json_get_int(json, "target_node");
	dax->memmap_on_memory = get_tristate(json, "memmap_on_memory");
	if (json_object_object_get_ex(json, "kmem", &kmem)) {
		dax->has_kmem_numbers = true;
		dax->memmap_dram = json_get_u64(kmem, "memmap_dram_bytes");
		dax->memmap_device = json_get_u64(kmem, "memmap_device_bytes");
		dax->blocks_self_hosted = json_get_u64(kmem, "blocks_self_hosted");
		dax->blocks_failed = json_get_u64(kmem, "blocks_failed");
	}
	return load_dax_arrays(json, dax);
}

static int load_array(const struct json_object *json, const char *key,
		      struct kmemd_inventory *inventory,
		      int (*load)(const struct json_object *json,
				  struct kmemd_inventory *inventory))
{
	for (size_t i = 0; i < json_count(json, key); i++) {
		int r = load(json_member(json, key, i), inventory);

		if (r < 0)
			return r;
	}
	return 0;
}

static int load_all(const struct json_object *json, struct kmemd_inventory *inventory)
{
	static const struct {
		const char *key;
		int (*load)(const struct json_object *json, struct kmemd_inventory *inventory);
	} parts[] = {
		{"nodes", load_node},
		{"dimms", load_dimm},
		{"namespaces", load_namespace},
		{"dax", load_dax},
	};
	struct json_object *host = NULL;

	json_object_object_get_ex(json, "host", &host);
	load_host(host, &inventory->host);
	if (cxl_from_json(json, inventory) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < array_size(parts); i++) {
		int r = load_array(json, parts[i].key, inventory, parts[i].load);

		if (r < 0)
			return r;
	}
	return inventory_find_devices(inventory);
}

int kmemd_inventory_from_json(struct json_object *json, struct kmemd_inventory **ret,
			      struct kmemd_error *error)
{
	struct kmemd_inventory *inventory;

	if (json_get_int(json, "version") != INVENTORY_VERSION)
		return error_set(error, KMEMD_USAGE, EINVAL,
				 "this is no inventory of version %d: make one with kmemctl "
				 "inventory",
				 INVENTORY_VERSION);
	inventory = calloc(1, sizeof(*inventory));
	if (!inventory)
		return error_memory(error);
	if (load_all(json, inventory) < 0) {
		kmemd_inventory_free(inventory);
		return error_memory(error);
	}
	if (!inventory->host.block_size) {
		kmemd_inventory_free(inventory);
		return error_set(error, KMEMD_USAGE, EINVAL, "the inventory has no block size");
	}
	*ret = inventory;
	return 0;
}
