/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"
#include "cli/drain-run.h"
#include "cli/message.h"
#include "cli/verb.h"

static const struct cli_option option_eject = {
	"eject",
	.text = "power off the PCI slots of drained memdevs",
};

static const struct cli_option option_by_region = {
	"region",
	.text = "the names are those of CXL regions, and only these are drained",
};

static int run(struct cli *cli)
{
	bool eject = cli_given(cli, &option_eject), by_region = cli_given(cli, &option_by_region);

	if (eject && by_region)
		return cli_usage_error(cli, "--eject is about whole memdevs, and --region is not: "
					    "allowed is one of them");
	return drain_run(cli, by_region ? GOAL_DRAIN_REGION : eject ? GOAL_EJECT : GOAL_DRAIN);
}

const struct cli_verb verb_drain = {
	"drain",
	"DEVICE [DEVICE...]",
	"take the memory of devices out of use, so that they can be unplugged",
	OPTIONS(&option_json, &option_dry_run, &option_eject, &option_by_region, &option_policy,
		&option_timeout),
	run,
	1,
	ANY_NUMBER,
};
