/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JOB_H
#define KMEMD_JOB_H
/*
 * Jobs. Each takes the machine's lock (waiting for it, as KMEMD_EVENT_WAITING says), puts right
 * what a job left behind that was cut short, works on one device after the other, verifies the
 * outcome in the kernel and undoes what it did when a step fails. A job may block for as long as
 * the kernel does: never call it from an event loop. Memory blocks are written to by a child
 * process of the library's own, so that a deadline can be kept; the caller must not reap it.
 */
#include "base/error.h"
#include "context.h"
#include "job/event.h"
#include "policy/policy.h"

/*
 * Bring every device (name NULL) or one to what its policy wants. An explicit name lifts a hold
 * and a failure that were recorded for the device; NULL leaves such devices alone.
 */
int kmemd_apply(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error);
/*
 * Take a device's memory out of use and free its region; hold it against policy from then on. Of
 * policy, which may be NULL, only the time that offlining may take counts.
 */
int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error);

#endif
