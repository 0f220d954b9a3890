/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_DRAIN_H
#define KMEMD_PLAN_DRAIN_H
#include "plan/plan.h"

/* The steps that take the plan's device out of use and free its regions. 0 or -ENOMEM. Pure. */
int plan_drain(struct plan *plan, const struct kmemd_inventory *inventory);

#endif
