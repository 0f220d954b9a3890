/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps that bring all blocks of a dax device into a state, with undo and reasons. */
#include "base/error.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/memory-block.h"
#include "inventory/names.h"
#include "inventory/read-dax.h"
#include "job/event.h"
#include "job/run.h"
#include "step/in-use.h"
#include "step/transition.h"

#include <inttypes.h>
#include <stdio.h>

/* Bringing blocks online takes milliseconds each: without progress for so long it is stuck. */
#define ONLINE_STALL_SEC 120
#define ONLINE_ATTEMPTS	 3

/*
 * The device's ranges as they are now. Those of the snapshot serve while nobody has bound the
 * device anew: it is bound to kmem, the lock is ours, and its ranges do not change while it is.
 */
static int read_device(const struct run *run, const char *name, struct kmemd_inventory **inventory,
		       struct dax_device *ret, struct kmemd_error *error)
{
	const char *called = name[0]		   ? name
			     : run->created_dax[0] ? run->created_dax
						   : run->created_region;
	char *names[] = {(char *)called, NULL};
	const struct dax_device *dax = NULL;
	int r = 0;

	if (run->inventory && !run->rebound)
		dax = inventory_dax(run->inventory, called);
	if (!dax || !dax_is_kmem(dax) || !dax->ranges.count) {
		r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_RANGES, inventory, error);
		if (r < 0)
			return r;
		dax = inventory_dax(*inventory, called);
	}
	if (!dax)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", called);
	*ret = *dax;
	ret->blocks.items = NULL;
	ret->blocks.count = 0;
	return 0;
}

static uint64_t block_size(const struct run *run)
{
	return run->inventory ? run->inventory->host.block_size : 0;
}

static void add_blocks(struct transition *transition, const struct dax_device *dax,
		       enum block_state to)
{
	size_t count = dax->blocks.count;

	for (size_t turn = 0; turn < count; turn++)
		transition_add(transition,
			       dax->blocks.items[transition_turn(count, to, turn)].index, to);
}

static int begin_transition(const struct run *run, const char *name, enum block_state to,
			    struct transition *transition, uint64_t block_size,
			    struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = NULL;
	struct dax_device dax = {0}; /* its ranges are the snapshot's, its blocks our own */
	int r = read_device(run, name, &inventory, &dax, error);

	if (r == 0 && inventory)
		block_size = inventory->host.block_size;
	if (r == 0 && blocks_find(&dax, block_size) < 0)
		r = error_memory(error);
	if (r == 0 && !dax.blocks.count)
		r = error_set(error, KMEMD_FAILED, EIO,
			      "%s shows no range with a whole memory block", dax.name);
	if (r == 0 && transition_new(transition, &dax, block_size, dax.blocks.count) < 0)
		r = error_memory(error);
	if (r == 0)
		add_blocks(transition, &dax, to);
	free(dax.blocks.items);
	kmemd_inventory_free(inventory);
	return r;
}

/* --- why it failed ------------------------------------------------------------------------------
 */

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

static void set_failure(const struct run *run, const struct transition *transition, int result,
			struct kmemd_error *error)
{
	struct transition_sum sum = transition_sum(transition);
	const struct change *stuck = sum.stuck;
	char more[48] = "", in_use[512] = "";

	if (result == -ECANCELED) {
		error_set(error, KMEMD_FAILED, ECANCELED, "cancelled after %u of %u blocks",
			  sum.done, sum.total);
		return;
	}
	if (!stuck) {
		error_errno(error, -result, "cannot write to the memory blocks: %s",
			    strerror(-result));
		return;
	}
	if (result == -ENODEV) {
		error_set(error, KMEMD_NO_DEVICE, ENODEV,
			  "memory%" PRIu64 " of %s is gone: was the device removed?", stuck->index,
			  transition->dax);
		return;
	}
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

/* --- the way back -------------------------------------------------------------------------------
 */

static void release_transition(void *data)
{
	transition_release(data);
	free(data);
}

static int undo_blocks(struct run *run, void *data, struct kmemd_error *error)
{
	struct transition *back = data;
	int r = transition_run(run, back, (struct patience){.stall_sec = ONLINE_STALL_SEC},
			       ONLINE_ATTEMPTS);

	if (r < 0)
		set_failure(run, back, r, error);
	return r;
}

/* Newest first, of the blocks that this transition has written to. */
static int push_blocks_undo(struct run *run, const struct transition *transition)
{
	struct dax_device dax = {.target_node = transition->node};
	struct transition *back = calloc(1, sizeof(*back));

	if (!back)
		return -ENOMEM;
	memcpy(dax.name, transition->dax, sizeof(dax.name));
	if (transition_new(back, &dax, transition->block_size, transition_count(transition)) < 0) {
		free(back);
		return -ENOMEM;
	}
	for (size_t i = transition_count(transition); i-- > 0;) {
		const struct change *change = transition_change(transition, i);

		if (change->touched && change->from < BLOCK_STATE_COUNT)
			transition_add(back, change->index, change->from);
	}
	if (!transition_count(back)) {
		release_transition(back);
		return 0;
	}
	return run_push_undo(run, undo_blocks, release_transition, back,
			     "put %zu blocks of %s back", transition_count(back), transition->dax);
}

/* --- the steps ----------------------------------------------------------------------------------
 */

/* Blocks that are absent are no failure, unless it is the device that is gone, or all of them. */
static int check_absent(const struct run *run, const struct transition *transition,
			struct kmemd_error *error)
{
	struct transition_sum sum = transition_sum(transition);
	char driver[DEVICE_NAME_MAX];
	int r;

	if (!sum.absent)
		return 0;
	r = dax_driver(run, transition->dax, driver, error);
	if (r < 0)
		return r;
	if (strcmp(driver, "kmem"))
		return error_set(error, KMEMD_FAILED, EIO, "%s is not bound to kmem",
				 transition->dax);
	if (!sum.total)
		return error_set(error, KMEMD_FAILED, EIO, "%s has no memory blocks in kmem",
				 transition->dax);
	run_event(run, KMEMD_EVENT_NOTICE, "%u of %u blocks of %s were not added by the driver",
		  sum.absent, sum.absent + sum.total, transition->dax);
	return 0;
}

static int change_all(struct run *run, const char *name, enum block_state to,
		      struct patience patience, unsigned int attempts, struct kmemd_error *error)
{
	struct transition transition = {0};
	int r = begin_transition(run, name, to, &transition, block_size(run), error);

	if (r == 0) {
		r = transition_run(run, &transition, patience, attempts);
		if (r < 0)
			set_failure(run, &transition, r, error);
		else
			r = check_absent(run, &transition, error);
		run->moved += transition_sum(&transition).moved;
		if (push_blocks_undo(run, &transition) < 0)
			r = error_memory(error);
	}
	transition_release(&transition);
	return r;
}

int step_online(struct run *run, const struct step *step, struct kmemd_error *error)
{
	struct patience patience = {.stall_sec = ONLINE_STALL_SEC};
	int r = auto_online_restore(run, error);

	if (r < 0)
		return r;
	if (run->plan->goal == GOAL_REQUEST && run->patience.total_sec)
		patience.total_sec = run->patience.total_sec;
	return change_all(run, step->target,
			  step->zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL, patience,
			  ONLINE_ATTEMPTS, error);
}

int step_offline(struct run *run, const struct step *step, struct kmemd_error *error)
{
	return change_all(run, step->target, BLOCK_OFFLINE, run->patience, 0, error);
}

int blocks_take_offline(struct run *run, const char *dax, struct kmemd_error *error)
{
	struct patience patience = {.stall_sec = ONLINE_STALL_SEC};
	struct transition transition = {0};
	int r = begin_transition(run, dax, BLOCK_OFFLINE, &transition, block_size(run), error);

	if (r == 0) {
		r = transition_run(run, &transition, patience, ONLINE_ATTEMPTS);
		if (r < 0)
			set_failure(run, &transition, r, error);
	}
	transition_release(&transition);
	return r;
}
