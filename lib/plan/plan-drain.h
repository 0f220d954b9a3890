/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_DRAIN_H
#define KMEMD_PLAN_DRAIN_H
#include "base/error.h"
#include "plan/plan.h"

/* The steps that take the plan's device out of use and free its regions. 0 or -ENOMEM. Pure. */
int plan_drain(struct plan *plan, const struct kmemd_inventory *inventory);

/*
 * A region that may be drained by itself, and the device that speaks for it. -ENODEV when there is
 * none; -EOPNOTSUPP for one of persistent capacity, which kmemd could not make again.
 */
int drain_find_region(const struct kmemd_inventory *inventory, const char *name,
		      const struct device **ret_device, const struct region **ret_region,
		      struct kmemd_error *error);

#endif
