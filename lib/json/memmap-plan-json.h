/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMMAP_PLAN_JSON_H
#define KMEMD_MEMMAP_PLAN_JSON_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"
#include "policy/policy.h"
#include "json/memmap-json.h"

struct json_object;

/* What kmemd_memmap_set() and kmemd_memmap_move() would do, in the form of kmemd_report_plan().
 * Changes nothing. */
int kmemd_report_memmap_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			     const struct kmemd_policy *policy, const char *device, bool on,
			     bool rebind, struct json_object **ret, struct kmemd_error *error);

#endif
