/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/drain-job.h"

#include "base/cleanup.h"
#include "inventory/snapshot.h"
#include "job/engine.h"
#include "plan/plan-device.h"
#include "plan/plan-drain.h"
#include "plan/verify-policy.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "step/change-blocks.h"

#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

/* What is drained: a device, or a region of it; by what stays the same when others are drained. */
struct turn {
	char *identity;
	char region[DEVICE_NAME_MAX]; /* or "" */
	uint64_t end;		      /* of the region, or of the highest one */
};

struct drain {
	struct kmemd *kmemd;
	const struct kmemd_policy *policy;
	enum goal goal;
	const struct kmemd_job *job;
	int lock;
};

static int check(struct task *task, const struct plan_part *part, const struct run *run,
		 struct kmemd_error *error)
{
	const struct verify_scope everything = {0};
	const struct plan *plan = task->plan;
	const char *identity = plan->device->identity;
	int r;

	(void)run;
	/* An empty slot is looked at by the step. */
	if (part->after_all)
		return 0;
	task->after = kmemd_inventory_free(task->after);
	r = kmemd_inventory_read(task->kmemd, &task->after, error);
	if (r == 0 && plan->region)
		return verify_drained_region(task->after, identity, plan->region->name,
					     &plan->decision, plan->goal, error);
	return r < 0 ? r
		     : verify_policy(task->after, identity, &plan->decision, GOAL_DRAIN,
				     &everything, error);
}

static int add_hold(struct task *task, const struct device *device, const char *message)
{
	const char *drained = task->plan->device->identity;
	struct record record;

	record_make(&record, device, RECORD_HELD, message, NULL);
	snprintf(record.with, sizeof(record.with), "%s", drained);
	return task_add_record(task, &record);
}

/* Whether the other one loses memory, too: what the plan drains is interleaved over both. */
static bool goes_along(const struct plan *plan, const struct device *other)
{
	if (other == plan->device || other->kind != plan->device->kind)
		return false;
	return plan->region ? device_region(other, plan->region->name) == plan->region
			    : job_shares_region(other, plan->device);
}

/*
 * Policy keeps away from a drained device, and from everything that an interleaved region of it
 * took along. What is ejected is gone, and its next life begins without a record.
 */
static int leave(struct task *task, struct kmemd_error *error)
{
	const struct plan *plan = task->plan;
	char message[96];
	int r = 0;

	if (task->failed && !task->done)
		return 0;
	snprintf(message, sizeof(message), "%s%s%s by kmemctl",
		 plan->region ? plan->region->name : "", plan->region ? " " : "",
		 plan->goal == GOAL_DESTROY_REGION ? "destroyed" : "drained");
	if (plan->goal != GOAL_EJECT || task->failed)
		r = add_hold(task, plan->device, message);
	array_foreach(other, &task->inventory->devices)
		if (r == 0 && goes_along(plan, other))
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

static const char *verb_of(enum goal goal)
{
	return goal == GOAL_DESTROY_REGION ? "destroy-region" : "drain";
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
		task_tell(task, KMEMD_EVENT_DECIDED, NULL, "%s: %s, %zu step%s", task->name,
			  task->verb, count, count == 1 ? "" : "s");
	r = task_run(task, error);
	if (r == 0) {
		tell_end(task);
		return 0;
	}
	error_prefix(error, "%s", task->name);
	task_tell(task, KMEMD_EVENT_FAILED, error, "%s", error->message);
	return r;
}

static int make_plan(const struct drain *drain, const struct turn *turn,
		     const struct kmemd_inventory *inventory, const struct device *device,
		     const struct decision *decision, struct plan *ret)
{
	const struct region *region = device_region(device, turn->region);

	/* A region that is gone meanwhile is nothing to be done. */
	if (!turn->region[0])
		return plan_make(inventory, device, decision, drain->goal, ret);
	*ret = (struct plan){.device = device, .decision = *decision, .goal = drain->goal};
	return region ? plan_make_of_region(inventory, device, region, decision, drain->goal, ret)
		      : 0;
}

static int drain_one(const struct drain *drain, const struct turn *turn,
		     const struct kmemd_inventory *inventory, const struct device *device,
		     struct kmemd_error *error)
{
	struct decision decision = {.settings = default_settings};
	struct plan plan;
	struct task task = {
		.kmemd = drain->kmemd,
		.job = drain->job,
		.inventory = inventory,
		.plan = &plan,
		.verb = verb_of(drain->goal),
		.name = turn->region[0] ? turn->region : device->name,
		.online.stall_sec = ONLINE_STALL_SEC,
		.lends_lock = true,
		.lock = drain->lock,
		.check = check,
		.leave = leave,
	};
	int r;

	if (drain->policy)
		policy_decide(drain->policy, &inventory->host, device, &decision);
	task.offline.total_sec = drain->job->timeout_sec ? drain->job->timeout_sec
							 : decision.settings.drain_timeout_sec;
	r = make_plan(drain, turn, inventory, device, &decision, &plan);
	if (r < 0)
		return error_memory(error);
	r = act(&task, error);
	task_release(&task);
	plan_release(&plan);
	return r;
}

/* --- several devices ----------------------------------------------------------------------------
 */

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

static uint64_t end_of(const struct region *region)
{
	return region->start + region->size;
}

static int add_turn(turn_list *turns, const struct device *device, const struct region *region)
{
	const char *name = region ? region->name : "";
	struct turn *turn;

	array_foreach(other, turns)
		if (!strcmp(other->identity, device->identity) && !strcmp(other->region, name))
			return 0;
	turn = array_add(turns);
	if (!turn)
		return -ENOMEM;
	turn->identity = strdup(device->identity);
	copy_name(turn->region, name);
	array_foreach(slot, &device->regions)
		if ((!region || *slot == region) && end_of(*slot) > turn->end)
			turn->end = end_of(*slot);
	return turn->identity ? 0 : -ENOMEM;
}

static int find_turn(const struct drain *drain, const struct kmemd_inventory *inventory,
		     const char *name, turn_list *turns, struct kmemd_error *error)
{
	const struct region *region = NULL;
	const struct device *device;
	int r = goal_is_about_region(drain->goal)
			? drain_find_region(inventory, name, &device, &region, error)
			: inventory_find_device(inventory, name, &device, error);

	if (r == 0 && add_turn(turns, device, region) < 0)
		r = error_memory(error);
	return r;
}

/* Nothing is drained when one of the names is wrong. */
static int find_turns(const struct drain *drain, char *const *names, turn_list *turns,
		      struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = kmemd_inventory_read(drain->kmemd, &inventory, error);

	for (; r == 0 && *names; names++)
		r = find_turn(drain, inventory, *names, turns, error);
	if (r == 0 && turns->count)
		qsort(turns->items, turns->count, sizeof(*turns->items), compare_turns);
	return r;
}

/* The machine as it is now: the one before may have taken this device along. */
static int drain_turn(const struct drain *drain, const struct turn *turn, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	const struct device *device;
	int r = job_read_device(drain->kmemd, turn->identity, &inventory, &device, error);

	if (r == 0)
		return drain_one(drain, turn, inventory, device, error);
	job_tell(drain->job, turn->identity, KMEMD_EVENT_FAILED, error->message, error);
	return r;
}

static int drain_turns(const struct drain *drain, const turn_list *turns, struct kmemd_error *error)
{
	size_t done = 0;
	int first = 0;

	array_foreach(turn, turns) {
		struct kmemd_error failure = {0};
		int r = drain_turn(drain, turn, &failure);

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
	const struct drain drain = {kmemd, policy, wanted->goal, job, lock};
	turn_list turns = {0};
	int r;

	if (lock < 0)
		return lock;
	r = find_turns(&drain, wanted->devices, &turns, error);
	if (r == 0)
		r = drain_turns(&drain, &turns, error);
	release_turns(&turns);
	return r;
}
