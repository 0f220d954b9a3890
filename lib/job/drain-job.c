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

	(void)part, (void)run;
	task->after = kmemd_inventory_free(task->after);
	r = kmemd_inventory_read(task->kmemd, &task->after, error);
	return r < 0 ? r
		     : verify_policy(task->after, task->plan->device->identity,
				     &task->plan->decision, GOAL_DRAIN, &everything, error);
}

static bool shares_region(const struct device *a, const struct device *b)
{
	array_foreach(x, &a->regions)
		array_foreach(y, &b->regions)
			if (*x == *y)
				return true;
	return false;
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
 * took along.
 */
static int leave(struct task *task, struct kmemd_error *error)
{
	const struct device *drained = task->plan->device;
	int r = 0;

	if (task->failed)
		return 0;
	r = add_hold(task, drained, "drained by kmemctl");
	array_foreach(other, &task->inventory->devices)
		if (r == 0 && other != drained && other->kind == drained->kind &&
		    shares_region(other, drained))
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

static int drain(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		 const struct device *device, const struct decision *decision,
		 const struct kmemd_job *job, struct kmemd_error *error)
{
	struct plan plan;
	struct task task = {
		.kmemd = kmemd,
		.job = job,
		.inventory = inventory,
		.plan = &plan,
		.verb = "drain",
		.name = device->name,
		.offline.total_sec = job->timeout_sec ? job->timeout_sec
						      : decision->settings.drain_timeout_sec,
		.online.stall_sec = ONLINE_STALL_SEC,
		.check = check,
		.leave = leave,
	};
	int r = plan_make(inventory, device, decision, GOAL_DRAIN, &plan);

	if (r < 0)
		return error_memory(error);
	r = act(&task, error);
	task_release(&task);
	plan_release(&plan);
	return r;
}

int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *name,
		const struct kmemd_job *job, struct kmemd_error *error)
{
	_cleanup_close_ int lock = job_begin(kmemd, job, error);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	struct decision decision = {.settings = default_settings};
	const struct device *device;
	int r;

	if (lock < 0)
		return lock;
	r = job_read_device(kmemd, name, &inventory, &device, error);
	if (r < 0)
		return r;
	if (policy)
		policy_decide(policy, &inventory->host, device, &decision);
	return drain(kmemd, inventory, device, &decision, job, error);
}
