/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/array.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/list-text.h"
#include "cli/lock-waiters.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "json/status-json.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define UNIT_PATH "/org/freedesktop/systemd1/unit/kmemd_2eservice"

static void close_bus(sd_bus **bus)
{
	if (*bus)
		sd_bus_flush_close_unref(*bus);
}

/* Asks systemd; "unknown" on a machine without it, or without its bus. */
static void put_daemon(struct json_object *json)
{
	struct json_object *daemon = json_put_object(json, "daemon");
	_cleanup_(close_bus) sd_bus *bus = NULL;
	_cleanup_free_ char *state = NULL, *text = NULL;
	uint32_t pid = 0;

	if (sd_bus_open_system(&bus) >= 0) {
		sd_bus_get_property_string(bus, "org.freedesktop.systemd1", UNIT_PATH,
					   "org.freedesktop.systemd1.Unit", "ActiveState", NULL,
					   &state);
		sd_bus_get_property_string(bus, "org.freedesktop.systemd1", UNIT_PATH,
					   "org.freedesktop.systemd1.Service", "StatusText", NULL,
					   &text);
		sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", UNIT_PATH,
					    "org.freedesktop.systemd1.Service", "MainPID", NULL,
					    'u', &pid);
	}
	json_put_text(daemon, "state", state ? state : "unknown");
	json_put_text(daemon, "status", text ? text : "");
	json_put_u64(daemon, "pid", pid);
}

static void print_daemon(const struct json_object *json)
{
	struct json_object *daemon = NULL;

	json_object_object_get_ex(json, "daemon", &daemon);
	printf("daemon: %s", json_text(daemon, "state"));
	if (json_get_u64(daemon, "pid"))
		printf(" (pid %lu)", (unsigned long)json_get_u64(daemon, "pid"));
	printf("%s%s\n", json_text(daemon, "status")[0] ? ": " : "", json_text(daemon, "status"));
}

static void print_job(const struct json_object *json)
{
	struct json_object *job = NULL;

	if (json_object_object_get_ex(json, "job", &job))
		printf("job: %s of %s (pid %lu)%s\n", json_text(job, "type"),
		       json_text(job, "device"), (unsigned long)json_get_u64(job, "pid"),
		       json_get_bool(job, "running") ? "" : ", cut short");
	else
		printf("job: none\n");
	for (size_t i = 0; i < json_count(json, "waiting"); i++) {
		struct json_object *waiting = json_member(json, "waiting", i);

		printf("waiting: %s (pid %lu)\n", json_text(waiting, "program"),
		       (unsigned long)json_get_u64(waiting, "pid"));
	}
}

/* "cxl-ram:0x1: held: drained by kmemctl (since 2026-11-21 15:04:05, by root)" */
static void print_record(const struct json_object *record)
{
	const char *since = json_text(record, "since"), *by = json_text(record, "by");
	const char *between = since[0] && by[0] ? ", " : "";

	printf("%s: %s: %s", json_text(record, "device"), json_text(record, "state"),
	       json_text(record, "message"));
	if (since[0] || by[0])
		printf(" (%s%s%s%s%s)", since[0] ? "since " : "", since, between,
		       by[0] ? "by " : "", by);
	printf("\n");
}

static void print_records(const struct json_object *json)
{
	for (size_t i = 0; i < json_count(json, "records"); i++)
		print_record(json_member(json, "records", i));
}

/* The columns that belong to a dax device, which a device may not have yet. */
static void add_dax_columns(struct table *table, const struct json_object *dax)
{
	char text[128];

	if (!dax) {
		for (unsigned int i = 0; i < 5; i++)
			table_add(table, "%s", "");
		return;
	}
	table_add(table, "%s", json_text(dax, "chardev"));
	table_add(table, "%ld", (long)json_get_int(dax, "target_node"));
	table_add(table, "%s", json_text(dax, "mode"));
	list_blocks_text(dax, text, sizeof(text));
	table_add(table, "%s", text);
	table_add(table, "%s", list_memmap_text(dax));
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

static void print_devices(const struct json_object *json)
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
	if (!json_count(json, "devices"))
		return;
	table_print(table);
}

static bool is_recorded(const struct json_object *json, const char *identity)
{
	for (size_t i = 0; i < json_count(json, "records"); i++)
		if (!strcmp(json_text(json_member(json, "records", i), "device"), identity))
			return true;
	return false;
}

/* What another hand has changed just now is in no file yet; the devices themselves show it. */
static void put_changed(struct json_object *json)
{
	struct json_object *records = NULL, *record = NULL;

	if (!json_object_object_get_ex(json, "records", &records))
		return;
	for (size_t i = 0; i < json_count(json, "devices"); i++) {
		struct json_object *device = json_member(json, "devices", i), *item;
		const char *identity = json_text(device, "identity");

		if (!json_object_object_get_ex(device, "record", &record) ||
		    is_recorded(json, identity))
			continue;
		item = json_append_object(records);
		json_put_text(item, "device", identity);
		json_put_text(item, "state", json_text(record, "state"));
		json_put_text(item, "message", json_text(record, "message"));
	}
}

/* Adds what policy is about, and the host, to what the run directory says. */
static int put_devices(struct cli *cli, struct json_object *json, struct kmemd_error *error)
{
	static const char *const keys[] = {"host", "devices"};
	_cleanup_(json_object_putp) struct json_object *devices = NULL;
	int r = cli_read_devices(cli, &devices, error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < array_size(keys); i++)
		json_object_object_add(json, keys[i],
				       json_object_get(json_object_object_get(devices, keys[i])));
	put_changed(json);
	return 0;
}

/* The run directory is root's: without its records nothing is said of jobs. */
static int put_records(struct cli *cli, struct json_object **ret, struct kmemd_error *error)
{
	int r = kmemd_report_status(cli->kmemd, ret, error);

	if (r >= 0) {
		lock_waiters(cli->kmemd, json_put_array(*ret, "waiting"));
		return 0;
	}
	if (error->result != KMEMD_NOT_PERMITTED || cli->arguments[0])
		return r;
	cli_say("kmemctl: job and records are not shown: only root may see them (%s)",
		error->message);
	*ret = json_object_new_object();
	return *ret ? 0 : -ENOMEM;
}

static void print_all(const struct cli *cli, const struct json_object *json, bool with_records)
{
	if (!cli->inventory_file) {
		print_daemon(json);
		if (with_records)
			print_job(json);
	}
	print_records(json);
	print_devices(json);
}

/*
 * A user who may not see records or devices is still told the rest, unless a device was asked for.
 */
static int run(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	bool with_records;

	if (put_records(cli, &json, &error) < 0)
		return cli_fail(&error);
	with_records = json_object_object_get_ex(json, "records", NULL);
	if (!cli->inventory_file)
		put_daemon(json);
	if (put_devices(cli, json, &error) < 0) {
		if (cli->arguments[0] || error.result != KMEMD_NOT_PERMITTED)
			return cli_fail(&error);
		cli_say("kmemctl: devices are not shown: %s", error.message);
	}
	if (!cli_print_json(cli, json))
		print_all(cli, json, with_records);
	return with_records ? KMEMD_DONE : KMEMD_NOT_PERMITTED;
}

const struct cli_verb verb_status = {
	"status",
	"[DEVICE]",
	"show the daemon, the job under way, all devices, and which are held or failed",
	OPTIONS(&option_json, &option_inventory),
	run,
	0,
	1,
};
