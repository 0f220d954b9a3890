/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DOCTOR_JSON_H
#define KMEMD_DOCTOR_JSON_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"
#include "policy/policy.h"

struct json_object;

/*
 * What on this machine will surprise its owner: {"findings": [{"severity": "error|warning|note",
 * "id", "subject", "what", "why", "cure", "cure_type": "command|by-hand|none"}], "errors",
 * "warnings", "notes", "healthy"}, the gravest first. Without an inventory (NULL, and why there is
 * none) or a policy (NULL) less is found; notes alone leave a machine healthy.
 */
int kmemd_report_doctor(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *why_not, const struct kmemd_policy *policy,
			struct json_object **ret, struct kmemd_error *error);

#endif
