/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/job-events.h"
#include "cli/message.h"
#include "cli/plan-report.h"
#include "cli/verb.h"
#include "job/drain-job.h"

static const struct cli_option option_eject = {
	"eject",
	.text = "power off the PCI slots of drained memdevs",
};

static int run(struct cli *cli)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	const struct kmemd_drain wanted = {
		.devices = cli->arguments,
		.eject = cli_given(cli, &option_eject),
	};
	struct kmemd_error error = {0};
	struct kmemd_job job;
	int r;

	if (cli->dry_run)
		return cli_dry_run(cli, wanted.eject ? GOAL_EJECT : GOAL_DRAIN);
	job = cli_job(cli);
	cli->tells_failures = cli->arguments[1] != NULL;
	/* A mistake in a file must not keep memory in use: the default timeout serves. */
	if (cli_load_policy(cli, &policy, &error) < 0)
		cli_fail(&error);
	r = kmemd_drain(cli->kmemd, policy, &wanted, &job, &error);
	return cli_job_finish(cli, r, &error);
}

const struct cli_verb verb_drain = {
	"drain",
	"DEVICE [DEVICE...]",
	"take the memory of devices out of use, so that they can be unplugged",
	OPTIONS(&option_json, &option_dry_run, &option_eject, &option_policy, &option_timeout),
	run,
	1,
	ANY_NUMBER,
};
