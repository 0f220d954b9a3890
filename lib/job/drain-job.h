/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DRAIN_JOB_H
#define KMEMD_DRAIN_JOB_H
#include "context.h"
#include "job/event.h"
#include "policy/policy.h"

/*
 * Takes a device's memory out of use and frees its regions; holds it against policy from then on.
 * Of policy, which may be NULL, only the time that offlining may take counts.
 */
int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error);

#endif
