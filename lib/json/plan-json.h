/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_JSON_H
#define KMEMD_PLAN_JSON_H
#include "base/error.h"
#include "context.h"
#include "plan/plan.h"

struct json_object;

/* Of one device, or of all when the name is NULL. -ENODEV when there is no such device. */
int kmemd_report_explain(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const struct kmemd_policy *policy, const char *device,
			 struct json_object **ret, struct kmemd_error *error);
/*
 * What kmemd_apply() would do (GOAL_POLICY), or kmemd_drain() (GOAL_DRAIN, GOAL_EJECT), with the
 * devices of a NULL-terminated list of names, or with all when it is empty:
 * {"devices": [{"device", "policy", "refused", "note", "steps": [{"type", "text", "why", "undo",
 * ...}]}]}
 */
int kmemd_report_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		      const struct kmemd_policy *policy, char *const *devices, enum goal goal,
		      struct json_object **ret, struct kmemd_error *error);

/* Appends a plan with its steps, what they cost and why they are there. */
void report_plan(struct json_object *array, const struct kmemd *kmemd, const struct plan *plan);

#endif
