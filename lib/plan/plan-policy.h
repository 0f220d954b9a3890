/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_POLICY_H
#define KMEMD_PLAN_POLICY_H
#include "plan/plan.h"

/* The steps from what the plan's device is to what its decision says. 0 or -ENOMEM. Pure. */
int plan_policy(struct plan *plan, const struct kmemd_inventory *inventory);
/* Those to a region of the plan's only set, and on to what the mode says. 0 or -ENOMEM. Pure. */
int plan_region_by_hand(struct plan *plan, const struct kmemd_inventory *inventory);

#endif
