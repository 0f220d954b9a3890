/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/drain-run.h"

#include "base/error.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/job-events.h"
#include "cli/message.h"
#include "cli/plan-report.h"
#include "job/drain-job.h"

int drain_run(struct cli *cli, enum goal goal)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	const struct kmemd_drain wanted = {.devices = cli->arguments, .goal = goal};
	struct kmemd_error error = {0};
	struct kmemd_job job;
	int r;

	if (cli->dry_run)
		return cli_dry_run(cli, goal);
	job = cli_job(cli);
	cli->tells_failures = cli->arguments[1] != NULL;
	/* A mistake in a file must not keep memory in use: the default timeout serves. */
	if (cli_load_policy(cli, &policy, &error) < 0)
		cli_fail(&error);
	r = kmemd_drain(cli->kmemd, policy, &wanted, &job, &error);
	return cli_job_finish(cli, r, &error);
}
