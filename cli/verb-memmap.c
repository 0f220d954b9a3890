/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/array.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/job-events.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/plan-text.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "job/event.h"
#include "job/memmap-job.h"
#include "json/memmap-json.h"
#include "json/memmap-plan-json.h"

#include <stdio.h>
#include <string.h>

static const char *place_text(const char *word)
{
	if (!strcmp(word, "device"))
		return "on the device";
	if (!strcmp(word, "dram"))
		return "in DRAM";
	if (!strcmp(word, "no-switch"))
		return "no switch";
	return word;
}

static void print_in_force(const struct json_object *memory)
{
	struct json_object *memmap = NULL;
	char dram[SIZE_TEXT_MAX], device[SIZE_TEXT_MAX];

	if (!json_object_object_get_ex(memory, "memmap", &memmap)) {
		printf("  no dax device yet: nothing is in force\n");
		return;
	}
	printf("  asked: %s; in force: %s (%s)", place_text(json_text(memmap, "asked")),
	       place_text(json_text(memmap, "in_force")), json_text(memmap, "known"));
	if (json_object_object_get_ex(memmap, "dram_bytes", NULL))
		printf("; %s of DRAM, %s of the device%s",
		       format_size(json_get_u64(memmap, "dram_bytes"), dram),
		       format_size(json_get_u64(memmap, "device_bytes"), device),
		       json_get_bool(memmap, "deduplicated") ? ", deduplicated" : "");
	printf("\n");
}

static void print_ways(const struct json_object *memory)
{
	static const char *const titles[] = {"  MODE", "MEMMAP", "ALIGN", "DRAM",
					     "DEVICE", "USABLE", "REMARK"};
	_cleanup_(table_freep) struct table *table = table_new(array_size(titles), titles);

	for (size_t i = 0; i < json_count(memory, "alternatives"); i++) {
		struct json_object *way = json_member(memory, "alternatives", i);
		uint64_t align = json_get_u64(way, "align");
		char size[SIZE_TEXT_MAX];

		table_add(table, "%s %s", json_get_bool(way, "in_force") ? "*" : " ",
			  json_text(way, "mode"));
		table_add(table, "%s", place_text(json_text(way, "memmap")));
		table_add(table, "%s", align ? format_size(align, size) : "");
		table_add(table, "%s", format_size(json_get_u64(way, "dram_bytes"), size));
		table_add(table, "%s", format_size(json_get_u64(way, "device_bytes"), size));
		table_add(table, "%s", format_size(json_get_u64(way, "usable_bytes"), size));
		table_add(table, "%s%s",
			  json_get_bool(way, "possible") ? ""
			  : json_text(way, "why_not")[0] ? "not here: "
							 : "not here",
			  json_get_bool(way, "possible")
				  ? json_get_bool(way, "deduplicated") ? "deduplicated" : ""
				  : json_text(way, "why_not"));
	}
	table_print(table);
}

static void print_hugetlb(const struct json_object *memory)
{
	struct json_object *hugetlb = NULL;
	char two[SIZE_TEXT_MAX], one[SIZE_TEXT_MAX];

	json_object_object_get_ex(memory, "hugetlb", &hugetlb);
	printf("  huge pages: vm.hugetlb_optimize_vmemmap is %s; of a memmap in DRAM it gives back "
	       "up "
	       "to %s (2M pages) or %s (1G),\n              of one on the device nothing\n",
	       json_text(hugetlb, "optimize_vmemmap"),
	       format_size(json_get_u64(hugetlb, "saves_2m_bytes"), two),
	       format_size(json_get_u64(hugetlb, "saves_1g_bytes"), one));
}

static void print_advice(const struct json_object *memory)
{
	struct json_object *advice = NULL;
	const char *memmap;
	uint64_t align;
	char size[SIZE_TEXT_MAX];

	json_object_object_get_ex(memory, "recommendation", &advice);
	memmap = json_text(advice, "memmap");
	align = json_get_u64(advice, "align");
	if (!strcmp(memmap, "none"))
		printf("  advice: none: ");
	else
		printf("  advice: %s with its memmap %s%s%s: ", json_text(advice, "mode"),
		       place_text(memmap), align ? ", aligned to " : "",
		       align ? format_size(align, size) : "");
	printf("%s\n", json_text(advice, "reason"));
}

static void print_device(const struct json_object *device)
{
	for (size_t i = 0; i < json_count(device, "daxdevs"); i++) {
		const struct json_object *memory = json_member(device, "daxdevs", i);
		const char *dax = json_text(memory, "chardev");
		bool same = !strcmp(dax, json_text(device, "device"));
		char size[SIZE_TEXT_MAX];

		printf("%s%s%s (%s): %s, %s\n", json_text(device, "device"),
		       dax[0] && !same ? " " : "", same ? "" : dax, json_text(device, "kind"),
		       json_text(memory, "mode"), format_size(json_get_u64(memory, "size"), size));
		print_in_force(memory);
		print_ways(memory);
		print_hugetlb(memory);
		print_advice(memory);
	}
}

static int show(struct cli *cli)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (cli_read_inventory(cli, &inventory, &error) < 0 ||
	    kmemd_report_memmap(cli->kmemd, inventory, cli->arguments[0], &json, &error) < 0)
		return cli_fail(&error);
	if (cli_print_json(cli, json))
		return KMEMD_DONE;
	for (size_t i = 0; i < json_count(json, "devices"); i++) {
		printf("%s", i ? "\n" : "");
		print_device(json_member(json, "devices", i));
	}
	if (!json_count(json, "devices"))
		cli_say("kmemctl: there is no device");
	return KMEMD_DONE;
}

static const struct cli_option option_rebind = {
	"rebind",
	.text = "also while its memory is in use: offline, bind again, online again",
};

static int show_plan(struct cli *cli, const struct kmemd_policy *policy, bool on)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (cli_read_inventory(cli, &inventory, &error) < 0 ||
	    kmemd_report_memmap_plan(cli->kmemd, inventory, policy, cli->arguments[0], on,
				     cli_given(cli, &option_rebind), &json, &error) < 0)
		return cli_fail(&error);
	return cli_print_plan(cli, json);
}

static int set(struct cli *cli, bool on)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	bool rebind = cli_given(cli, &option_rebind);
	struct kmemd_job job = cli_job(cli);
	struct kmemd_error error = {0};
	int r;

	if (rebind && cli_load_policy(cli, &policy, &error) < 0)
		return cli_fail(&error);
	if (cli->dry_run)
		return show_plan(cli, policy, on);
	if (rebind)
		r = kmemd_memmap_move(cli->kmemd, policy, cli->arguments[0], on, &job, &error);
	else
		r = kmemd_memmap_set(cli->kmemd, cli->arguments[0], on, &job, &error);
	cli_job_end(cli, r, &error);
	if (r < 0)
		return cli_fail(&error);
	cli_say("The switch holds until the device is bound again; MemmapOnMemory= in its policy "
		"decides then.");
	return show(cli);
}

static int run(struct cli *cli)
{
	const char *word = cli->arguments[0] ? cli->arguments[1] : NULL;
	bool on;

	if (!word && (cli_given(cli, &option_rebind) || cli->dry_run || cli->timeout_sec))
		return cli_usage_error(cli, "memmap: --rebind, --dry-run and --timeout are for on "
					    "and off");
	if (!word)
		return show(cli);
	if (parse_bool(word, &on) < 0)
		return cli_usage_error(cli, "memmap: '%s': allowed are on and off", word);
	if (cli->inventory_file && !cli->dry_run)
		return cli_usage_error(cli, "memmap: --inventory is for looking and --dry-run");
	return set(cli, on);
}

const struct cli_verb verb_memmap = {
	"memmap",
	"[DEVICE [on|off]]",
	"show where memmaps are and what else they could cost, or move one",
	OPTIONS(&option_json, &option_inventory, &option_policy, &option_rebind, &option_dry_run,
		&option_timeout),
	run,
	0,
	2,
};
