/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include "base/array.h"
#include "base/parse.h"

/* "8 movable" or "6 movable, 2 offline"; "" for a device that is not in kmem. */
static void blocks_text(const struct json_object *blocks, char *buffer, size_t size)
{
	static const char *const states[] = {"movable", "kernel", "mixed", "offline", "absent"};
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < array_size(states) && used < size; i++) {
		uint64_t count = json_get_u64(blocks, states[i]);

		if (count)
			used += (size_t)snprintf(buffer + used, size - used, "%s%lu %s",
						 used ? ", " : "", (unsigned long)count, states[i]);
	}
}

static void memmap_text(const struct json_object *memmap, bool is_kmem, char *buffer, size_t size)
{
	const char *in_force = json_text(memmap, "in_force");

	if (!is_kmem)
		snprintf(buffer, size, "%s", "");
	else if (!strcmp(in_force, "unknown"))
		snprintf(buffer, size, "asked: %s", json_text(memmap, "asked"));
	else
		snprintf(buffer, size, "%s", in_force);
}

/* The columns that belong to a dax device, which a device may not have yet. */
static void add_dax_columns(struct table *table, const struct json_object *dax)
{
	struct json_object *blocks = NULL, *memmap = NULL;
	char text[128];
	bool is_kmem = dax && !strcmp(json_text(dax, "driver"), "kmem");

	if (!dax) {
		for (unsigned int i = 0; i < 5; i++)
			table_add(table, "%s", "");
		return;
	}
	json_object_object_get_ex(dax, "blocks", &blocks);
	json_object_object_get_ex(dax, "memmap", &memmap);
	table_add(table, "%s", json_text(dax, "chardev"));
	table_add(table, "%ld", (long)json_get_int(dax, "target_node"));
	table_add(table, "%s", json_text(dax, "mode"));
	blocks_text(blocks, text, sizeof(text));
	table_add(table, "%s", is_kmem ? text : "");
	memmap_text(memmap, is_kmem, text, sizeof(text));
	table_add(table, "%s", text);
}

static const char *name_of(const struct json_object *device)
{
	const char *uuid = json_text(device, "uuid");

	return uuid[0] ? uuid : json_text(device, "serial");
}

static void add_row(struct table *table, const struct json_object *device,
		    const struct json_object *dax)
{
	struct json_object *region = json_member(device, "regions", 0), *record = NULL;
	char size[SIZE_TEXT_MAX];

	json_object_object_get_ex(device, "record", &record);
	table_add(table, "%s", json_text(device, "device"));
	table_add(table, "%s", json_text(device, "kind"));
	table_add(table, "%s", format_size(json_get_u64(device, "size"), size));
	table_add(table, "%s", region ? json_text(region, "region") : "");
	add_dax_columns(table, dax);
	table_add(table, "%s", record ? json_text(record, "state") : "");
	table_add(table, "%s", name_of(device));
}

static void print_table(const struct json_object *json)
{
	static const char *const titles[] = {"DEVICE", "KIND",	 "SIZE",       "REGION",
					     "DAX",    "NODE",	 "MODE",       "BLOCKS",
					     "MEMMAP", "RECORD", "SERIAL/UUID"};
	_cleanup_(table_freep) struct table *table = table_new(array_size(titles), titles);

	for (size_t i = 0; i < json_count(json, "devices"); i++) {
		struct json_object *device = json_member(json, "devices", i);
		size_t dax_count = json_count(device, "daxdevs");

		for (size_t j = 0; j < (dax_count ? dax_count : 1); j++)
			add_row(table, device, json_member(device, "daxdevs", j));
	}
	if (json_count(json, "devices"))
		table_print(table);
	else
		fprintf(stderr, "kmemctl: no CXL memory, NVDIMM namespace or dax device here\n");
}

int verb_list(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (cli_read_list(cli, &json, &error) < 0)
		return cli_fail(&error);
	if (!cli_print_json(cli, json))
		print_table(json);
	return KMEMD_DONE;
}

int verb_inventory(struct cli *cli)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (cli_read_inventory(cli, &inventory, &error) < 0)
		return cli_fail(&error);
	json = kmemd_inventory_to_json(inventory);
	if (cli->json == JSON_OFF) /* a snapshot has no table */
		cli->json = JSON_PRETTY;
	cli_print_json(cli, json);
	return KMEMD_DONE;
}
