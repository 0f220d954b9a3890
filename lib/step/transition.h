/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_TRANSITION_H
#define KMEMD_TRANSITION_H
/*
 * Memory blocks changing their state. A process of its own does the writing: a write of "offline"
 * can sit in the page allocator for minutes, where of all signals only SIGKILL ends it. The
 * process that waits for it keeps its deadline and can be cancelled, whatever the kernel does.
 *
 * The writer inherits the machine's lock and dies with its parent: when somebody else gets the
 * lock, nobody is writing any more.
 */
#include "base/deadline.h"
#include "step/run.h"

/* A block: what it was, is and shall be. In memory that both processes share. */
struct change {
	uint64_t index;
	enum block_state to;
	/* Of what follows the writer is the author. */
	enum block_state from; /* before the first write; BLOCK_STATE_COUNT: not known yet */
	enum block_state now;  /* as last read */
	bool touched;	       /* written to, or at least that was begun */
	bool seen;	       /* it was there once */
	bool done;	       /* read back, and as it shall be */
	bool absent;	       /* there is no such block: the driver has not added it */
	int result;	       /* of the last attempt, a negative errno */
};

struct changes;

struct transition {
	char dax[DEVICE_NAME_MAX];
	int node;
	struct changes *changes; /* shared */
};

/* Room for so many blocks. 0 or -ENOMEM. */
int transition_new(struct transition *transition, const struct dax_device *dax, size_t count);
void transition_release(struct transition *transition);
void transition_add(struct transition *transition, uint64_t index, enum block_state to);

/*
 * Which of a device's blocks, by its place in the order of addresses, has a turn. Pure.
 *
 * Coming online the lowest is first, and going offline the highest. The kernel puts new memory
 * online upwards, too, and hands out first what came online first, so that the highest blocks are
 * the emptiest, and what has to move out of them does not go where it will have to move again.
 *
 * Only of many blocks the second lowest is the last to come and the first to go. After every block
 * the kernel looks at the zone from its beginning to the first hole (set_zone_contiguous() in
 * mm/mm_init.c), and without that one there would be none: bench/README.md has the difference.
 */
size_t transition_turn(size_t count, enum block_state to, size_t turn);

size_t transition_count(const struct transition *transition);
const struct change *transition_change(const struct transition *transition, size_t i);

struct transition_sum {
	unsigned int done, total; /* of the blocks that are there */
	unsigned int absent;
	unsigned int moved;	    /* done that were not so before */
	const struct change *stuck; /* the first that is not done, or NULL */
};

struct transition_sum transition_sum(const struct transition *transition);

/*
 * Attempts until all blocks are as they shall be, the deadline is over, the run is cancelled, or
 * the attempts (1 and more) are used up. What is done already is not attempted again. 0,
 * -ECANCELED, -ETIMEDOUT, or the error of the first block that is stuck. -ESRCH: the writer was
 * killed by somebody else. In every case the writer is gone afterwards.
 */
int transition_run(const struct run *run, struct transition *transition, struct deadline *deadline,
		   unsigned int attempts);
/* Whether another attempt may bring on what is not done yet: pure. */
bool transition_may_go_on(const struct transition *transition);

#endif
