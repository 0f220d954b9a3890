/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dax devices and regions as daxctl 81 shows them: names, order and types of its members are its
 * (daxctl/json.c), ours come behind them. See daxctl-list(1).
 */
#include "json/list-json.h"

#include "base/error.h"
#include "base/json.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/names.h"
#include "inventory/read-dax.h"
#include "json/dax-json.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>

/* --- numbers for people (--human): strings in JSON that are made when they are printed --- */

/* Hundredths of a unit, rounded. */
static void print_hundredths(struct printbuf *buffer, uint64_t bytes, uint64_t unit,
			     const char *format, const char *name)
{
	uint64_t hundredths = (bytes / unit) * 100 + ((bytes % unit) * 200 / unit + 1) / 2;
	char text[64];

	snprintf(text, sizeof(text), format, hundredths / 100, hundredths % 100, name);
	printbuf_memappend(buffer, text, (int)strlen(text));
}

static int print_size(struct json_object *object, struct printbuf *buffer, int level, int flags)
{
	static const struct {
		uint64_t below, binary, decimal;
		const char *binary_name, *decimal_name;
	} units[] = {
		{UINT64_C(2) << 30, UINT64_C(1) << 20, UINT64_C(1000000), "MiB", "MB"},
		{UINT64_C(2) << 40, UINT64_C(1) << 30, UINT64_C(1000000000), "GiB", "GB"},
		{UINT64_MAX, UINT64_C(1) << 40, UINT64_C(1000000000000), "TiB", "TB"},
	};
	uint64_t bytes = json_object_get_uint64(object);
	unsigned int i = 0;

	(void)level, (void)flags;
	if (bytes < 5000 * 1024)
		return sprintbuf(buffer, "%" PRIu64, bytes);
	while (i < 2 && bytes >= units[i].below)
		i++;
	print_hundredths(buffer, bytes, units[i].binary, "\"%" PRIu64 ".%02" PRIu64 " %s ",
			 units[i].binary_name);
	print_hundredths(buffer, bytes, units[i].decimal, "(%" PRIu64 ".%02" PRIu64 " %s)\"",
			 units[i].decimal_name);
	return 0;
}

static int print_hex(struct json_object *object, struct printbuf *buffer, int level, int flags)
{
	(void)level, (void)flags;
	return sprintbuf(buffer, "\"%#" PRIx64 "\"", json_object_get_uint64(object));
}

static void put_number(struct json_object *object, const char *key, uint64_t value, bool human,
		       json_object_to_json_string_fn *print)
{
	json_put_u64(object, key, value);
	if (human)
		json_object_set_serializer(json_object_object_get(object, key), print, NULL, NULL);
}

/* --- devices --- */

/*
 * As daxctl counts: the blocks that exist, and `movable` only when all of them are online. Its
 * numbers are wrong for a device of several ranges, of which it looks at the first one.
 */
static void put_memblocks(struct json_object *json, const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);
	unsigned int added = counts.total - counts.in[BLOCK_ABSENT];

	json_put_int(json, "online_memblocks", counts.online);
	json_put_int(json, "total_memblocks", added);
	if (!counts.in[BLOCK_OFFLINE])
		json_put_bool(json, "movable", added && counts.in[BLOCK_MOVABLE] == added);
}

static void put_mappings(struct json_object *json, const struct dax_device *dax, bool human)
{
	struct json_object *mappings = NULL;

	for (size_t i = dax->ranges.count; i-- > 0;) {
		const struct range *range = &dax->ranges.items[i];
		struct json_object *item;

		if (!mappings)
			mappings = json_put_array(json, "mappings");
		item = json_append_object(mappings);
		put_number(item, "page_offset",
			   i < dax->page_offsets.count ? dax->page_offsets.items[i] : 0, human,
			   print_hex);
		put_number(item, "start", range->start, human, print_hex);
		put_number(item, "end", range->start + range->size - 1, human, print_hex);
		put_number(item, "size", range->size, human, print_size);
	}
}

static void put_source(struct json_object *json, const struct dax_device *dax)
{
	struct json_object *array;

	json_put_text(json, "kind", kind_names[dax->source.kind]);
	json_put_text(json, "origin", dax->origin);
	array = json_put_array(json, "identities");
	array_foreach(identity, &dax->source.identities)
		json_object_array_add(array, json_object_new_string(*identity));
	if (dax->source.memdevs.count)
		array = json_put_array(json, "memdevs");
	array_foreach(memdev, &dax->source.memdevs)
		json_object_array_add(array, json_object_new_string(memdev->name));
}

static bool has_blocks(const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);

	return counts.total != counts.in[BLOCK_ABSENT];
}

struct json_object *report_dax_device(const struct kmemd_inventory *inventory,
				      const struct dax_device *dax, unsigned int flags)
{
	struct json_object *json = json_object_new_object();
	bool human = flags & REPORT_HUMAN;
	/* Not to users who are not shown the ranges, unless the driver counts. */
	bool blocks_known = dax_is_kmem(dax) && (dax->ranges.count || dax->has_counts);

	if (!json)
		return NULL;
	json_put_text(json, "chardev", dax->name);
	put_number(json, "size", dax->size, human, print_size);
	if (dax->target_node >= 0)
		json_put_int(json, "target_node", dax->target_node);
	if (dax->align)
		put_number(json, "align", dax->align, human, print_size);
	json_put_text(json, "mode", dax_is_kmem(dax) ? "system-ram" : "devdax");
	if (blocks_known)
		put_memblocks(json, dax);
	if (!dax->driver[0])
		json_put_text(json, "state", "disabled");
	if (flags & REPORT_MAPPINGS)
		put_mappings(json, dax, human);

	json_put_text(json, "driver", dax->driver);
	if (dax->hotplug_state[0])
		json_put_text(json, "hotplug_state", dax->hotplug_state);
	put_source(json, dax);
	/* Without kmem, only what should not be there. */
	if (blocks_known || has_blocks(dax))
		report_blocks(json, dax);
	if (dax_is_kmem(dax))
		report_memmap(json, inventory, dax);
	return json;
}

/* --- the list --- */

static struct json_object *put_devices(const struct kmemd_inventory *inventory, size_t region,
				       struct json_object *array, unsigned int flags)
{
	array_foreach(dax, &inventory->dax) {
		if (dax->region != region)
			continue;
		if (!array)
			array = json_object_new_array();
		json_object_array_add(array, report_dax_device(inventory, dax, flags));
	}
	return array;
}

static struct json_object *region_to_json(const struct kmemd_inventory *inventory, size_t index,
					  const struct kmemd_list *list, unsigned int flags)
{
	const struct dax_region *region = &inventory->dax_regions.items[index];
	struct json_object *json = json_object_new_object();
	struct json_object *devices;
	bool human = flags & REPORT_HUMAN;

	if (!json)
		return NULL;
	/* Without /sys/devices, as daxctl has it. */
	json_put_text(json, "path",
		      strncmp(region->path, "devices/", strlen("devices/"))
			      ? region->path
			      : region->path + strlen("devices"));
	json_put_int(json, "id", region->id);
	if (region->has_size)
		put_number(json, "size", region->size, human, print_size);
	if (region->available)
		put_number(json, "available_size", region->available, human, print_size);
	if (region->has_align)
		json_put_u64(json, "align", region->align);
	devices = list->show_devices ? put_devices(inventory, index, NULL, flags) : NULL;
	if (devices)
		json_object_object_add(json, "devices", devices);
	return json;
}

/* NULL when there is nothing to be shown: daxctl prints nothing then. */
static struct json_object *list_to_json(const struct kmemd_inventory *inventory,
					const struct kmemd_list *list)
{
	unsigned int flags = (list->mappings ? REPORT_MAPPINGS : 0) |
			     (list->human ? REPORT_HUMAN : 0);
	struct json_object *array = NULL;

	for (size_t i = 0; i < inventory->dax_regions.count; i++) {
		if (!list->show_regions) {
			array = put_devices(inventory, i, array, flags);
			continue;
		}
		if (!array)
			array = json_object_new_array();
		json_object_array_add(array, region_to_json(inventory, i, list, flags));
	}
	return array;
}

/* What was asked for and is not there. */
static void put_missing(struct json_object *json, const struct kmemd_inventory *inventory,
			const struct kmemd_list *list)
{
	struct json_object *missing = json_put_array(json, "missing");

	if (list->region && strcmp(list->region, "all") && !inventory->dax_regions.count)
		json_object_array_add(missing, json_object_new_string(list->region));
	for (char *const *name = list->devices; name && *name; name++)
		if (strcmp(*name, "all") && !inventory_dax(inventory, *name))
			json_object_array_add(missing, json_object_new_string(*name));
}

static bool has_dax(const struct kmemd_inventory *inventory, const char *memdev)
{
	array_foreach(dax, &inventory->dax)
		array_foreach(one, &dax->source.memdevs)
			if (!strcmp(one->name, memdev))
				return true;
	return false;
}

int kmemd_report_list(struct kmemd *kmemd, const struct kmemd_list *list, struct json_object **ret,
		      struct kmemd_error *error)
{
	unsigned int what = (list->idle ? DAX_READ_IDLE : 0) |
			    (list->show_regions ? DAX_READ_REGIONS : 0) |
			    (list->find_unused ? DAX_READ_MEMDEVS : 0);
	struct json_object *json, *array;
	struct kmemd_inventory *inventory;
	int r = inventory_read_dax(kmemd, list->devices, list->region, what, &inventory, error);

	if (r < 0)
		return r;
	json = json_object_new_object();
	json_object_object_add(json, "list", list_to_json(inventory, list));
	put_missing(json, inventory, list);
	array = json_put_array(json, "problems");
	array_foreach(problem, &inventory->problems)
		json_object_array_add(array, json_object_new_string(*problem));
	array = json_put_array(json, "unused_memdevs");
	array_foreach(name, &inventory->memdev_names)
		if (!has_dax(inventory, *name))
			json_object_array_add(array, json_object_new_string(*name));
	kmemd_inventory_free(inventory);
	if (!json)
		return error_memory(error);
	*ret = json;
	return 0;
}
