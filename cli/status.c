/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <systemd/sd-bus.h>

#define UNIT_PATH "/org/freedesktop/systemd1/unit/kmemd_2eservice"

/* Asks systemd; "unknown" on a machine without it, or without its bus. */
static void put_daemon(struct json_object *json)
{
	struct json_object *daemon = json_put_object(json, "daemon");
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
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

static void print_status(const struct json_object *json)
{
	struct json_object *daemon = NULL, *job = NULL;

	json_object_object_get_ex(json, "daemon", &daemon);
	printf("daemon: %s", json_text(daemon, "state"));
	if (json_get_u64(daemon, "pid"))
		printf(" (pid %lu)", (unsigned long)json_get_u64(daemon, "pid"));
	printf("%s%s\n", json_text(daemon, "status")[0] ? ": " : "", json_text(daemon, "status"));
	if (json_object_object_get_ex(json, "job", &job))
		printf("job: %s of %s (pid %lu)%s\n", json_text(job, "type"),
		       json_text(job, "device"), (unsigned long)json_get_u64(job, "pid"),
		       json_get_bool(job, "running") ? "" : ", cut short");
	else
		printf("job: none\n");
	for (size_t i = 0; i < json_count(json, "records"); i++) {
		struct json_object *record = json_member(json, "records", i);

		printf("%s: %s: %s\n", json_text(record, "device"), json_text(record, "state"),
		       json_text(record, "message"));
	}
}

int verb_status(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (kmemd_report_status(cli->kmemd, &json, &error) < 0)
		return cli_fail(&error);
	put_daemon(json);
	if (!cli_print_json(cli, json))
		print_status(json);
	return KMEMD_DONE;
}
