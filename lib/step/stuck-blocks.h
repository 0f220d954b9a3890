/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_STUCK_BLOCKS_H
#define KMEMD_STUCK_BLOCKS_H
/* Why blocks are not in the state that they should be in, and who is in the way. */
#include "step/transition.h"

/* The error of a transition_run() that ended with this negative errno, which is returned. */
int set_stuck_failure(const struct run *run, const struct transition *transition, int result,
		      struct kmemd_error *error);

#endif
