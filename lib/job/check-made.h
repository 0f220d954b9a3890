/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CHECK_MADE_H
#define KMEMD_CHECK_MADE_H
#include "job/engine.h"

/*
 * For struct task: reads the machine again, into task->after, and compares what the part has made
 * or changed with what the plan's decision wants. 0, or -EIO and the first difference.
 */
int check_made(struct task *task, const struct plan_part *part, const struct run *run,
	       struct kmemd_error *error);

#endif
