/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/job-events.h"
#include "cli/message.h"
#include "cli/plan-report.h"
#include "cli/verb.h"
#include "job/policy-job.h"
#include "json/status-json.h"

#include <string.h>

/* How many devices have a record of this state, which policy therefore leaves alone. */
static unsigned int count_records(const struct json_object *status, const char *state)
{
	unsigned int count = 0;

	for (size_t i = 0; i < json_count(status, "records"); i++)
		count += !strcmp(json_text(json_member(status, "records", i), "state"), state);
	return count;
}

/* Nothing was done: because all is as it should be, or because devices are left alone. */
static void tell_nothing_done(struct cli *cli)
{
	_cleanup_(json_object_putp) struct json_object *status = NULL;
	unsigned int held = 0, manual = 0;

	if (!cli->arguments[0] && kmemd_report_status(cli->kmemd, &status, NULL) == 0) {
		held = count_records(status, "held");
		manual = count_records(status, "manual");
	}
	if (held || manual)
		cli_say("Nothing to do; devices that are left alone: held %u, manual %u (see "
			"kmemctl status)",
			held, manual);
	else
		cli_say("Nothing to do");
}

static int run(struct cli *cli)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};
	struct kmemd_job job;
	int r;

	if (cli->dry_run)
		return cli_dry_run(cli, GOAL_POLICY);
	job = cli_job(cli);
	job.retry = true;
	if (cli_load_policy(cli, &policy, &error) < 0)
		return cli_fail(&error);
	r = kmemd_apply(cli->kmemd, policy, cli->arguments[0], &job, &error);
	if (r == 0 && !cli->devices_done)
		tell_nothing_done(cli);
	return cli_job_finish(cli, r, &error);
}

const struct cli_verb verb_apply = {
	"apply",
	"[DEVICE]",
	"bring all devices, or one, to what policy wants",
	OPTIONS(&option_json, &option_dry_run, &option_policy, &option_timeout),
	run,
	0,
	1,
};
