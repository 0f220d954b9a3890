// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collects the memory blocks that failed to be added or to change, neighbours with
 * the same error as one run, so that a device gets one line in the log and not one
 * for each of its blocks.
 */
#include <linux/kernel.h>

#include "failures.h"

/* Room for the longest run, so that a text that is full ends with a whole one. */
#define RUN_TEXT_MAX	64

static void write_run(struct kmem_failures *failures)
{
	if (!failures->run_error)
		return;

	if (failures->len > (int)sizeof(failures->text) - RUN_TEXT_MAX) {
		if (failures->text[failures->len - 1] != '.')
			failures->len += scnprintf(failures->text + failures->len,
						   RUN_TEXT_MAX, ", ...");
		return;
	}
	failures->len += scnprintf(failures->text + failures->len, RUN_TEXT_MAX,
				   "%s%#llx-%#llx (error %d)",
				   failures->len ? ", " : "",
				   failures->run_start, failures->run_end,
				   failures->run_error);
}

/**
 * kmem_failures_add() - remember blocks that failed
 * @failures: where
 * @start: physical address of the first of them
 * @block_size: bytes of one block
 * @nr: number of neighbouring blocks
 * @error: negative errno
 *
 * In ascending order, runs are as long as they can be.
 */
void kmem_failures_add(struct kmem_failures *failures, u64 start,
		       u64 block_size, unsigned int nr, int error)
{
	u64 end = start + block_size * nr - 1;

	if (!failures->nr)
		failures->first_error = error;
	failures->nr += nr;

	if (failures->run_error == error && failures->run_end + 1 == start) {
		failures->run_end = end;
		return;
	}
	write_run(failures);
	failures->run_start = start;
	failures->run_end = end;
	failures->run_error = error;
}

/**
 * kmem_failures_text() - name all blocks that failed
 * @failures: none can be remembered afterwards
 *
 * Return: the runs with their errors; shortened with "..." if they are many.
 */
const char *kmem_failures_text(struct kmem_failures *failures)
{
	write_run(failures);
	failures->run_error = 0;
	return failures->text;
}
