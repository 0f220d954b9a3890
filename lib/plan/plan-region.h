/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_REGION_H
#define KMEMD_PLAN_REGION_H
/* The step that makes a region, of one memdev's free capacity or of a set's. Pure. */
#include "plan/plan.h"

/*
 * Adds the step that makes a region of all the free volatile capacity of the plan's memdev, with
 * the others of its set where it has any, and says at which addresses it will lie (start 0: not
 * known). 1; 0 when there is nothing to make, another member speaks for the set, or the plan's part
 * is refused; -ENOMEM.
 */
int plan_new_region(struct plan *plan, const struct kmemd_inventory *inventory,
		    struct range *ret_range);

#endif
