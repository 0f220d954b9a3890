/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_MEMMAP_H
#define KMEMD_PLAN_MEMMAP_H
/* The plan that moves the memmap of one dax device, at a person's word. Pure. */
#include "plan/plan.h"

struct memmap_wish_by_hand {
	bool on_device;
	bool rebind; /* also while its memory is in use */
};

/*
 * 0 or -ENOMEM; no steps when it is so already. Without rebind a device whose memory is in use is
 * refused; with it blocks go offline and come back into the zone that all of them were in. The
 * decision is that of policy: one that says the opposite would undo it at once.
 */
int plan_memmap(const struct kmemd_inventory *inventory, const struct device *device,
		const struct dax_device *dax, const struct decision *decision,
		struct memmap_wish_by_hand wish, struct plan *ret);

/* Whether all blocks of the device are in one and the same state, and which. */
bool blocks_agree(const struct dax_device *dax, enum block_state *ret);

#endif
