/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REGION_JOB_H
#define KMEMD_REGION_JOB_H
#include "context.h"
#include "job/event.h"
#include "plan/choose-set.h"
#include "policy/policy.h"

struct json_object;

/*
 * Makes a volatile CXL region of the memdevs that a person names, and brings it to what the policy
 * of the first one says; without a policy (it may be NULL) it is left as the kernel has it. What
 * was drained is not held any more, unless policy would have made it otherwise. *ret_name is the
 * new region.
 */
int kmemd_create_region(struct kmemd *kmemd, const struct kmemd_policy *policy,
			const struct kmemd_region_request *request, const struct kmemd_job *job,
			char ret_name[DEVICE_NAME_MAX], struct kmemd_error *error);

/* What it would do, in the form of kmemd_report_plan(). */
int kmemd_report_region(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const struct kmemd_policy *policy,
			const struct kmemd_region_request *request, struct json_object **ret,
			struct kmemd_error *error);

#endif
