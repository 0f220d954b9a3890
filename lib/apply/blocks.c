/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block engine: bringing all blocks of a dax device into a state, block by block, with undo. */
#include "apply/run.h"

#include "apply/deadline.h"
#include "apply/in-use.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "inventory/blocks.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define ONLINE_TIMEOUT_SEC 120 /* for all blocks that fail, together */
#define ONLINE_ATTEMPTS	   3
#define BACKOFF_MS	   100
#define BACKOFF_MAX_MS	   2000

/* A transition of some blocks: what each was and what it shall be. */
struct change {
	uint64_t index;
	enum block_state from, to;
	bool touched; /* by us: to be put back */
	bool done;
	int result; /* of the last attempt */
};

struct transition {
	char dax[DEVICE_NAME_MAX];
	int node;
	int directory;
	unsigned int done, total;
	ARRAY(struct change) changes;
};

static int write_state(const struct transition *transition, uint64_t index, const char *word)
{
	char path[64];

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", index);
	return attribute_write(transition->directory, path, word);
}

/*
 * One attempt at one block. A block that is online in the wrong zone goes offline first. What
 * counts is what the kernel shows afterwards, not what write() returned.
 */
static int change_block(const struct transition *transition, struct change *change)
{
	static const char *const words[BLOCK_STATE_COUNT] = {
		[BLOCK_OFFLINE] = "offline",
		[BLOCK_MOVABLE] = "online_movable",
		[BLOCK_KERNEL] = "online_kernel",
		[BLOCK_MIXED] = "online",
	};
	enum block_state now;
	int r = block_read(transition->directory, change->index, &now);

	if (r < 0 || now == change->to)
		return r;
	if (now == BLOCK_ABSENT)
		return -ENODEV;
	if (block_is_online(now)) {
		r = write_state(transition, change->index, "offline");
		if (r < 0)
			return r;
		change->touched = true;
	}
	if (change->to != BLOCK_OFFLINE) {
		r = write_state(transition, change->index, words[change->to]);
		if (r < 0)
			return r;
		change->touched = true;
	}
	r = block_read(transition->directory, change->index, &now);
	if (r < 0)
		return r;
	return now == change->to || change->to == BLOCK_MIXED ? 0 : -EAGAIN;
}

/* One attempt at every block that is not there yet. */
static void attempt_all(const struct run *run, struct transition *transition,
			const struct deadline *deadline)
{
	array_foreach(change, &transition->changes) {
		if (change->done)
			continue;
		if (deadline_left(deadline) == 0 || run_is_cancelled(run))
			return;
		change->result = change_block(transition, change);
		if (change->result < 0)
			continue;
		change->done = true;
		transition->done++;
		run_progress(run, transition->done, transition->total);
	}
}

static const struct change *first_undone(const struct transition *transition)
{
	array_foreach(change, &transition->changes)
		if (!change->done)
			return change;
	return NULL;
}

/*
 * Attempts until all is done, the time is over, or (attempts not 0) they are used up. Returns the
 * result of the first block that is not done.
 */
static int run_transition(const struct run *run, struct transition *transition,
			  unsigned int seconds, unsigned int attempts)
{
	unsigned int backoff = BACKOFF_MS;
	const struct change *stuck;
	struct deadline deadline;
	int r = deadline_begin(&deadline, seconds);

	if (r < 0)
		return r;
	for (unsigned int attempt = 1;; attempt++) {
		attempt_all(run, transition, &deadline);
		stuck = first_undone(transition);
		if (!stuck || stuck->result == -ENODEV || stuck->result == -EACCES ||
		    run_is_cancelled(run) || deadline_left(&deadline) == 0 || attempt == attempts)
			break;
		deadline_sleep(&deadline, backoff);
		backoff = backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : backoff * 2;
	}
	deadline_end(&deadline);
	if (!stuck)
		return 0;
	if (run_is_cancelled(run))
		return -ECANCELED;
	return stuck->result < 0 ? stuck->result : -ETIMEDOUT;
}

/* A device and its blocks as they are now: the snapshot may be older than the device. */
static int read_device(const struct run *run, const char *name, struct kmemd_inventory **inventory,
		       const struct dax_device **ret, struct kmemd_error *error)
{
	int r = kmemd_inventory_read((struct kmemd *)run->kmemd, inventory, error);

	if (r < 0)
		return r;
	array_foreach(dax, &(*inventory)->dax) {
		bool ours = name[0] ? !strcmp(dax->name, name)
				    : !strcmp(dax->origin, run->created_region);

		if (!ours)
			continue;
		*ret = dax;
		return 0;
	}
	return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone",
			 name[0] ? name : run->created_region);
}

static int begin_transition(const struct run *run, const char *name, enum block_state to,
			    struct transition *transition, struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = NULL;
	const struct dax_device *dax = NULL;
	int r = read_device(run, name, &inventory, &dax, error);

	if (r == 0) {
		memcpy(transition->dax, dax->name, sizeof(transition->dax));
		transition->node = dax->target_node;
		transition->directory = blocks_open(run->kmemd->sysfs);
		if (transition->directory < 0)
			r = error_errno(error, -transition->directory,
					"cannot open the memory blocks: %s",
					strerror(-transition->directory));
	}
	for (size_t i = 0; r == 0 && i < dax->blocks.count; i++) {
		/* Highest first when going offline, lowest first when coming online. */
		const struct memory_block *block =
			&dax->blocks.items[to == BLOCK_OFFLINE ? dax->blocks.count - 1 - i : i];
		struct change *change;

		if (block->state == BLOCK_ABSENT || block->state == to)
			continue;
		change = array_add(&transition->changes);
		if (!change) {
			r = error_memory(error);
			break;
		}
		*change = (struct change){.index = block->index, .from = block->state, .to = to};
	}
	transition->total = (unsigned int)transition->changes.count;
	kmemd_inventory_free(inventory);
	return r;
}

static void end_transition(struct transition *transition)
{
	closep(&transition->directory);
	free(transition->changes.items);
}

static void set_failure(const struct run *run, const struct transition *transition, int result,
			struct kmemd_error *error)
{
	const struct change *stuck = first_undone(transition);
	enum block_state now = BLOCK_ABSENT;
	char in_use[256] = "";

	if (result == -ECANCELED) {
		error_set(error, KMEMD_FAILED, ECANCELED, "cancelled after %u of %u blocks",
			  transition->done, transition->total);
		return;
	}
	if (result == -ENODEV) {
		error_set(error, KMEMD_NO_DEVICE, ENODEV,
			  "memory%" PRIu64 " of %s is gone: was the device removed?", stuck->index,
			  transition->dax);
		return;
	}
	if (block_read(transition->directory, stuck->index, &now) < 0)
		now = stuck->from;
	if (block_is_online(now))
		describe_use(run->kmemd, transition->node, in_use, sizeof(in_use));
	error_errno(error, -result, "memory%" PRIu64 " of %s stays %s after %u of %u blocks: %s%s",
		    stuck->index, transition->dax, block_state_names[now], transition->done,
		    transition->total,
		    result == -EINTR || result == -ETIMEDOUT ? "not within the time allowed"
							     : strerror(-result),
		    in_use);
}

static void release_transition(void *data)
{
	end_transition(data);
	free(data);
}

static int undo_blocks(struct run *run, void *data, struct kmemd_error *error)
{
	struct transition *back = data;
	int r;

	back->directory = blocks_open(run->kmemd->sysfs);
	if (back->directory < 0)
		r = error_errno(error, -back->directory, "cannot open the memory blocks: %s",
				strerror(-back->directory));
	else
		r = run_transition(run, back, ONLINE_TIMEOUT_SEC, ONLINE_ATTEMPTS);
	if (r < 0 && back->directory >= 0)
		set_failure(run, back, r, error);
	return r;
}

/* The way back, newest first, of the blocks that this transition has written to. */
static int push_blocks_undo(struct run *run, const struct transition *transition)
{
	struct transition *back;

	back = calloc(1, sizeof(*back));
	if (!back)
		return -ENOMEM;
	memcpy(back->dax, transition->dax, sizeof(back->dax));
	back->node = transition->node;
	back->directory = -1;
	for (size_t i = transition->changes.count; i-- > 0;) {
		const struct change *change = &transition->changes.items[i];
		struct change *way_back;

		if (!change->touched)
			continue;
		way_back = array_add(&back->changes);
		if (!way_back) {
			release_transition(back);
			return -ENOMEM;
		}
		*way_back = (struct change){
			.index = change->index,
			.from = change->to,
			.to = change->from,
		};
	}
	if (!back->changes.count) {
		release_transition(back);
		return 0;
	}
	back->total = (unsigned int)back->changes.count;
	return run_push_undo(run, undo_blocks, release_transition, back, "put %u blocks of %s back",
			     back->total, transition->dax);
}

static int change_all(struct run *run, const char *name, enum block_state to, unsigned int seconds,
		      unsigned int attempts, struct kmemd_error *error)
{
	struct transition transition = {.directory = -1};
	int r = begin_transition(run, name, to, &transition, error);

	if (r == 0) {
		r = run_transition(run, &transition, seconds, attempts);
		if (r < 0)
			set_failure(run, &transition, r, error);
		if (push_blocks_undo(run, &transition) < 0)
			r = error_memory(error);
	}
	end_transition(&transition);
	return r;
}

int step_online(struct run *run, const struct step *step, struct kmemd_error *error)
{
	int r = auto_online_restore(run, error);

	if (r < 0)
		return r;
	return change_all(run, step->target,
			  step->zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL,
			  ONLINE_TIMEOUT_SEC, ONLINE_ATTEMPTS, error);
}

int step_offline(struct run *run, const struct step *step, struct kmemd_error *error)
{
	return change_all(run, step->target, BLOCK_OFFLINE, run->timeout_sec, 0, error);
}

int blocks_take_offline(struct run *run, const char *dax, struct kmemd_error *error)
{
	struct transition transition = {.directory = -1};
	int r = begin_transition(run, dax, BLOCK_OFFLINE, &transition, error);

	if (r == 0) {
		r = run_transition(run, &transition, ONLINE_TIMEOUT_SEC, ONLINE_ATTEMPTS);
		if (r < 0)
			set_failure(run, &transition, r, error);
	}
	end_transition(&transition);
	return r;
}
