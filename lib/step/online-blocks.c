/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/online-blocks.h"

#include "base/error.h"
#include "inventory/names.h"
#include "step/change-blocks.h"

#include <stdio.h>

#define ATTEMPTS 3

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "online %u memory blocks of %s in the %s zone", step->blocks.count,
		 step_target_text(step), zone_names[step->blocks.zone]);
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct change_wish wish = {
		.type = STEP_ONLINE,
		.to = step->blocks.zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL,
		.patience = run->online,
		.attempts = ATTEMPTS,
	};
	int r = blocks_change(run, run_target(run, step), &wish, error);

	if (r == 0 || r == -ECANCELED || !step->blocks.keep)
		return r;
	/* The kernel uses what it put into another zone at boot: only there that can be changed. */
	run->keep = true;
	error_append(error,
		     "; blocks that could be moved stay moved, and the others are where the kernel "
		     "put them: boot with memhp_default_state=online_%s, and it puts them there",
		     zone_names[step->blocks.zone]);
	return r;
}

const struct step_operations online_blocks_operations = {
	.name = "online",
	.undo_text = "put the blocks back into the states they were in",
	.text = text,
	.run = run_it,
	.undo = blocks_undo,
};
