/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_PLAN_TEXT_H
#define KMEMCTL_PLAN_TEXT_H
/* Plans for people: of plan, explain, and --dry-run of what changes something. */
#include "base/json.h"

struct cli;

/* Prints a report of plans. KMEMD_REFUSED when one that was asked for is refused. */
int cli_print_plan(struct cli *cli, struct json_object *json);
/* As text, with the keys of the policy where they are in the report. */
void cli_print_plans(const struct json_object *json, bool with_keys);
bool cli_plan_is_refused(const struct json_object *json);

#endif
