/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jobs of the public interface: lock, recover, then device by device plan, run, verify. */
#include "job/job.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "inventory/inventory.h"
#include "inventory/snapshot.h"
#include "job/event.h"
#include "job/lock.h"
#include "job/records.h"
#include "job/run.h"
#include "plan/verify-policy.h"
#include "policy/decide.h"
#include "policy/keys.h"

#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

/* How long a person's request may stand still, where no time was given. */
#define STALL_SEC 60

/* One device's work. */
struct task {
	struct kmemd *kmemd;
	const struct kmemd_policy *policy;
	const struct kmemd_job *job;
	enum goal goal;
	bool named; /* by a person: records are lifted, refusals are told again */
};

static void send_event(const struct task *task, const struct plan *plan, enum kmemd_event_type type,
		       const char *message, const struct kmemd_error *error)
{
	const struct policy_file *file = plan->decision.file;

	task->job->event(task->job->userdata, &(struct kmemd_event){
						      .type = type,
						      .device = plan->device->identity,
						      .policy = file ? file->path : NULL,
						      .message = message,
						      .error = error,
					      });
}

static void tell_decision(const struct task *task, const struct plan *plan)
{
	const struct settings *settings = &plan->decision.settings;
	const char *plural = plan->steps.count == 1 ? "" : "s";
	char message[512];

	if (task->goal == GOAL_DRAIN)
		snprintf(message, sizeof(message), "%s: drain, %zu step%s", plan->device->name,
			 plan->steps.count, plural);
	else
		snprintf(message, sizeof(message), "%s: %s by %s, %zu step%s", plan->device->name,
			 mode_names[settings->mode], plan->decision.file->path, plan->steps.count,
			 plural);
	send_event(task, plan, KMEMD_EVENT_DECIDED, message, NULL);
}

/* The kernel as it is now against what was wanted. */
static int check_outcome(const struct run *run, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *after = NULL;
	int r = kmemd_inventory_read((struct kmemd *)run->kmemd, &after, error);

	return r < 0 ? r
		     : verify(after, run->plan->device->identity, &run->plan->decision,
			      run->plan->goal, error);
}

/* What stays on record: so that a failure is not tried for ever, a refusal not told for ever. */
static void keep_record(const struct task *task, const struct plan *plan, enum record_state state,
			const char *message)
{
	struct kmemd_error error = {0};

	if (record_write(task->kmemd, plan->device, state, message, &error) < 0)
		send_event(task, plan, KMEMD_EVENT_NOTICE, error.message, NULL);
}

static int execute(const struct task *task, const struct kmemd_inventory *inventory,
		   const struct plan *plan, struct kmemd_error *error)
{
	struct run run = {
		.kmemd = task->kmemd,
		.job = task->job,
		.inventory = inventory,
		.plan = plan,
		.check = check_outcome,
		.patience.total_sec = task->job->timeout_sec
					      ? task->job->timeout_sec
					      : plan->decision.settings.drain_timeout_sec,
	};
	char message[512];
	int r;

	snprintf(run.journal.job, sizeof(run.journal.job), "%s",
		 task->goal == GOAL_DRAIN ? "drain" : "apply");
	tell_decision(task, plan);
	r = run_plan(&run, error);
	if (r < 0) {
		error_prefix(error, "%s", plan->device->name);
		if (task->goal == GOAL_POLICY && r != -ECANCELED)
			keep_record(task, plan, RECORD_FAILED, error->message);
		send_event(task, plan, KMEMD_EVENT_FAILED, error->message, error);
		return r;
	}
	snprintf(message, sizeof(message), "%s: done and verified", plan->device->name);
	send_event(task, plan, KMEMD_EVENT_DONE, message, NULL);
	return 0;
}

/* 0 when the same has been told before and nobody asks again. */
static int refuse(const struct task *task, const struct plan *plan, const char *why,
		  struct kmemd_error *error)
{
	struct record record;
	bool told = record_read(task->kmemd, plan->device, &record) &&
		    record.state == RECORD_REFUSED && !strcmp(record.message, why);

	if (told && !task->named && !task->job->retry)
		return 0;
	error_set(error, KMEMD_REFUSED, EOPNOTSUPP, "%s: %s", plan->device->name, why);
	if (task->goal == GOAL_POLICY)
		keep_record(task, plan, RECORD_REFUSED, why);
	send_event(task, plan, KMEMD_EVENT_FAILED, error->message, error);
	return -EOPNOTSUPP;
}

/* Whether a record says to leave the device alone; a person's word lifts it. */
static bool is_on_record(const struct task *task, const struct device *device)
{
	struct record record;

	if (!record_read(task->kmemd, device, &record) || record.state == RECORD_REFUSED)
		return false;
	if (!task->named && !(task->job->retry && record.state == RECORD_FAILED))
		return true;
	record_remove(task->kmemd, device);
	return false;
}

/*
 * Policy keeps away from a drained device, and from everything that an interleaved region of it
 * took along.
 */
static int hold(const struct task *task, const struct kmemd_inventory *inventory,
		const struct device *drained, struct kmemd_error *error)
{
	int r = record_write(task->kmemd, drained, RECORD_HELD, "drained by kmemctl", error);

	array_foreach(other, &inventory->devices) {
		if (other == drained || other->kind != drained->kind)
			continue;
		array_foreach(region, &other->regions)
			array_foreach(ours, &drained->regions)
				if (r == 0 && *region == *ours)
					r = record_write(task->kmemd, other, RECORD_HELD,
							 "drained together with another memdev of "
							 "its region",
							 error);
	}
	return r;
}

static int act(const struct task *task, const struct kmemd_inventory *inventory,
	       const struct plan *plan, struct kmemd_error *error)
{
	struct record record;
	char message[768];
	int r;

	if (plan->decision.refusal[0] && task->goal == GOAL_POLICY)
		return refuse(task, plan, plan->decision.refusal, error);
	if (plan->refusal[0])
		return refuse(task, plan, plan->refusal, error);
	if (plan->note[0] && (task->named || plan->steps.count)) {
		snprintf(message, sizeof(message), "%s: %s", plan->device->name, plan->note);
		send_event(task, plan, KMEMD_EVENT_NOTICE, message, NULL);
	}
	r = plan->steps.count ? execute(task, inventory, plan, error) : 0;
	if (r == 0 && task->goal == GOAL_DRAIN) {
		r = hold(task, inventory, plan->device, error);
		if (r < 0) {
			error_prefix(error, "%s is drained but not held", plan->device->name);
			error->result = KMEMD_PARTLY;
		} else if (!plan->steps.count) {
			snprintf(message, sizeof(message),
				 "%s: nothing of it is in use; policy leaves it alone from now on",
				 plan->device->name);
			send_event(task, plan, KMEMD_EVENT_NOTICE, message, NULL);
		}
	}
	if (r == 0 && task->goal == GOAL_POLICY && record_read(task->kmemd, plan->device, &record))
		record_remove(task->kmemd, plan->device);
	return r;
}

/*
 * A fresh snapshot for each device: the one before may have taken space in a window. *ret_acted
 * tells whether there was anything to do.
 */
static int do_device(const struct task *task, const char *name, bool *ret_acted,
		     struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	const struct device *device;
	struct decision decision;
	struct plan plan;
	int r = kmemd_inventory_read(task->kmemd, &inventory, error);

	*ret_acted = false;
	if (r < 0)
		return r;
	device = inventory_device(inventory, name);
	if (!device)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV,
				 "no device is called '%s' (kmemctl status shows them)", name);
	if (task->goal == GOAL_POLICY && is_on_record(task, device))
		return 0;
	if (task->policy)
		policy_decide(task->policy, &inventory->host, device, &decision);
	else
		decision = (struct decision){.settings = default_settings};
	r = plan_make(inventory, device, &decision, task->goal, &plan);
	if (r < 0)
		return error_memory(error);
	*ret_acted = plan.steps.count > 0;
	r = act(task, inventory, &plan, error);
	plan_release(&plan);
	return r;
}

/* Every device; the first failure is what is returned, and KMEMD_PARTLY when others worked. */
static int do_all(const struct task *task, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	unsigned int worked = 0;
	int result = 0, r = kmemd_inventory_read(task->kmemd, &inventory, error);

	if (r < 0)
		return r;
	records_prune(task->kmemd, inventory);
	array_foreach(device, &inventory->devices) {
		struct kmemd_error device_error = {0};
		bool acted;

		if (task->job->cancelled && task->job->cancelled(task->job->userdata))
			return error_set(error, KMEMD_FAILED, ECANCELED, "cancelled");
		r = do_device(task, device->identity, &acted, &device_error);
		if (r == -ENODEV && !acted) /* unplugged meanwhile */
			continue;
		worked += r == 0 && acted;
		if (r < 0 && result == 0) {
			result = r;
			*error = device_error;
		}
	}
	if (result < 0 && worked)
		error->result = KMEMD_PARTLY;
	return result;
}

int job_begin(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	int r, lock;

	if (geteuid() != 0 && !strcmp(kmemd->sysfs, "/sys"))
		return error_set(error, KMEMD_NOT_PERMITTED, EPERM,
				 "only root may change the machine's memory");
	lock = lock_take(kmemd, job, error);
	if (lock < 0)
		return lock;
	r = run_recover(kmemd, job, error);
	if (r < 0) {
		error_prefix(error, "cannot put right what an earlier job left");
		close(lock);
		return r;
	}
	return lock;
}

struct patience job_patience(const struct kmemd_job *job)
{
	return (struct patience){.total_sec = job->timeout_sec,
				 .stall_sec = job->timeout_sec ? 0 : STALL_SEC};
}

void job_tell(const struct kmemd_job *job, const char *identity, enum kmemd_event_type type,
	      const char *message, const struct kmemd_error *error)
{
	job->event(job->userdata, &(struct kmemd_event){
					  .type = type,
					  .device = identity,
					  .message = message,
					  .error = error,
				  });
}

int kmemd_apply(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error)
{
	struct task task = {
		.kmemd = kmemd,
		.policy = policy,
		.job = job,
		.goal = GOAL_POLICY,
		.named = device != NULL,
	};
	_cleanup_close_ int lock = job_begin(kmemd, job, error);
	bool acted;

	if (lock < 0)
		return lock;
	return device ? do_device(&task, device, &acted, error) : do_all(&task, error);
}

int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error)
{
	struct task task = {
		.kmemd = kmemd,
		.policy = policy,
		.job = job,
		.goal = GOAL_DRAIN,
		.named = true,
	};
	_cleanup_close_ int lock = job_begin(kmemd, job, error);
	bool acted;

	return lock < 0 ? lock : do_device(&task, device, &acted, error);
}
