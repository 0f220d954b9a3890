/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CHANGE_BLOCKS_H
#define KMEMD_CHANGE_BLOCKS_H
/* Bringing all blocks of a dax device into a state, with the way back and with reasons. */
#include "step/run.h"

/* Bringing blocks online takes milliseconds each: without progress for so long it is stuck. */
#define ONLINE_STALL_SEC 120

struct change_wish {
	enum step_type type; /* whose undo it is */
	enum block_state to; /* OFFLINE, MOVABLE or KERNEL */
	struct patience patience;
	unsigned int attempts; /* for each block; 0: until patience is over */
};

/*
 * Notes in which states the blocks are, and changes them. Blocks that the driver did not add are no
 * failure, unless it is all of them.
 */
int blocks_change(struct run *run, const char *dax, const struct change_wish *wish,
		  struct kmemd_error *error);
/* Puts back what blocks_change() noted, as far as nobody else has changed it since. */
int blocks_undo(struct run *run, struct json_object *what, struct kmemd_error *error);

/*
 * For undos that take a driver or a region away: what the kernel has put online by itself since
 * then is in no step's undo.
 */
int blocks_take_offline(struct run *run, const char *dax, struct kmemd_error *error);
/* The same for all dax devices of a region. */
int blocks_take_region_offline(struct run *run, const char *region, struct kmemd_error *error);

#endif
