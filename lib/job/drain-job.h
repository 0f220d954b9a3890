/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DRAIN_JOB_H
#define KMEMD_DRAIN_JOB_H
#include "context.h"
#include "job/event.h"
#include "plan/plan.h"
#include "policy/policy.h"

struct kmemd_drain {
	char *const *devices; /* names, NULL-terminated, at least one */
	/*
	 * GOAL_DRAIN; GOAL_EJECT, which powers off their PCI slots afterwards; or, of names of
	 * regions, GOAL_DRAIN_REGION or GOAL_DESTROY_REGION.
	 */
	enum goal goal;
};

/*
 * Takes the memory of devices out of use and frees their regions; holds them against policy from
 * then on. All names have to be those of devices (or volatile regions); after that one that fails
 * keeps no other from being drained, and the first failure is returned. Of policy, which may be
 * NULL, only the time that offlining may take counts.
 */
int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy,
		const struct kmemd_drain *wanted, const struct kmemd_job *job,
		struct kmemd_error *error);

#endif
