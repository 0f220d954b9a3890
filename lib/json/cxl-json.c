/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports, memdevs, decoders and regions; inventory/load-cxl.c reads exactly this. */
#include "json/cxl-json.h"

#include "base/json.h"
#include "inventory/names.h"

/* What is unknown or does not apply is left out. */

static void put_some_text(struct json_object *json, const char *key, const char *text)
{
	if (text[0])
		json_put_text(json, key, text);
}

static void put_if(struct json_object *json, const char *key, bool value)
{
	if (value)
		json_put_bool(json, key, true);
}

static void put_range(struct json_object *json, uint64_t start, uint64_t size)
{
	json_put_u64(json, "start", start);
	json_put_u64(json, "size", size);
}

static void put_dport(struct json_object *array, const struct dport *dport)
{
	struct json_object *json = json_append_object(array);

	json_put_text(json, "host", dport->host);
	json_put_u64(json, "id", dport->id);
}

static void put_port_decoder(struct json_object *json, const struct port_decoder *decoder)
{
	struct json_object *targets;

	json_put_text(json, "decoder", decoder->name);
	json_put_u64(json, "id", decoder->id);
	put_range(json, decoder->start, decoder->size);
	json_put_u64(json, "ways", decoder->ways);
	json_put_u64(json, "granularity", decoder->granularity);
	put_if(json, "locked", decoder->locked);
	put_some_text(json, "region", decoder->region);
	targets = json_put_array(json, "targets");
	array_foreach(target, &decoder->targets)
		put_dport(targets, target);
}

static void put_port(struct json_object *json, const struct port *port)
{
	struct json_object *array;

	json_put_text(json, "port", port->name);
	json_put_text(json, "parent", port->parent);
	json_put_text(json, "host", port->host);
	json_put_u64(json, "depth", port->depth);
	array = json_put_array(json, "dports");
	array_foreach(dport, &port->dports)
		put_dport(array, dport);
	array = json_put_array(json, "decoders");
	array_foreach(decoder, &port->decoders)
		put_port_decoder(json_append_object(array), decoder);
}

static void put_endpoint_decoder(struct json_object *json, const struct endpoint_decoder *decoder)
{
	json_put_text(json, "decoder", decoder->name);
	json_put_u64(json, "id", decoder->id);
	json_put_text(json, "mode", decoder_mode_names[decoder->mode]);
	json_put_u64(json, "dpa_start", decoder->dpa_start);
	json_put_u64(json, "dpa_size", decoder->dpa_size);
	put_range(json, decoder->start, decoder->size);
	put_some_text(json, "region", decoder->region);
	put_if(json, "locked", decoder->locked);
}

static void put_path(struct json_object *array, const struct memdev *memdev)
{
	array_foreach(hop, &memdev->path) {
		struct json_object *json = json_append_object(array);

		json_put_text(json, "port", hop->port);
		json_put_text(json, "dport", hop->dport);
		json_put_u64(json, "id", hop->id);
	}
}

static void put_memdev(struct json_object *json, const struct memdev *memdev)
{
	struct json_object *array;

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
	put_some_text(json, "vendor", memdev->vendor);
	put_some_text(json, "model", memdev->model);
	put_some_text(json, "firmware", memdev->firmware);
	put_some_text(json, "slot", memdev->slot);
	put_if(json, "slot_shared", memdev->slot_shared);
	put_if(json, "restricted", memdev->restricted);
	put_if(json, "accelerator", memdev->accelerator);
	if (memdev->ram_qos_class >= 0)
		json_put_int(json, "ram_qos_class", memdev->ram_qos_class);
	if (memdev->pmem_qos_class >= 0)
		json_put_int(json, "pmem_qos_class", memdev->pmem_qos_class);
	if (memdev->path.count)
		put_path(json_put_array(json, "path"), memdev);
	array = memdev->decoders.count ? json_put_array(json, "decoders") : NULL;
	array_foreach(decoder, &memdev->decoders)
		put_endpoint_decoder(json_append_object(array), decoder);
}

/* Without a known resource tree, what is free follows from the regions. */
static void put_free(struct json_object *json, const struct root_decoder *decoder)
{
	struct json_object *array;

	if (!decoder->free_is_known)
		return;
	array = json_put_array(json, "free");
	array_foreach(range, &decoder->free)
		put_range(json_append_object(array), range->start, range->size);
	array = json_put_array(json, "occupants");
	array_foreach(occupant, &decoder->occupants) {
		struct json_object *item = json_append_object(array);

		put_range(item, occupant->range.start, occupant->range.size);
		json_put_text(item, "name", occupant->name);
	}
}

static void put_root_decoder(struct json_object *json, const struct root_decoder *decoder)
{
	struct json_object *array;

	json_put_text(json, "decoder", decoder->name);
	put_range(json, decoder->start, decoder->size);
	json_put_u64(json, "largest_free", decoder->largest_free);
	json_put_bool(json, "volatile_capable", decoder->volatile_capable);
	json_put_bool(json, "persistent_capable", decoder->persistent_capable);
	put_if(json, "type2_capable", decoder->type2_capable);
	put_if(json, "type3_capable", decoder->type3_capable);
	put_if(json, "locked", decoder->locked);
	json_put_bool(json, "creates_ram", decoder->creates_ram);
	json_put_u64(json, "ways", decoder->ways);
	json_put_u64(json, "granularity", decoder->granularity);
	if (decoder->arithmetic != ARITHMETIC_UNKNOWN)
		json_put_text(json, "arithmetic", arithmetic_names[decoder->arithmetic]);
	if (decoder->qos_class >= 0)
		json_put_int(json, "qos_class", decoder->qos_class);
	array = decoder->targets.count ? json_put_array(json, "targets") : NULL;
	array_foreach(target, &decoder->targets)
		put_dport(array, target);
	array = json_put_array(json, "memdevs");
	array_foreach(name, &decoder->memdevs)
		json_object_array_add(array, json_object_new_string(*name));
	put_free(json, decoder);
}

static void put_region(struct json_object *json, const struct region *region)
{
	struct json_object *targets;

	json_put_text(json, "region", region->name);
	json_put_text(json, "root_decoder", region->root_decoder);
	put_range(json, region->start, region->size);
	json_put_u64(json, "ways", region->ways);
	json_put_u64(json, "granularity", region->granularity);
	json_put_bool(json, "persistent", region->persistent);
	json_put_bool(json, "committed", region->committed);
	json_put_bool(json, "enabled", region->enabled);
	put_if(json, "locked", region->locked);
	put_if(json, "plain_ram", region->plain_ram);
	if (region->online_blocks) {
		json_put_u64(json, "online_blocks", region->online_blocks);
		json_put_u64(json, "first_online", region->first_online);
	}
	if (region->lost_blocks)
		json_put_u64(json, "lost_blocks", region->lost_blocks);
	targets = json_put_array(json, "targets");
	array_foreach(target, &region->targets) {
		struct json_object *item = json_append_object(targets);

		json_put_text(item, "memdev", target->memdev);
		json_put_text(item, "decoder", target->decoder);
	}
}

void cxl_to_json(struct json_object *json, const struct kmemd_inventory *inventory)
{
	struct json_object *array = inventory->ports.count ? json_put_array(json, "ports") : NULL;

	array_foreach(port, &inventory->ports)
		put_port(json_append_object(array), port);
	array = json_put_array(json, "memdevs");
	array_foreach(memdev, &inventory->memdevs)
		put_memdev(json_append_object(array), memdev);
	array = json_put_array(json, "root_decoders");
	array_foreach(decoder, &inventory->root_decoders)
		put_root_decoder(json_append_object(array), decoder);
	array = json_put_array(json, "regions");
	array_foreach(region, &inventory->regions)
		put_region(json_append_object(array), region);
}
