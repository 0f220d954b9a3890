/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_EJECT_H
#define KMEMD_PLAN_EJECT_H
#include "plan/plan.h"

/*
 * The step that powers off the PCI slot of a memdev whose drain is planned, as a part that comes
 * after all others; refused where something of the memdev stays. 0 or -ENOMEM. Pure.
 */
int plan_eject(struct plan *plan);

#endif
