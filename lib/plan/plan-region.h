/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_REGION_H
#define KMEMD_PLAN_REGION_H
/* Where a new region finds its place: in a memdev's capacity and in the physical addresses. Pure.
 */
#include "plan/plan.h"

/*
 * Adds the step that makes a region of all the free volatile capacity of the plan's memdev, and
 * says at which addresses it will lie (start 0: not known). 1; 0 when there is nothing to make, or
 * the plan's part is refused; -ENOMEM.
 */
int plan_new_region(struct plan *plan, const struct kmemd_inventory *inventory,
		    struct range *ret_range);

/*
 * The lowest place in a window for a region, as get_free_mem_region() finds it: in units of
 * 256 MiB, not below floor, holding as many whole memory blocks as any. 0 when there is none.
 */
uint64_t region_place(const struct root_decoder *window, uint64_t size, uint64_t floor,
		      uint64_t block_size);

#endif
