/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include "base/array.h"
#include "base/parse.h"

static void print_memmap(const struct json_object *json)
{
	static const char *const titles[] = {"DAX",   "MODE", "ASKED", "IN FORCE",
					     "KNOWN", "DRAM", "DEVICE"};
	_cleanup_(table_freep) struct table *table = table_new(array_size(titles), titles);
	struct json_object *device = json_member(json, "devices", 0);
	char size[SIZE_TEXT_MAX];

	for (size_t i = 0; i < json_count(device, "daxdevs"); i++) {
		struct json_object *dax = json_member(device, "daxdevs", i), *memmap = NULL;
		bool known;

		json_object_object_get_ex(dax, "memmap", &memmap);
		known = json_object_object_get_ex(memmap, "dram_bytes", NULL);
		table_add(table, "%s", json_text(dax, "chardev"));
		table_add(table, "%s", json_text(dax, "mode"));
		table_add(table, "%s", json_text(memmap, "asked"));
		table_add(table, "%s", json_text(memmap, "in_force"));
		table_add(table, "%s", json_text(memmap, "known"));
		table_add(table, "%s",
			  known ? format_size(json_get_u64(memmap, "dram_bytes"), size) : "");
		table_add(table, "%s",
			  known ? format_size(json_get_u64(memmap, "device_bytes"), size) : "");
	}
	if (json_count(device, "daxdevs"))
		table_print(table);
	else
		fprintf(stderr, "kmemctl: %s has no dax device yet\n", json_text(device, "device"));
}

static int show(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (cli_read_devices(cli, &json, &error) < 0)
		return cli_fail(&error);
	if (!cli_print_json(cli, json))
		print_memmap(json);
	return KMEMD_DONE;
}

int verb_memmap(struct cli *cli)
{
	struct kmemd_job job = cli_job(cli);
	struct kmemd_error error = {0};
	bool on;

	if (!cli->arguments[1])
		return show(cli);
	if (parse_bool(cli->arguments[1], &on) < 0)
		return cli_usage_error(cli, "memmap: '%s': allowed are on and off",
				       cli->arguments[1]);
	if (kmemd_memmap_set(cli->kmemd, cli->arguments[0], on, &job, &error) < 0)
		return cli_fail(&error);
	fprintf(stderr, "The switch holds until the device is bound anew; MemmapOnMemory= in its "
			"policy decides then.\n");
	return show(cli);
}
