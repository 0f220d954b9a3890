/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "json/inventory-json.h"

static int run(struct cli *cli)
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

const struct cli_verb verb_inventory = {
	"inventory",
	"",
	"print the whole snapshot, for plan --inventory and bug reports",
	OPTIONS(&option_json),
	run,
	0,
	0,
};
