/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_VERIFY_POLICY_H
#define KMEMD_VERIFY_POLICY_H
#include "base/error.h"
#include "plan/plan.h"

/*
 * Compares a snapshot that was taken after a job with what was wanted, block by block, zone and
 * memmap included. 0, or -EIO and the first difference in words. A device that is gone is -ENODEV.
 * Pure.
 */
int verify(const struct kmemd_inventory *after, const char *identity,
	   const struct decision *decision, enum goal goal, struct kmemd_error *error);

/* Every block of a dax device that kmem has added is in the state that is wanted, and some are. */
int verify_blocks(const struct dax_device *dax, enum block_state wanted, struct kmemd_error *error);

#endif
