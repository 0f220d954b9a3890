/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"
#include "cli/drain-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	return drain_run(cli,
			 cli_given(cli, &option_force) ? GOAL_DRAIN_REGION : GOAL_DESTROY_REGION);
}

const struct cli_verb verb_destroy_region = {
	"destroy-region",
	"REGION [REGION...]",
	"destroy volatile CXL regions and free their capacity",
	OPTIONS(&option_json, &option_dry_run, &option_force, &option_policy, &option_timeout),
	run,
	1,
	ANY_NUMBER,
};
