/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/plan-text.h"
#include "cli/verb.h"
#include "json/plan-json.h"

/* A device that is refused is explained: that has worked. */
static int run(struct cli *cli)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (cli_load_policy(cli, &policy, &error) < 0 ||
	    cli_read_inventory(cli, &inventory, &error) < 0 ||
	    kmemd_report_explain(cli->kmemd, inventory, policy, cli->arguments[0], &json, &error) <
		    0)
		return cli_fail(&error);
	if (!cli_print_json(cli, json))
		cli_print_plans(json, true);
	return KMEMD_DONE;
}

const struct cli_verb verb_explain = {
	"explain",
	"DEVICE",
	"show which policy file and key decided what",
	OPTIONS(&option_json, &option_inventory, &option_policy),
	run,
	1,
	1,
};
