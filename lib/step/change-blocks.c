/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/change-blocks.h"

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/json.h"
#include "inventory/dax-source.h"
#include "inventory/memory-block.h"
#include "inventory/names.h"
#include "inventory/read-dax.h"
#include "step/block-runs.h"
#include "step/cxl-region.h"
#include "step/dax-driver.h"
#include "step/stuck-blocks.h"
#include "step/transition.h"
#include "step/use-check.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#define ATTEMPTS	 3
#define ATTEMPT_MS	 10000
#define ATTEMPT_MAX_MS	 30000
#define RANGES_APPEAR_MS 10000
#define RANGES_LOOK_MS	 50

/*
 * A new device can have its driver before it has its ranges: the kernel binds it when it is added,
 * and adds the folders of its mappings only then (devm_create_dev_dax(), Linux 5.10 to 7.3), of
 * which no event tells.
 */
static int read_with_ranges(const struct run *run, const char *name,
			    struct kmemd_inventory **inventory, const struct dax_device **ret,
			    struct kmemd_error *error)
{
	int64_t deadline = monotonic_ms() + RANGES_APPEAR_MS;
	char *names[] = {(char *)name, NULL};
	int r;

	for (;;) {
		r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_RANGES, inventory, error);
		if (r < 0)
			return r;
		*ret = inventory_dax(*inventory, name);
		if (!*ret || !(*ret)->size || (*ret)->ranges.count || run_is_cancelled(run) ||
		    monotonic_ms() >= deadline)
			return 0;
		*inventory = kmemd_inventory_free(*inventory);
		poll(NULL, 0, RANGES_LOOK_MS);
	}
}

/*
 * The device's ranges as they are now. Those of the snapshot serve while nobody has bound the
 * device again: it is bound to kmem, the lock is ours, and its ranges do not change while it is.
 * The blocks are ABSENT.
 */
static int read_device(const struct run *run, const char *name, struct kmemd_inventory **inventory,
		       struct dax_device *ret, struct kmemd_error *error)
{
	const struct dax_device *dax = NULL;
	int r = 0;

	if (run->inventory && !run->rebound)
		dax = inventory_dax(run->inventory, name);
	if (!dax || !dax_is_kmem(dax) || !dax->ranges.count)
		r = read_with_ranges(run, name, inventory, &dax, error);
	if (r < 0)
		return r;
	if (!dax)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", name);
	*ret = *dax;
	ret->blocks.items = NULL;
	ret->blocks.count = 0;
	return blocks_find(ret, run->block_size) < 0 ? error_memory(error) : 0;
}

/* In which states they are now. */
static int read_states(const struct run *run, struct dax_device *dax, struct kmemd_error *error)
{
	_cleanup_close_ int directory = blocks_open(run->kmemd->sysfs);
	int r = directory < 0 ? directory : blocks_read(directory, dax);

	if (r < 0)
		return error_errno(error, -r, "%s: cannot read the state of its memory blocks: %s",
				   dax->name, strerror(-r));
	return 0;
}

/* --- the way back -------------------------------------------------------------------------------
 */

static struct json_object *note(const struct dax_device *dax, enum block_state to)
{
	struct json_object *what = json_object_new_object();

	json_put_text(what, "dax", dax->name);
	json_put_text(what, "region", dax->parent == DAX_PARENT_CXL ? dax->origin : "");
	json_put_int(what, "node", dax->target_node);
	json_put_text(what, "to", block_state_names[to]);
	block_runs_put(what, "runs", dax);
	return what;
}

/* What a block becomes on the way back; BLOCK_STATE_COUNT: it stays as somebody else made it. */
static enum block_state way_back(enum block_state was, enum block_state made, enum block_state now)
{
	if (was == now || was == BLOCK_ABSENT || now == BLOCK_ABSENT)
		return BLOCK_STATE_COUNT;
	/* One that moves between zones is offline for a moment. */
	return now == made || now == BLOCK_OFFLINE ? was : BLOCK_STATE_COUNT;
}

static int add_way_back(const struct run *run, struct transition *back,
			const struct dax_device *was, enum block_state made,
			struct kmemd_error *error)
{
	_cleanup_close_ int directory = blocks_open(run->kmemd->sysfs);

	if (directory < 0)
		return error_errno(error, -directory, "cannot open the memory blocks: %s",
				   strerror(-directory));
	for (size_t i = was->blocks.count; i-- > 0;) {
		const struct memory_block *block = &was->blocks.items[i];
		enum block_state now, to;
		int r = block_read(directory, was->target_node, block->index, &now);

		if (r < 0)
			return error_errno(error, -r, "cannot read memory%" PRIu64 ": %s",
					   block->index, strerror(-r));
		to = way_back(block->state, made, now);
		if (to != BLOCK_STATE_COUNT)
			transition_add(back, block->index, to);
	}
	return 0;
}

/*
 * Memory is put online only where the hardware decodes it: a region whose decoders are gone makes
 * "Bad page state" of every access (seen on 6.12).
 */
static int check_decoded(const struct run *run, const char *dax, const char *region,
			 struct kmemd_error *error)
{
	int r;

	if (region[0] && !region_decodes(run, region))
		return error_set(error, KMEMD_PARTLY, EIO,
				 "%s does not decode any more: its memory is left offline", region);
	r = dax_is_in_kmem(run, dax, error);
	if (r == 0)
		return error_set(error, KMEMD_PARTLY, EIO,
				 "%s is not bound to kmem: its memory is left offline", dax);
	return r < 0 ? r : 0;
}

static bool puts_online(const struct transition *transition)
{
	for (size_t i = 0; i < transition_count(transition); i++)
		if (transition_change(transition, i)->to != BLOCK_OFFLINE)
			return true;
	return false;
}

int blocks_undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	struct transition back = {0};
	struct deadline deadline;
	struct dax_device was = {.target_node = (int)json_get_int(what, "node")};
	int r;

	json_get_text(what, "dax", was.name, sizeof(was.name));
	r = block_runs_get(what, "runs", &was);
	if (r == 0)
		r = transition_new(&back, &was, was.blocks.count);
	if (r < 0)
		error_errno(error, -r, "cannot read what was noted of %s: %s", was.name,
			    strerror(-r));
	if (r == 0)
		r = add_way_back(run, &back, &was, block_state_of(json_text(what, "to")), error);
	if (r == 0 && puts_online(&back))
		r = check_decoded(run, was.name, json_text(what, "region"), error);
	if (r == 0) {
		deadline_begin(&deadline, (struct patience){.stall_sec = ONLINE_STALL_SEC});
		r = transition_run(run, &back, &deadline, ATTEMPTS);
		if (r < 0)
			set_stuck_failure(run, &back, r, error);
	}
	transition_release(&back);
	free(was.blocks.items);
	return r;
}

/* --- the changes --------------------------------------------------------------------------------
 */

static int begin(struct transition *transition, const struct dax_device *dax, enum block_state to,
		 struct kmemd_error *error)
{
	size_t count = dax->blocks.count;

	if (transition_new(transition, dax, count) < 0)
		return error_memory(error);
	for (size_t turn = 0; turn < count; turn++)
		transition_add(transition,
			       dax->blocks.items[transition_turn(count, to, turn)].index, to);
	return 0;
}

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

static unsigned int to_be_changed(const struct dax_device *dax, enum block_state to)
{
	unsigned int count = 0;

	array_foreach(block, &dax->blocks)
		count += block->state != to && block->state != BLOCK_ABSENT;
	return count;
}

/*
 * One attempt at all blocks that are left. The kernel goes on trying to empty a block until a
 * signal comes, and keeps everybody else from adding memory meanwhile: a job that may not keep
 * others waiting gives up after a while without progress.
 */
static int attempt_once(struct run *run, struct transition *transition, struct deadline *deadline,
			unsigned int attempt_ms)
{
	unsigned int done = transition_sum(transition).done;
	struct deadline once = *deadline;
	int r;

	if (run->wait) {
		once.patience.stall_sec = attempt_ms / 1000;
		if (once.stall_end > monotonic_ms() + attempt_ms)
			once.stall_end = monotonic_ms() + attempt_ms;
	}
	r = transition_run(run, transition, &once, 1);
	if (transition_sum(transition).done > done)
		deadline_touch(deadline);
	return r;
}

/* Again and again, with growing pauses, in which others may have the machine's lock. */
static int attempt_with_pauses(struct run *run, struct transition *transition,
			       struct deadline *deadline, struct kmemd_error *error)
{
	unsigned int pause = BACKOFF_MS, attempt_ms = ATTEMPT_MS;

	for (;;) {
		int r = attempt_once(run, transition, deadline, attempt_ms), waited;
		int64_t left = deadline_left(deadline);

		if (r == 0 || r == -ECANCELED || r == -ESRCH || !left ||
		    !transition_may_go_on(transition))
			return r;
		waited = run_wait(run, left < pause ? (unsigned int)left : pause, error);
		if (waited < 0)
			return waited;
		if (run_is_cancelled(run))
			return -ECANCELED;
		pause = backoff_next(pause);
		/* Of large blocks there may be that much to move. */
		attempt_ms = attempt_ms * 2 > ATTEMPT_MAX_MS ? ATTEMPT_MAX_MS : attempt_ms * 2;
	}
}

static int change(struct run *run, const struct dax_device *dax, const struct change_wish *wish,
		  struct kmemd_error *error)
{
	struct transition transition = {0};
	struct kmemd_error waiting = {0};
	struct deadline deadline;
	unsigned int count = to_be_changed(dax, wish->to);
	int r = 0;

	if (count)
		r = run_push_undo(run, wish->type, note(dax, wish->to), error,
				  "put %u blocks of %s back", count, dax->name);
	if (r == 0)
		r = begin(&transition, dax, wish->to, error);
	if (r == 0) {
		deadline_begin(&deadline, wish->patience);
		r = wish->attempts ? transition_run(run, &transition, &deadline, wish->attempts)
				   : attempt_with_pauses(run, &transition, &deadline, &waiting);
		if (waiting.message[0])
			*error = waiting;
		else
			r = r < 0 ? set_stuck_failure(run, &transition, r, error)
				  : check_absent(run, &transition, error);
		run->moved += transition_sum(&transition).moved;
	}
	transition_release(&transition);
	return r;
}

int blocks_change(struct run *run, const char *name, const struct change_wish *wish,
		  struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = NULL;
	struct dax_device dax = {0}; /* its ranges are the snapshot's, its blocks our own */
	int r = read_device(run, name, &inventory, &dax, error);

	if (r == 0 && !dax.blocks.count)
		r = error_set(error, KMEMD_FAILED, EIO,
			      "%s shows no range with a whole memory block", name);
	if (r == 0)
		r = read_states(run, &dax, error);
	if (r == 0)
		r = change(run, &dax, wish, error);
	free(dax.blocks.items);
	kmemd_inventory_free(inventory);
	return r;
}

int blocks_take_offline(struct run *run, const char *name, struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = NULL;
	struct transition transition = {0};
	struct deadline deadline;
	struct dax_device dax = {0};
	int r = read_device(run, name, &inventory, &dax, error);

	if (r == 0)
		r = begin(&transition, &dax, BLOCK_OFFLINE, error);
	if (r == 0) {
		deadline_begin(&deadline, (struct patience){.stall_sec = ONLINE_STALL_SEC});
		r = transition_run(run, &transition, &deadline, ATTEMPTS);
		if (r < 0)
			set_stuck_failure(run, &transition, r, error);
	}
	transition_release(&transition);
	free(dax.blocks.items);
	kmemd_inventory_free(inventory);
	return r;
}

static int take_one_offline(const struct run *run, const char *dax, void *data,
			    struct kmemd_error *error)
{
	int r = dax_is_in_kmem(run, dax, error);

	return r > 0 ? blocks_take_offline(data, dax, error) : r;
}

int blocks_take_region_offline(struct run *run, const char *region, struct kmemd_error *error)
{
	return each_dax_of_region(run, region, take_one_offline, run, error);
}
