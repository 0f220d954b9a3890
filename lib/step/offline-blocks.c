/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/offline-blocks.h"

#include "step/change-blocks.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "offline %u memory blocks of %s", step->blocks.count,
		 step->target.name);
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct change_wish wish = {
		.type = STEP_OFFLINE,
		.to = BLOCK_OFFLINE,
		.patience = run->offline,
	};

	return blocks_change(run, run_target(run, step), &wish, error);
}

const struct step_operations offline_blocks_operations = {
	.name = "offline",
	.undo_text = "put the blocks back into the zones they were in",
	.text = text,
	.run = run_it,
	.undo = blocks_undo,
};
