/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/plan-report.h"

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/plan-text.h"
#include "json/plan-json.h"

int cli_report_plan(struct cli *cli, enum goal goal, struct json_object **ret,
		    struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	int r = cli_load_policy(cli, &policy, error);

	if (r >= 0)
		r = cli_read_inventory(cli, &inventory, error);
	return r < 0 ? r
		     : kmemd_report_plan(cli->kmemd, inventory, policy, cli->arguments, goal, ret,
					 error);
}

int cli_dry_run(struct cli *cli, enum goal goal)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	int result;

	if (cli_report_plan(cli, goal, &json, &error) < 0)
		return cli_fail(&error);
	result = cli_print_plan(cli, json);
	return cli->arguments[0] ? result : KMEMD_DONE;
}
