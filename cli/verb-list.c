/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In daxctl list's place: its options and its JSON in a pipe or when one of its options is given, a
 * table for people on a terminal.
 */
#include "base/array.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/list-text.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "json/list-json.h"

#include <stdio.h>
#include <unistd.h>

static const struct cli_option option_dev = {
	"dev",
	'd',
	.value = VALUE_NEEDED,
	.value_name = "DEVICE",
	.text = "only this dax device (dax0.0, 0.0, or all)",
};
static const struct cli_option option_devices = {"devices", 'D',
						 .text = "dax devices (the default)"};
static const struct cli_option option_regions = {"regions", 'R', .text = "dax regions"};
static const struct cli_option option_mappings = {"mappings", 'M', .text = "physical ranges, too"};
static const struct cli_option option_idle = {"idle", 'i', .text = "devices without a size, too"};

static const struct cli_option *const daxctl_options[] = {
	&option_region,	  &option_dev,	&option_devices, &option_regions,
	&option_mappings, &option_idle, &option_human,
};

/* Somebody who writes daxctl's options wants daxctl's output. */
static bool wants_json(const struct cli *cli)
{
	if (cli_given(cli, &option_json))
		return cli->json != JSON_OFF;
	for (size_t i = 0; i < array_size(daxctl_options); i++)
		if (cli_given(cli, daxctl_options[i]))
			return true;
	return !isatty(STDOUT_FILENO);
}

/* --- the table --- */

static int by_name(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;

	return strverscmp(json_text(*x, "chardev"), json_text(*y, "chardev"));
}

static void add_row(struct table *table, const struct json_object *dax, bool with_state)
{
	char size[SIZE_TEXT_MAX], text[128] = "";
	const char *state = json_text(dax, "state");

	table_add(table, "%s", json_text(dax, "chardev"));
	if (json_object_object_get_ex(dax, "target_node", NULL))
		table_add(table, "%ld", (long)json_get_int(dax, "target_node"));
	else
		table_add(table, "%s", "");
	table_add(table, "%s", format_size(json_get_u64(dax, "size"), size));
	table_add(table, "%s", state[0] ? state : json_text(dax, "mode"));
	list_blocks_text(dax, text, sizeof(text));
	table_add(table, "%s", text);
	table_add(table, "%s", list_memmap_text(dax));
	table_add(table, "%s", json_text(dax, "origin"));
	text[0] = '\0';
	for (size_t i = 0, used = 0; i < json_count(dax, "identities") && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 json_object_get_string(json_member(dax, "identities", i)));
	table_add(table, "%s", text);
	if (with_state)
		table_add(table, "%s", json_text(dax, "hotplug_state"));
}

/* "mem0, mem1: no dax device yet" */
static void tell_unused(const struct json_object *report)
{
	char text[512] = "";

	for (size_t i = 0, used = 0;
	     i < json_count(report, "unused_memdevs") && used < sizeof(text); i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s", i ? ", " : "",
			json_object_get_string(json_member(report, "unused_memdevs", i)));
	cli_say("%s: no dax device yet; see kmemctl status", text);
}

/* Whether the driver says of any device what its hot-plug state is. */
static bool has_states(const struct json_object *report)
{
	for (size_t i = 0; i < json_count(report, "list"); i++)
		if (json_text(json_member(report, "list", i), "hotplug_state")[0])
			return true;
	return false;
}

static void print_table(struct json_object *report)
{
	static const char *const titles[] = {"DAX",    "NODE",	 "SIZE",     "MODE", "BLOCKS",
					     "MEMMAP", "ORIGIN", "IDENTITY", "STATE"};
	bool states = has_states(report);
	_cleanup_(table_freep) struct table *table = table_new(array_size(titles) - !states,
							       titles);
	struct json_object *list = json_object_object_get(report, "list");
	size_t unused = json_count(report, "unused_memdevs");

	if (list)
		json_object_array_sort(list, by_name);
	for (size_t i = 0; i < json_count(report, "list"); i++)
		add_row(table, json_member(report, "list", i), states);
	if (json_count(report, "list"))
		table_print(table);
	else if (!json_count(report, "missing"))
		cli_say("kmemctl: no dax device here");
	if (unused)
		tell_unused(report);
}

/* --- the verb --- */

/* What could not be shown, on standard error; the exit code that says so. */
static int tell_problems(const struct json_object *report)
{
	size_t problems = json_count(report, "problems"), missing = json_count(report, "missing");

	for (size_t i = 0; i < problems; i++)
		cli_say("kmemctl: %s", json_object_get_string(json_member(report, "problems", i)));
	for (size_t i = 0; i < missing; i++)
		cli_say("kmemctl: no dax device or region is called '%s' (kmemctl list -R -D -i "
			"shows all)",
			json_object_get_string(json_member(report, "missing", i)));
	if (missing)
		return KMEMD_NO_DEVICE;
	return problems ? KMEMD_PARTLY : KMEMD_DONE;
}

/* The devices that are named: by --dev as daxctl has it, and as arguments. */
static char **device_names(const struct cli *cli)
{
	const char *dev = cli_value(cli, &option_dev);
	char **names = calloc((size_t)cli->argument_count + 2, sizeof(*names));
	size_t count = 0;

	for (int i = 0; names && i < cli->argument_count; i++)
		names[count++] = cli->arguments[i];
	if (names && dev)
		names[count] = (char *)dev;
	return names;
}

/* daxctl shows what a filter is about, and devices otherwise. */
static struct kmemd_list list_of(const struct cli *cli, char **names)
{
	struct kmemd_list list = {
		.devices = names[0] ? names : NULL,
		.region = cli_value(cli, &option_region),
		.show_devices = cli_given(cli, &option_devices),
		.show_regions = cli_given(cli, &option_regions),
		.mappings = cli_given(cli, &option_mappings),
		.idle = cli_given(cli, &option_idle),
		.human = cli_given(cli, &option_human),
	};

	if (!list.show_devices && !list.show_regions) {
		list.show_regions = list.region != NULL;
		list.show_devices = list.devices != NULL || !list.show_regions;
	}
	return list;
}

static int run(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *report = NULL;
	_cleanup_free_ char **names = device_names(cli);
	struct kmemd_error error = {0};
	struct kmemd_list list;
	bool json;

	if (!names) {
		cli_say("kmemctl: out of memory");
		return KMEMD_FAILED;
	}
	list = list_of(cli, names);
	json = wants_json(cli);
	if (!json) { /* a table has no place for regions */
		list.show_regions = list.human = false;
		list.show_devices = true;
		list.find_unused = !list.devices && !list.region;
	}
	if (kmemd_report_list(cli->kmemd, &list, &report, &error) < 0)
		return cli_fail(&error);
	if (json)
		cli_print_daxctl(cli, json_object_object_get(report, "list"));
	else
		print_table(report);
	return tell_problems(report);
}

const struct cli_verb verb_list = {
	"list",
	"[DEVICE...]",
	"show dax devices, their memory blocks by zone and their memmap",
	OPTIONS(&option_region, &option_dev, &option_devices, &option_regions, &option_mappings,
		&option_idle, &option_human, &option_json),
	run,
	0,
	ANY_NUMBER,
};
