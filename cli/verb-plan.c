/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/plan-report.h"
#include "cli/plan-text.h"
#include "cli/verb.h"

/* Not a kmemd_result: nothing has failed. */
#define HAS_STEPS 10

static const struct cli_option option_check = {
	"check",
	.text = "exit with 10 when there are steps, 3 when one is refused",
};

static bool has_steps(const struct json_object *json)
{
	for (size_t i = 0; i < json_count(json, "devices"); i++)
		if (json_count(json_member(json, "devices", i), "steps"))
			return true;
	return false;
}

static int run(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	int result;

	if (cli_report_plan(cli, GOAL_POLICY, &json, &error) < 0)
		return cli_fail(&error);
	result = cli_print_plan(cli, json);
	if (cli_given(cli, &option_check))
		return has_steps(json) ? HAS_STEPS : result;
	/* Of several devices each may be refused: only what was asked for by name is a failure. */
	return cli->arguments[0] ? result : KMEMD_DONE;
}

const struct cli_verb verb_plan = {
	"plan",
	"[DEVICE]",
	"show what policy would do, and what that costs",
	OPTIONS(&option_json, &option_check, &option_inventory, &option_policy),
	run,
	0,
	1,
};
