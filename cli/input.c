/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/input.h"

#include "base/error.h"
#include "cli/message.h"
#include "cli/output.h"
#include "inventory/inventory.h"
#include "inventory/load-inventory.h"
#include "inventory/snapshot.h"
#include "policy/load-policy.h"
#include "json/devices-json.h"
#include "json/policy-json.h"

#include <errno.h>

static int read_inventory_file(const char *path, struct kmemd_inventory **ret,
			       struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	int r = json_read_file(path, &json);

	if (r == 0)
		return kmemd_inventory_from_json(json, ret, error);
	error->result = r == -EACCES ? KMEMD_NOT_PERMITTED : KMEMD_USAGE;
	error->errnum = -r;
	snprintf(error->message, sizeof(error->message), "cannot read the inventory %s: %s", path,
		 r == -EBADMSG ? "it is not JSON, or cut short" : strerror(-r));
	return r;
}

int cli_read_inventory(struct cli *cli, struct kmemd_inventory **ret, struct kmemd_error *error)
{
	if (cli->inventory_file)
		return read_inventory_file(cli->inventory_file, ret, error);
	return kmemd_inventory_read(cli->kmemd, ret, error);
}

int cli_read_devices(struct cli *cli, struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = cli_read_inventory(cli, &inventory, error);

	return r < 0 ? r
		     : kmemd_report_devices(cli->kmemd, inventory, cli->arguments[0], ret, error);
}

int cli_load_policy(struct cli *cli, struct kmemd_policy **ret, struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	int r = kmemd_policy_load(cli->kmemd, ret, error);

	if (r < 0)
		return r;
	json = kmemd_policy_to_json(*ret);
	for (size_t i = 0; i < json_count(json, "problems"); i++) {
		_cleanup_free_ char *text = cli_problem_text(json_member(json, "problems", i));

		cli_say("kmemctl: %s (devices that the file may be about are left alone)",
			text ? text : "");
	}
	return 0;
}
