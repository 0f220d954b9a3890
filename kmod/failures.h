/* SPDX-License-Identifier: GPL-2.0-only */
/* Collects the memory blocks that failed for one log line. */
#ifndef KMEM_FAILURES_H
#define KMEM_FAILURES_H

#include <linux/types.h>

/**
 * struct kmem_failures - blocks that failed to be added or to change
 * @nr: how many
 * @first_error: negative errno of the first one, 0 without any
 * @run_start: physical address of the first block of the last run
 * @run_end: last byte of the last run
 * @run_error: what all blocks of the last run failed with
 * @len: length of @text
 * @text: the runs before the last one
 *
 * A run is a row of neighbouring blocks that failed with the same error.
 */
struct kmem_failures {
	unsigned int nr;
	int first_error;
	u64 run_start;
	u64 run_end;
	int run_error;
	int len;
	char text[384];
};

void kmem_failures_add(struct kmem_failures *failures, u64 start,
		       u64 block_size, unsigned int nr, int error);
const char *kmem_failures_text(struct kmem_failures *failures);

#endif
