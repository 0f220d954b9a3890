/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/verify-policy.h"

#include "base/error.h"
#include "inventory/memmap-place.h"
#include "inventory/names.h"

#include <errno.h>
#include <inttypes.h>

static int verify_present(const struct dax_device *dax, struct kmemd_error *error)
{
	struct block_counts counts = dax_block_counts(dax);

	return counts.in[BLOCK_ABSENT] == counts.total
		       ? error_set(error, KMEMD_FAILED, EIO, "%s has no memory blocks in kmem",
				   dax->name)
		       : 0;
}

int verify_blocks(const struct dax_device *dax, enum block_state wanted, struct kmemd_error *error)
{
	array_foreach(block, &dax->blocks)
		if (block->state != wanted && block->state != BLOCK_ABSENT)
			return error_set(error, KMEMD_FAILED, EIO,
					 "memory%" PRIu64 " of %s is %s and should be %s",
					 block->index, dax->name, block_state_names[block->state],
					 block_state_names[wanted]);
	return verify_present(dax, error);
}

/* With Online=no the state of the blocks is another program's. */
static int verify_kmem(const struct dax_device *dax, const struct settings *settings,
		       struct kmemd_error *error)
{
	if (!dax_is_kmem(dax))
		return error_set(error, KMEMD_FAILED, EIO,
				 "%s is bound to %s and should be to kmem", dax->name,
				 dax->driver[0] ? dax->driver : "no driver");
	if (!settings->online)
		return verify_present(dax, error);
	return verify_blocks(dax, settings->zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL,
			     error);
}

static int verify_memmap(const struct kmemd_inventory *after, const struct dax_device *dax,
			 const struct decision *decision, struct kmemd_error *error)
{
	const char *how;
	enum tristate on_device = dax_memmap_on_device(after, dax, &how);

	if (decision->settings.memmap == MEMMAP_YES && on_device == TRISTATE_NO)
		return error_set(error, KMEMD_FAILED, EIO,
				 "the memmap of %s is in DRAM (%s) and should be on the device",
				 dax->name, how);
	if (decision->settings.memmap == MEMMAP_NO && on_device == TRISTATE_YES)
		return error_set(error, KMEMD_FAILED, EIO,
				 "the memmap of %s is on the device (%s) and should be in DRAM",
				 dax->name, how);
	return 0;
}

static int verify_system_ram(const struct kmemd_inventory *after, const struct device *device,
			     const struct decision *decision, struct kmemd_error *error)
{
	array_foreach(dax, &device->dax) {
		int r = verify_kmem(*dax, &decision->settings, error);

		if (r == 0)
			r = verify_memmap(after, *dax, decision, error);
		if (r < 0)
			return r;
	}
	return 0;
}

int verify(const struct kmemd_inventory *after, const char *identity,
	   const struct decision *decision, enum goal goal, struct kmemd_error *error)
{
	const struct device *device = inventory_device(after, identity);
	struct plan left = {0};
	char text[192];
	int r;

	if (!device)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", identity);
	if (goal == GOAL_POLICY && decision->settings.mode == MODE_SYSTEM_RAM) {
		r = verify_system_ram(after, device, decision, error);
		if (r < 0)
			return r;
	}
	/* Whatever planning still finds to do was not done. */
	r = plan_make(after, device, decision, goal, &left);
	if (r < 0)
		return error_memory(error);
	if (left.refusal[0]) {
		r = error_set(error, KMEMD_FAILED, EIO, "%s", left.refusal);
	} else if (left.steps.count) {
		step_text(left.steps.items, text, sizeof(text));
		r = error_set(error, KMEMD_FAILED, EIO, "the kernel still shows work to do: %s",
			      text);
	}
	plan_release(&left);
	return r;
}
