/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_DEVICE_H
#define KMEMD_PLAN_DEVICE_H
#include "plan/plan.h"

/*
 * 0 or -ENOMEM; what is refused is a part without steps. The plan points into inventory and policy.
 */
int plan_make(const struct kmemd_inventory *inventory, const struct device *device,
	      const struct decision *decision, enum goal goal, struct plan *ret);

/*
 * The same by policy, where expanders of `sets` make regions together. What is refused or noted
 * then says why a set is not what was asked for.
 */
int plan_make_of_sets(const struct kmemd_inventory *inventory, const struct device *device,
		      const struct decision *decision, struct region_sets *sets, struct plan *ret);

/* One of the device's regions: GOAL_DRAIN_REGION or GOAL_DESTROY_REGION. */
int plan_make_of_region(const struct kmemd_inventory *inventory, const struct device *device,
			const struct region *region, const struct decision *decision,
			enum goal goal, struct plan *ret);

/* A region of the only set of `sets`, as choose-set.h makes it; the device is its first member. */
int plan_make_by_hand(const struct kmemd_inventory *inventory, const struct decision *decision,
		      struct region_sets *sets, struct plan *ret);

#endif
