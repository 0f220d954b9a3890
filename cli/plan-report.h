/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_PLAN_REPORT_H
#define KMEMCTL_PLAN_REPORT_H
#include "base/error.h"
#include "base/json.h"
#include "plan/plan.h"

struct cli;

/* What apply or drain would do with the devices in the arguments, or with all. */
int cli_report_plan(struct cli *cli, enum goal goal, struct json_object **ret,
		    struct kmemd_error *error);
/* Prints that for --dry-run; the exit code. */
int cli_dry_run(struct cli *cli, enum goal goal);

#endif
