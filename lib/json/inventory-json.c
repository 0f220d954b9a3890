/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The snapshot as JSON; inventory/load.c reads exactly this. */
#include "json/inventory-json.h"

#include "base/json.h"
#include "inventory/inventory.h"
#include "inventory/names.h"

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

static void put_memdev(struct json_object *json, const struct memdev *memdev)
{
	json_put_text(json, "memdev", memdev->name);
	json_put_text(json, "host", memdev->host);
	json_put_u64(json, "serial", memdev->serial);
	json_put_int(json, "node", memdev->node);
	json_put_u64(json, "ram_size", memdev->ram_size);
	json_put_u64(json, "pmem_size", memdev->pmem_size);
	json_put_u64(json, "ram_allocated", memdev->ram_allocated);
	json_put_text(json, "free_decoder", memdev->free_decoder);
	json_put_bool(json, "enabled", memdev->enabled);
	json_put_u64(json, "instance", memdev->instance);
}

static void put_root_decoder(struct json_object *json, const struct root_decoder *decoder)
{
	struct json_object *memdevs;

	json_put_text(json, "decoder", decoder->name);
	json_put_u64(json, "start", decoder->start);
	json_put_u64(json, "size", decoder->size);
	json_put_u64(json, "largest_free", decoder->largest_free);
	json_put_bool(json, "volatile_capable", decoder->volatile_capable);
	json_put_bool(json, "persistent_capable", decoder->persistent_capable);
	json_put_bool(json, "creates_ram", decoder->creates_ram);
	json_put_u64(json, "ways", decoder->ways);
	json_put_u64(json, "granularity", decoder->granularity);
	memdevs = json_put_array(json, "memdevs");
	array_foreach(name, &decoder->memdevs)
		json_object_array_add(memdevs, json_object_new_string(*name));
}

static void put_region(struct json_object *json, const struct region *region)
{
	struct json_object *targets;

	json_put_text(json, "region", region->name);
	json_put_text(json, "root_decoder", region->root_decoder);
	json_put_u64(json, "start", region->start);
	json_put_u64(json, "size", region->size);
	json_put_u64(json, "ways", region->ways);
	json_put_u64(json, "granularity", region->granularity);
	json_put_bool(json, "persistent", region->persistent);
	json_put_bool(json, "committed", region->committed);
	json_put_bool(json, "enabled", region->enabled);
	if (region->lost_blocks)
		json_put_u64(json, "lost_blocks", region->lost_blocks);
	targets = json_put_array(json, "targets");
	array_foreach(target, &region->targets) {
		struct json_object *item = json_append_object(targets);

		json_put_text(item, "memdev", target->memdev);
		json_put_text(item, "decoder", target->decoder);
	}
}

static void put_namespace(struct json_object *json, const struct namespace *namespace)
{
	json_put_text(json, "namespace", namespace->name);
	json_put_text(json, "mode", namespace->mode);
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
	array = json_put_array(json, "memdevs");
	array_foreach(memdev, &inventory->memdevs)
		put_memdev(json_append_object(array), memdev);
	array = json_put_array(json, "root_decoders");
	array_foreach(decoder, &inventory->root_decoders)
		put_root_decoder(json_append_object(array), decoder);
	array = json_put_array(json, "regions");
	array_foreach(region, &inventory->regions)
		put_region(json_append_object(array), region);
	array = json_put_array(json, "namespaces");
	array_foreach(namespace, &inventory->namespaces)
		put_namespace(json_append_object(array), namespace);
	array = json_put_array(json, "dax");
	array_foreach(dax, &inventory->dax)
		put_dax(json_append_object(array), dax);
	return json;
}
