/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ADDED_BLOCKS_H
#define KMEMD_ADDED_BLOCKS_H
/*
 * The memory that a driver adds, by the numbers of its blocks: the device may go under the hands of
 * a job (ndctl disable-namespace looks for memory in use, and unbinds a moment later), and the
 * blocks that the kernel has put online by then stay online without it.
 */
#include "step/run.h"

struct json_object;

/* Notes in an undo which blocks of the device are not there yet; of one without ranges, none. */
int added_blocks_note(const struct run *run, const char *dax, struct json_object *what,
		      struct kmemd_error *error);
/* Those of them that are online now go offline, whatever has become of the device. */
int added_blocks_take_offline(const struct run *run, const struct json_object *what,
			      struct kmemd_error *error);

#endif
