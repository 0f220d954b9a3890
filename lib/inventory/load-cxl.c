/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports, memdevs, decoders and regions from JSON. */
#include "inventory/load-cxl.h"

#include "base/json.h"
#include "base/parse.h"
#include "inventory/free-space.h"
#include "inventory/names.h"

#include <errno.h>

#define get_name(json, key, target) json_get_text(json, key, target, sizeof(target))

unsigned int json_enum(const struct json_object *json, const char *key, const char *const *names,
		       unsigned int count)
{
	int index = parse_name(json_text(json, key), names, count);

	return index < 0 ? 0 : (unsigned int)index;
}

int json_int_or(const struct json_object *json, const char *key, int otherwise)
{
	return json_object_object_get_ex(json, key, NULL) ? (int)json_get_int(json, key)
							  : otherwise;
}

static unsigned int get_unsigned(const struct json_object *json, const char *key)
{
	return (unsigned int)json_get_u64(json, key);
}

/* For each member of an array, with a new item of ours: NULL when memory is short. */
#define load_items(json, key, array, item, member)                                                 \
	for (size_t i_ = 0; i_ < json_count(json, key); i_++)                                      \
		if (({                                                                             \
			    (member) = json_member(json, key, i_);                                 \
			    !((item) = array_add(array));                                          \
		    }))                                                                            \
			return -ENOMEM;                                                            \
		else

static void load_range(const struct json_object *json, uint64_t *start, uint64_t *size)
{
	*start = json_get_u64(json, "start");
	*size = json_get_u64(json, "size");
}

static void load_dport(const struct json_object *json, struct dport *dport)
{
	get_name(json, "host", dport->host);
	dport->id = get_unsigned(json, "id");
}

static int load_port_decoder(const struct json_object *json, struct port_decoder *decoder)
{
	struct json_object *member;
	struct dport *target;

	get_name(json, "decoder", decoder->name);
	get_name(json, "region", decoder->region);
	decoder->id = get_unsigned(json, "id");
	load_range(json, &decoder->start, &decoder->size);
	decoder->ways = get_unsigned(json, "ways");
	decoder->granularity = get_unsigned(json, "granularity");
	decoder->locked = json_get_bool(json, "locked");
	load_items(json, "targets", &decoder->targets, target, member)
	{
		load_dport(member, target);
	}
	return 0;
}

static int load_port(const struct json_object *json, struct port *port)
{
	struct port_decoder *decoder;
	struct json_object *member;
	struct dport *dport;

	get_name(json, "port", port->name);
	get_name(json, "parent", port->parent);
	get_name(json, "host", port->host);
	port->depth = get_unsigned(json, "depth");
	load_items(json, "dports", &port->dports, dport, member)
	{
		load_dport(member, dport);
	}
	load_items(json, "decoders", &port->decoders, decoder, member)
	{
		if (load_port_decoder(member, decoder) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void load_endpoint_decoder(const struct json_object *json, struct endpoint_decoder *decoder)
{
	get_name(json, "decoder", decoder->name);
	get_name(json, "region", decoder->region);
	decoder->id = get_unsigned(json, "id");
	decoder->mode = json_enum(json, "mode", decoder_mode_names, DECODER_MODE_COUNT);
	decoder->dpa_start = json_get_u64(json, "dpa_start");
	decoder->dpa_size = json_get_u64(json, "dpa_size");
	load_range(json, &decoder->start, &decoder->size);
	decoder->locked = json_get_bool(json, "locked");
}

static int load_memdev_arrays(const struct json_object *json, struct memdev *memdev)
{
	struct endpoint_decoder *decoder;
	struct json_object *member;
	struct hop *hop;

	load_items(json, "decoders", &memdev->decoders, decoder, member)
	{
		load_endpoint_decoder(member, decoder);
	}
	load_items(json, "path", &memdev->path, hop, member)
	{
		get_name(member, "port", hop->port);
		get_name(member, "dport", hop->dport);
		hop->id = get_unsigned(member, "id");
	}
	return 0;
}

static int load_memdev(const struct json_object *json, struct memdev *memdev)
{
	get_name(json, "memdev", memdev->name);
	get_name(json, "host", memdev->host);
	get_name(json, "free_decoder", memdev->free_decoder);
	get_name(json, "vendor", memdev->vendor);
	get_name(json, "model", memdev->model);
	get_name(json, "firmware", memdev->firmware);
	get_name(json, "slot", memdev->slot);
	memdev->serial = json_get_u64(json, "serial");
	memdev->node = (int)json_get_int(json, "node");
	memdev->ram_size = json_get_u64(json, "ram_size");
	memdev->pmem_size = json_get_u64(json, "pmem_size");
	memdev->ram_allocated = json_get_u64(json, "ram_allocated");
	memdev->enabled = json_get_bool(json, "enabled");
	memdev->slot_shared = json_get_bool(json, "slot_shared");
	memdev->restricted = json_get_bool(json, "restricted");
	memdev->accelerator = json_get_bool(json, "accelerator");
	memdev->ram_qos_class = json_int_or(json, "ram_qos_class", -1);
	memdev->pmem_qos_class = json_int_or(json, "pmem_qos_class", -1);
	memdev->instance = json_get_u64(json, "instance");
	return load_memdev_arrays(json, memdev);
}

static int load_free(const struct json_object *json, struct root_decoder *decoder)
{
	struct json_object *member;
	struct occupant *occupant;
	struct range *range;

	decoder->free_is_known = json_object_object_get_ex(json, "free", NULL);
	load_items(json, "free", &decoder->free, range, member)
	{
		load_range(member, &range->start, &range->size);
	}
	load_items(json, "occupants", &decoder->occupants, occupant, member)
	{
		load_range(member, &occupant->range.start, &occupant->range.size);
		get_name(member, "name", occupant->name);
	}
	return 0;
}

static int load_root_decoder_arrays(const struct json_object *json, struct root_decoder *decoder)
{
	struct json_object *member;
	struct dport *target;
	char **name;

	load_items(json, "targets", &decoder->targets, target, member)
	{
		load_dport(member, target);
	}
	load_items(json, "memdevs", &decoder->memdevs, name, member)
	{
		const char *text = json_object_get_string(member);

		*name = strdup(text ? text : "");
		if (!*name)
			return -ENOMEM;
	}
	return load_free(json, decoder);
}

static int load_root_decoder(const struct json_object *json, struct root_decoder *decoder)
{
	get_name(json, "decoder", decoder->name);
	load_range(json, &decoder->start, &decoder->size);
	decoder->largest_free = json_get_u64(json, "largest_free");
	decoder->volatile_capable = json_get_bool(json, "volatile_capable");
	decoder->persistent_capable = json_get_bool(json, "persistent_capable");
	decoder->type2_capable = json_get_bool(json, "type2_capable");
	decoder->type3_capable = json_get_bool(json, "type3_capable");
	decoder->locked = json_get_bool(json, "locked");
	decoder->creates_ram = json_get_bool(json, "creates_ram");
	decoder->ways = get_unsigned(json, "ways");
	decoder->granularity = get_unsigned(json, "granularity");
	decoder->arithmetic = json_enum(json, "arithmetic", arithmetic_names, ARITHMETIC_COUNT);
	decoder->qos_class = json_int_or(json, "qos_class", -1);
	return load_root_decoder_arrays(json, decoder);
}

static int load_region(const struct json_object *json, struct region *region)
{
	struct region_target *target;
	struct json_object *member;

	get_name(json, "region", region->name);
	get_name(json, "root_decoder", region->root_decoder);
	load_range(json, &region->start, &region->size);
	region->ways = get_unsigned(json, "ways");
	region->granularity = get_unsigned(json, "granularity");
	region->persistent = json_get_bool(json, "persistent");
	region->committed = json_get_bool(json, "committed");
	region->enabled = json_get_bool(json, "enabled");
	region->locked = json_get_bool(json, "locked");
	region->plain_ram = json_get_bool(json, "plain_ram");
	region->online_blocks = get_unsigned(json, "online_blocks");
	region->first_online = json_get_u64(json, "first_online");
	region->lost_blocks = get_unsigned(json, "lost_blocks");
	load_items(json, "targets", &region->targets, target, member)
	{
		get_name(member, "memdev", target->memdev);
		get_name(member, "decoder", target->decoder);
	}
	return 0;
}

int cxl_from_json(const struct json_object *json, struct kmemd_inventory *inventory)
{
	struct root_decoder *decoder;
	struct json_object *member;
	struct memdev *memdev;
	struct region *region;
	struct port *port;
	int r = 0;

	load_items(json, "ports", &inventory->ports, port, member)
	{
		r |= load_port(member, port);
	}
	load_items(json, "memdevs", &inventory->memdevs, memdev, member)
	{
		r |= load_memdev(member, memdev);
	}
	load_items(json, "root_decoders", &inventory->root_decoders, decoder, member)
	{
		r |= load_root_decoder(member, decoder);
	}
	load_items(json, "regions", &inventory->regions, region, member)
	{
		r |= load_region(member, region);
	}
	if (r < 0)
		return -ENOMEM;
	array_foreach(root, &inventory->root_decoders)
		if (!root->free_is_known && free_space_by_regions(inventory, root) < 0)
			return -ENOMEM;
	return 0;
}
