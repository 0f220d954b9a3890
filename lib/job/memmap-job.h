/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMMAP_JOB_H
#define KMEMD_MEMMAP_JOB_H
#include "base/error.h"
#include "context.h"
#include "job/event.h"
#include "policy/policy.h"

/*
 * Set memmap_on_memory of a device's dax device; -EBUSY (KMEMD_REFUSED) while its memory is in use,
 * -EOPNOTSUPP (KMEMD_REFUSED) where the kernel has no such switch.
 */
int kmemd_memmap_set(struct kmemd *kmemd, const char *device, bool on, const struct kmemd_job *job,
		     struct kmemd_error *error);
/*
 * The same also while its memory is in use: its blocks go offline, the device is bound again, and
 * they come back into the zone that they were in; what cannot be done is undone. Refused where a
 * policy file (policy may be NULL) says the opposite, where the blocks are not all online in one
 * zone, and where the memmap would not fit into DRAM.
 */
int kmemd_memmap_move(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		      bool on, const struct kmemd_job *job, struct kmemd_error *error);

#endif
