/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/plan-text.h"

#include "base/error.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

static void print_cost(const struct json_object *step)
{
	uint64_t dram = json_get_u64(step, "memmap_dram_bytes");
	uint64_t device = json_get_u64(step, "memmap_device_bytes");
	uint64_t lost = json_get_u64(step, "lost_bytes");
	char size[SIZE_TEXT_MAX];

	if (dram)
		printf("       costs %s of DRAM for the memmap\n", format_size(dram, size));
	if (device)
		printf("       costs %s of the device for the memmap\n", format_size(device, size));
	if (lost)
		printf("       loses %s to alignment\n", format_size(lost, size));
}

static void print_steps(const struct json_object *device)
{
	size_t count = json_count(device, "steps");

	for (size_t i = 0; i < count; i++) {
		struct json_object *step = json_member(device, "steps", i), *why = NULL;

		json_object_object_get_ex(step, "why", &why);
		printf("  %2zu. %s\n", i + 1, json_text(step, "text"));
		if (json_text(why, "key")[0])
			printf("       because of %s in %s; undone by: %s\n", json_text(why, "key"),
			       json_text(why, "source"), json_text(step, "undo"));
		else
			printf("       undone by: %s\n", json_text(step, "undo"));
		print_cost(step);
	}
	if (!count && !json_text(device, "refused")[0])
		printf("  nothing to do\n");
}

static void print_head(const struct json_object *device)
{
	const char *policy = json_text(device, "policy"), *mode = json_text(device, "mode");
	struct json_object *record = NULL;

	printf("%s (%s): ", json_text(device, "device"), json_text(device, "identity"));
	if (!strcmp(mode, "by-hand"))
		printf("by hand\n");
	else if (!strcmp(mode, "drain"))
		printf("drain\n");
	else
		printf("%s%s%s\n", mode, policy[0] ? " by " : ", no policy file matches", policy);
	if (json_text(device, "refused")[0])
		printf("  refused: %s\n", json_text(device, "refused"));
	if (json_object_object_get_ex(device, "record", &record))
		printf("  %s: %s; kmemctl apply %s lifts that\n", json_text(record, "state"),
		       json_text(record, "message"), json_text(device, "device"));
	if (json_text(device, "note")[0])
		printf("  note: %s\n", json_text(device, "note"));
}

static void print_keys(const struct json_object *device)
{
	static const char *const titles[] = {"  KEY", "VALUE", "SOURCE"};
	_cleanup_(table_freep) struct table *table = table_new(3, titles);

	for (size_t i = 0; i < json_count(device, "keys"); i++) {
		struct json_object *key = json_member(device, "keys", i);

		table_add(table, "  %s", json_text(key, "key"));
		table_add(table, "%s", json_text(key, "value"));
		table_add(table, "%s", json_text(key, "source"));
	}
	table_print(table);
}

bool cli_plan_is_refused(const struct json_object *json)
{
	for (size_t i = 0; i < json_count(json, "devices"); i++)
		if (json_text(json_member(json, "devices", i), "refused")[0])
			return true;
	return false;
}

void cli_print_plans(const struct json_object *json, bool with_keys)
{
	if (!json_count(json, "devices"))
		cli_say("kmemctl: there is no device");
	for (size_t i = 0; i < json_count(json, "devices"); i++) {
		struct json_object *device = json_member(json, "devices", i);

		print_head(device);
		if (with_keys)
			print_keys(device);
		print_steps(device);
	}
}

int cli_print_plan(struct cli *cli, struct json_object *json)
{
	if (!cli_print_json(cli, json))
		cli_print_plans(json, false);
	return cli_plan_is_refused(json) ? KMEMD_REFUSED : KMEMD_DONE;
}
