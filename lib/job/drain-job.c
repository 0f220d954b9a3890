/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/drain-job.h"

#include "base/cleanup.h"
#include "inventory/snapshot.h"
#include "job/engine.h"
#include "plan/plan-device.h"
#include "plan/verify-policy.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "step/change-blocks.h"

#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

static int check(struct task *task, const struct plan_part *part, const struct run *run,
		 struct kmemd_error *error)
{
	const struct verify_scope everything = {0};
	int r;

	(void)run;
	/* An empty slot is looked at by the step. */
	if (part->after_all)
		return 0;
	task->after = kmemd_inventory_free(task->after);
	r = kmemd_inventory_read(task->kmemd, &task->after, error);
	return r < 0 ? r
		     : verify_policy(task->after, task->plan->device->identity,
				     &task->plan->decision, GOAL_DRAIN, &everything, error);
}

static int add_hold(struct task *task, const struct device *device, const char *message)
{
	const char *drained = task->plan->device->identity;
	struct record record;

	record_make(&record, device, RECORD_HELD, message, NULL);
	snprintf(record.with, sizeof(record.with), "%s", drained);
	return task_add_record(task, &record);
}

/*
 * Policy keeps away from a drained device, and from everything that an interleaved region of it
 * took along. What is ejected is gone, and its next life begins without a record.
 */
static int leave(struct task *task, struct kmemd_error *error)
{
	const struct device *drained = task->plan->device;
	int r = 0;

	if (task->failed && !task->done)
		return 0;
	if (task->plan->goal == GOAL_DRAIN || task->failed)
		r = add_hold(task, drained, "drained by kmemctl");
	array_foreach(other, &task->inventory->devices)
		if (r == 0 && other != drained && other->kind == drained->kind &&
		    job_shares_region(other, drained))
			r = add_hold(task, other,
				     "drained together with another memdev of its region");
	return r < 0 ? error_memory(error) : 0;
}

static void tell_end(const struct task *task)
{
	const struct plan *plan = task->plan;

	if (task->done)
		task_tell(task, KMEMD_EVENT_DONE, NULL, "%s: done and verified", task->name);
	else if (plan->note[0])
		task_tell(task, KMEMD_EVENT_NOTICE, NULL,
			  "%s: nothing more of it can be drained; policy leaves it alone from now "
			  "on",
			  task->name);
	else
		task_tell(task, KMEMD_EVENT_NOTICE, NULL,
			  "%s: nothing of it is in use; policy leaves it alone from now on",
			  task->name);
}

static int act(struct task *task, struct kmemd_error *error)
{
	const struct plan *plan = task->plan;
	size_t count = plan->steps.count;
	int r;

	if (plan->refusal[0]) {
		r = error_set(error, KMEMD_REFUSED, EOPNOTSUPP, "%s: %s", task->name,
			      plan->refusal);
		task_tell(task, KMEMD_EVENT_FAILED, error, "%s", error->message);
		return r;
	}
	if (plan->note[0])
		task_tell(task, KMEMD_EVENT_NOTICE, NULL, "%s: %s", task->name, plan->note);
	if (count)
		task_tell(task, KMEMD_EVENT_DECIDED, NULL, "%s: drain, %zu step%s", task->name,
			  count, count == 1 ? "" : "s");
	r = task_run(task, error);
	if (r == 0) {
		tell_end(task);
		return 0;
	}
	error_prefix(error, "%s", task->name);
	task_tell(task, KMEMD_EVENT_FAILED, error, "%s", error->message);
	return r;
}

static int drain_one(struct kmemd *kmemd, const struct kmemd_policy *policy,
		     const struct kmemd_inventory *inventory, const struct device *device,
		     enum goal goal, const struct kmemd_job *job, int lock,
		     struct kmemd_error *error)
{
	struct decision decision = {.settings = default_settings};
	struct plan plan;
	struct task task = {
		.kmemd = kmemd,
		.job = job,
		.inventory = inventory,
		.plan = &plan,
		.verb = "drain",
		.name = device->name,
		.online.stall_sec = ONLINE_STALL_SEC,
		.lends_lock = true,
		.lock = lock,
		.check = check,
		.leave = leave,
	};
	int r;

	if (policy)
		policy_decide(policy, &inventory->host, device, &decision);
	task.offline.total_sec = job->timeout_sec ? job->timeout_sec
						  : decision.settings.drain_timeout_sec;
	r = plan_make(inventory, device, &decision, goal, &plan);
	if (r < 0)
		return error_memory(error);
	r = act(&task, error);
	task_release(&task);
	plan_release(&plan);
	return r;
}

/* --- several devices ----------------------------------------------------------------------------
 */

/* A device by what stays the same when others are drained. */
struct turn {
	char *identity;
	uint64_t end; /* of its highest region */
};

typedef ARRAY(struct turn) turn_list;

static void release_turns(turn_list *turns)
{
	array_foreach(turn, turns)
		free(turn->identity);
	free(turns->items);
}

/* Ports commit decoders in ascending HPA: what was committed last goes first. */
static int compare_turns(const void *a, const void *b)
{
	uint64_t x = ((const struct turn *)a)->end, y = ((const struct turn *)b)->end;

	return (x < y) - (x > y);
}

static int add_turn(turn_list *turns, const struct device *device)
{
	struct turn *turn;

	array_foreach(other, turns)
		if (!strcmp(other->identity, device->identity))
			return 0;
	turn = array_add(turns);
	if (!turn)
		return -ENOMEM;
	turn->identity = strdup(device->identity);
	array_foreach(slot, &device->regions)
		if ((*slot)->start + (*slot)->size > turn->end)
			turn->end = (*slot)->start + (*slot)->size;
	return turn->identity ? 0 : -ENOMEM;
}

/* Nothing is drained when one of the names is wrong. */
static int find_turns(const struct kmemd_inventory *inventory, char *const *names, turn_list *turns,
		      struct kmemd_error *error)
{
	const struct device *device;
	int r = 0;

	for (; r == 0 && *names; names++) {
		r = inventory_find_device(inventory, *names, &device, error);
		if (r == 0 && add_turn(turns, device) < 0)
			r = error_memory(error);
	}
	if (r == 0 && turns->count)
		qsort(turns->items, turns->count, sizeof(*turns->items), compare_turns);
	return r;
}

/* The machine as it is now: the one before may have taken this device along. */
static int drain_turn(struct kmemd *kmemd, const struct kmemd_policy *policy,
		      const struct turn *turn, enum goal goal, const struct kmemd_job *job,
		      int lock, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	const struct device *device;
	int r = job_read_device(kmemd, turn->identity, &inventory, &device, error);

	if (r == 0)
		return drain_one(kmemd, policy, inventory, device, goal, job, lock, error);
	job_tell(job, turn->identity, KMEMD_EVENT_FAILED, error->message, error);
	return r;
}

static int drain_turns(struct kmemd *kmemd, const struct kmemd_policy *policy,
		       const turn_list *turns, enum goal goal, const struct kmemd_job *job,
		       int lock, struct kmemd_error *error)
{
	size_t done = 0;
	int first = 0;

	array_foreach(turn, turns) {
		struct kmemd_error failure = {0};
		int r = drain_turn(kmemd, policy, turn, goal, job, lock, &failure);

		done += r == 0;
		if (r < 0 && first == 0) {
			first = r;
			*error = failure;
		}
		if (r == -ECANCELED)
			break;
	}
	if (first < 0 && done)
		error->result = KMEMD_PARTLY;
	return first;
}

int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy,
		const struct kmemd_drain *wanted, const struct kmemd_job *job,
		struct kmemd_error *error)
{
	_cleanup_close_ int lock = job_begin(kmemd, job, error);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	turn_list turns = {0};
	int r;

	if (lock < 0)
		return lock;
	r = kmemd_inventory_read(kmemd, &inventory, error);
	if (r == 0)
		r = find_turns(inventory, wanted->devices, &turns, error);
	if (r == 0)
		r = drain_turns(kmemd, policy, &turns, wanted->eject ? GOAL_EJECT : GOAL_DRAIN, job,
				lock, error);
	release_turns(&turns);
	return r;
}
