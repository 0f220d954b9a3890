/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_BLOCK_WRITER_H
#define KMEMD_BLOCK_WRITER_H
#include "step/transition.h"

/* Shared by the writer, which fills it, and the one who waits. */
struct changes {
	volatile unsigned int done; /* so far, absent ones included */
	volatile size_t current;    /* index of the change under way */
	size_t room, count;
	int node; /* of the blocks */
	struct change items[];
};

/*
 * Attempts every change, again and again with pauses, until all are done or the attempts are used
 * up. Allocates nothing: it runs in a fork of the process that uses the library.
 */
void writer_run(struct changes *changes, int directory, unsigned int attempts);

/* Whether something is left, and nothing says that no attempt will help. */
bool changes_may_go_on(const struct changes *changes);

/* Whether the block is, as last read, what it shall be. BLOCK_MIXED means online in any zone. */
bool change_is_done(const struct change *change);

#endif
