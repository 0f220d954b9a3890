/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_POLICY_JOB_H
#define KMEMD_POLICY_JOB_H
#include "context.h"
#include "job/event.h"
#include "policy/policy.h"

/*
 * Brings every device (name NULL) or one to what its policy wants.
 *
 * Without a name, a device is left alone that is on record as held, failed or manual, and becomes
 * manual when another hand has changed it since kmemd left it; a new region or dax device of it is
 * no such change. An explicit name lifts all of that. With an empty job->appeared nothing is
 * touched: records of devices that are gone go, and memory that was pulled out in use is told.
 */
int kmemd_apply(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error);

#endif
