/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-config.h"

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/output.h"
#include "plan/plan-request.h"
#include "json/list-json.h"
#include "json/policy-json.h"

#include <strings.h>

const struct cli_option option_check_config = {
	"check-config",
	'C',
	.text = "do what /etc/daxctl.conf.d says of the device",
};

/* The UUID of the namespace that a dax device is, by its identity; "" when it is none. */
static const char *uuid_of(const struct json_object *device)
{
	struct json_object *identity = json_member(device, "identities", 0);
	const char *text = identity ? json_object_get_string(identity) : "";

	return strncmp(text, "nvdimm:", strlen("nvdimm:")) ? "" : text + strlen("nvdimm:");
}

static struct json_object *find_section(const struct json_object *config, const char *uuid)
{
	for (size_t i = 0; uuid[0] && i < json_count(config, "sections"); i++) {
		struct json_object *section = json_member(config, "sections", i);

		if (!strcasecmp(json_text(section, "uuid"), uuid))
			return section;
	}
	return NULL;
}

static void tell_config_problems(const struct json_object *config)
{
	for (size_t i = 0; i < json_count(config, "problems"); i++) {
		_cleanup_free_ char *text = cli_problem_text(json_member(config, "problems", i));

		cli_say("kmemctl: %s (the section is skipped)", text ? text : "");
	}
}

static int configure(struct cli *cli, const struct kmemd_request *request,
		     const struct json_object *device, const struct json_object *section,
		     int (*callback)(struct cli *cli, const struct kmemd_request *request))
{
	char *names[] = {(char *)json_text(device, "chardev"), NULL};
	struct kmemd_request wanted = *request;
	bool ram = !strcmp(json_text(section, "mode"), "system-ram");

	wanted.devices = names;
	wanted.mode = ram ? KMEMD_MODE_SYSTEM_RAM : KMEMD_MODE_DEVDAX;
	if (ram) {
		wanted.no_online = wanted.no_online || !json_get_bool(section, "online");
		wanted.no_movable = !wanted.no_online &&
				    (wanted.no_movable || !json_get_bool(section, "movable"));
	}
	return callback(cli, &wanted);
}

/* The worse of two exit codes; some of it done and some not is 4. */
static int join(int a, int b, bool first)
{
	if (first || a == b)
		return b;
	return KMEMD_PARTLY;
}

int device_check_config(struct cli *cli, const struct kmemd_request *request,
			int (*callback)(struct cli *cli, const struct kmemd_request *request))
{
	_cleanup_(json_object_putp) struct json_object *config = NULL, *report = NULL;
	struct kmemd_list list = {
		.devices = request->devices,
		.region = request->region,
		.show_devices = true,
	};
	struct kmemd_error error = {0};
	bool first = true;
	int result = KMEMD_DONE;

	if (kmemd_policy_import(cli->kmemd, NULL, &config, &error) < 0 ||
	    kmemd_report_list(cli->kmemd, &list, &report, &error) < 0)
		return cli_fail(&error);
	tell_config_problems(config);
	for (size_t i = 0; i < json_count(report, "missing"); i++) {
		cli_say("kmemctl: no dax device is called '%s'",
			json_object_get_string(json_member(report, "missing", i)));
		result = join(result, KMEMD_NO_DEVICE, first);
		first = false;
	}
	for (size_t i = 0; i < json_count(report, "list"); i++) {
		struct json_object *device = json_member(report, "list", i);
		struct json_object *section = find_section(config, uuid_of(device));

		if (!section) {
			cli_say("%s: no section of daxctl's configuration is about it",
				json_text(device, "chardev"));
			continue;
		}
		result = join(result, configure(cli, request, device, section, callback), first);
		first = false;
	}
	return result;
}
