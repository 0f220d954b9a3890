/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/stuck-blocks.h"

#include "base/error.h"
#include "inventory/names.h"
#include "step/in-use.h"

#include <inttypes.h>
#include <stdio.h>

static const char *reason(int result)
{
	switch (result) {
	case -ETIMEDOUT:
	case -EINTR:
		return "not within the time allowed";
	case -ESRCH:
		return "the process that writes was killed";
	case -EAGAIN:
		return "somebody else changes it as well";
	default:
		return strerror(-result);
	}
}

static void set_stuck(const struct run *run, const struct transition *transition, int result,
		      struct kmemd_error *error)
{
	struct transition_sum sum = transition_sum(transition);
	const struct change *stuck = sum.stuck;
	char more[48] = "", in_use[512] = "";

	if (sum.total - sum.done > 1)
		snprintf(more, sizeof(more), " (and %u more)", sum.total - sum.done - 1);
	if (block_is_online(stuck->now) && stuck->now < BLOCK_STATE_COUNT)
		describe_use(run->kmemd, transition->node, stuck->now, sum.total, in_use,
			     sizeof(in_use));
	error_errno(error, -result,
		    "memory%" PRIu64 " of %s stays %s%s after %u of %u blocks: %s%s", stuck->index,
		    transition->dax,
		    stuck->now < BLOCK_STATE_COUNT ? block_state_names[stuck->now] : "as it was",
		    more, sum.done, sum.total, reason(result), in_use);
}

int set_stuck_failure(const struct run *run, const struct transition *transition, int result,
		      struct kmemd_error *error)
{
	struct transition_sum sum = transition_sum(transition);

	if (result == -ECANCELED)
		error_set(error, KMEMD_FAILED, ECANCELED, "cancelled after %u of %u blocks",
			  sum.done, sum.total);
	else if (!sum.stuck)
		error_errno(error, -result, "cannot write to the memory blocks: %s",
			    strerror(-result));
	else if (result == -ENODEV)
		error_set(error, KMEMD_NO_DEVICE, ENODEV,
			  "memory%" PRIu64 " of %s is gone: was the device removed?",
			  sum.stuck->index, transition->dax);
	else
		set_stuck(run, transition, result, error);
	return result;
}
