/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_VERIFY_POLICY_H
#define KMEMD_VERIFY_POLICY_H
#include "base/error.h"
#include "plan/plan.h"

/* What a part of a plan was about; the rest of the device is not looked at. */
struct verify_scope {
	const char (*names)[DEVICE_NAME_MAX]; /* of regions and dax devices */
	size_t count;
	bool capacity; /* the device's free capacity, too */
};

/*
 * Compares a snapshot that was taken after a job with what was wanted, block by block, zone and
 * memmap included. 0, or -EIO and the first difference in words. A device that is gone is -ENODEV.
 * Pure.
 */
int verify_policy(const struct kmemd_inventory *after, const char *identity,
		  const struct decision *decision, enum goal goal, const struct verify_scope *scope,
		  struct kmemd_error *error);

/* The same for a region of a device that is drained or destroyed by itself. */
int verify_drained_region(const struct kmemd_inventory *after, const char *identity,
			  const char *region, const struct decision *decision, enum goal goal,
			  struct kmemd_error *error);

/*
 * A region that a step has made is what it should be: members by position, ways, granularity, size.
 */
int verify_region(const struct kmemd_inventory *after, const char *name,
		  const struct step_create_region *wanted, struct kmemd_error *error);

/* Every block of a dax device that kmem has added is in the state that is wanted, and some are. */
int verify_blocks(const struct dax_device *dax, enum block_state wanted, struct kmemd_error *error);

#endif
