/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of policy: device by device, from what each is to what its file says. */
#include "job/policy-job.h"

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

struct policy_job {
	struct kmemd *kmemd;
	const struct kmemd_policy *policy;
	const struct kmemd_job *job;
	bool named; /* by a person: records are lifted, refusals are told again */
};

/* --- what another hand did ----------------------------------------------------------------------
 */

static void tell_manual(const struct policy_job *job, const struct device *device,
			const struct record *record, const struct decision *decision)
{
	char message[1024];

	snprintf(message, sizeof(message),
		 "%s: left alone from now on, %s; policy (%s) would make it %s; 'kmemctl apply %s' "
		 "does that",
		 device->name, record->message, decision->file->path,
		 mode_names[decision->settings.mode], device->name);
	job_tell(job->job, device->identity, KMEMD_EVENT_NOTICE, message, NULL);
}

/* From now on it is somebody else's: until it is plugged in again, a boot, or a person's word. */
static void make_manual(const struct policy_job *job, const struct device *device,
			const struct decision *decision, const char *why)
{
	struct kmemd_error error = {0};
	struct record record;

	record_make(&record, device, RECORD_MANUAL, why, NULL);
	if (record_write(job->kmemd, &record, &error) < 0)
		job_tell(job->job, device->identity, KMEMD_EVENT_NOTICE, error.message, NULL);
	tell_manual(job, device, &record, decision);
}

/* Whether another hand has changed the device since kmemd left it, or had it before kmemd. */
static bool is_somebody_elses(const struct policy_job *job, const struct device *device,
			      const struct record *record, const struct decision *decision)
{
	char now[LIFE_MAX], why[sizeof(record->message)];

	if (record && life_is_changed(device, record->left, why, sizeof(why))) {
		make_manual(job, device, decision, why);
		return true;
	}
	life_describe(device, now);
	if (record && !strcmp(now, record->left))
		return false;
	if (!life_is_chosen_devdax(device) || decision->settings.mode != MODE_SYSTEM_RAM)
		return false;
	make_manual(job, device, decision, "as somebody bound it to device_dax");
	return true;
}

/* 1 when the device is to be left alone, 0 when not, or a negative errno: nobody knows. */
static int is_left_alone(const struct policy_job *job, const struct device *device,
			 const struct decision *decision, struct kmemd_error *error)
{
	struct record record;
	int known;

	if (job->named)
		return 0;
	known = record_look(job->kmemd, device, &record, error);
	if (known < 0)
		return known;
	if (known && (record.state == RECORD_HELD || record.state == RECORD_MANUAL))
		return 1;
	if (known && record.state == RECORD_FAILED && !job->job->retry)
		return 1;
	/* Of a device that no policy wants anything of, nothing is known either. */
	if (decision->settings.mode == MODE_IGNORE)
		return 0;
	return is_somebody_elses(job, device, known ? &record : NULL, decision);
}

/* --- a device -----------------------------------------------------------------------------------
 */

static void scope_of(const struct task *task, const struct plan_part *part, const struct run *run,
		     char names[][DEVICE_NAME_MAX], struct verify_scope *ret)
{
	size_t count = 0;

	*ret = (struct verify_scope){.names = names, .capacity = !part->subject[0]};
	if (part->subject[0])
		copy_name(names[count++], part->subject);
	for (size_t i = part->first; i < part->first + part->count; i++)
		if (run->made[i][0])
			copy_name(names[count++], run->made[i]);
	ret->count = count;
	(void)task;
}

/* The kernel as it is now against what was wanted. */
static int check(struct task *task, const struct plan_part *part, const struct run *run,
		 struct kmemd_error *error)
{
	char(*names)[DEVICE_NAME_MAX] = calloc(part->count + 1, DEVICE_NAME_MAX);
	struct verify_scope scope;
	int r;

	if (!names)
		return error_memory(error);
	scope_of(task, part, run, names, &scope);
	task->after = kmemd_inventory_free(task->after);
	r = kmemd_inventory_read(task->kmemd, &task->after, error);
	if (r == 0)
		r = verify_policy(task->after, task->plan->device->identity, &task->plan->decision,
				  GOAL_POLICY, &scope, error);
	free(names);
	return r;
}

/* What policy made of the device, or why not; asked after everything else. */
struct ending {
	const struct policy_job *job;
	enum record_state state;
	const char *message;
};

/* How the device is now: from what was read last. */
static int describe_now(struct task *task, char left[LIFE_MAX], struct kmemd_error *error)
{
	const char *identity = task->plan->device->identity;
	const struct device *device;
	int r = 0;

	if (!task->after && (task->done || task->failed))
		r = kmemd_inventory_read(task->kmemd, &task->after, error);
	if (r < 0)
		return r;
	device = inventory_device(task->after ? task->after : task->inventory, identity);
	left[0] = '\0';
	if (device)
		life_describe(device, left);
	return 0;
}

static bool is_same_record(const struct record *a, const struct record *b)
{
	return a->state == b->state && !strcmp(a->message, b->message) && !strcmp(a->left, b->left);
}

/* Nothing is written that is there already. */
static int leave(struct task *task, struct kmemd_error *error)
{
	const struct ending *ending = task->data;
	const struct device *device = task->plan->device;
	enum record_state state = task->failed ? RECORD_FAILED : ending->state;
	struct record record, before;
	char left[LIFE_MAX];
	int r;

	if (task->failed) /* after an undo, what was read before it is old */
		task->after = kmemd_inventory_free(task->after);
	r = describe_now(task, left, error);
	if (r < 0)
		return r;
	record_make(&record, device, state, task->failed ? task->failure.message : ending->message,
		    left);
	if (task->failed && task->failure.errnum == ECANCELED) /* nobody's failure */
		return 0;
	if (record_read(task->kmemd, device, &before) && is_same_record(&before, &record))
		return 0;
	return task_add_record(task, &record) < 0 ? error_memory(error) : 0;
}

static void tell_decision(const struct task *task)
{
	const struct plan *plan = task->plan;
	size_t count = plan->steps.count;

	if (count)
		task_tell(task, KMEMD_EVENT_DECIDED, NULL, "%s: %s by %s, %zu step%s", task->name,
			  mode_names[plan->decision.settings.mode], plan->decision.file->path,
			  count, count == 1 ? "" : "s");
	if (plan->note[0] && count)
		task_tell(task, KMEMD_EVENT_NOTICE, NULL, "%s: %s", task->name, plan->note);
}

/* Why not all that policy wants is done, or "". */
static const char *refusal_of(const struct plan *plan)
{
	return plan->decision.refusal[0] ? plan->decision.refusal : plan->refusal;
}

/* A refusal is said once, and again to a person who asks by name. */
static int refuse(const struct policy_job *job, const struct task *task, bool told, int r,
		  struct kmemd_error *error)
{
	struct kmemd_error refusal = {0};

	if (told && !job->named && !job->job->retry)
		return r;
	error_set(&refusal, KMEMD_REFUSED, EOPNOTSUPP, "%s: %s", task->name,
		  refusal_of(task->plan));
	task_tell(task, KMEMD_EVENT_FAILED, &refusal, "%s", refusal.message);
	if (r < 0)
		return r;
	*error = refusal;
	if (task->done)
		error->result = KMEMD_PARTLY;
	return -EOPNOTSUPP;
}

static int act(const struct policy_job *job, struct task *task, struct kmemd_error *error)
{
	const char *refusal = refusal_of(task->plan);
	struct record record;
	bool told = record_read(job->kmemd, task->plan->device, &record) &&
		    record.state == RECORD_REFUSED && !strcmp(record.message, refusal);
	int r;

	tell_decision(task);
	if (!task->plan->steps.count && task->plan->note[0] && job->named)
		task_tell(task, KMEMD_EVENT_NOTICE, NULL, "%s: %s", task->name, task->plan->note);
	r = task_run(task, error);
	if (r < 0) {
		error_prefix(error, "%s", task->name);
		task_tell(task, KMEMD_EVENT_FAILED, error, "%s", error->message);
	} else if (task->done) {
		task_tell(task, KMEMD_EVENT_DONE, NULL, "%s: done and verified", task->name);
	}
	return refusal[0] ? refuse(job, task, told, r, error) : r;
}

static int do_planned(const struct policy_job *job, const struct kmemd_inventory *inventory,
		      const struct plan *plan, bool *ret_acted, struct kmemd_error *error)
{
	const char *refusal = refusal_of(plan);
	struct ending ending = {
		.job = job,
		.state = refusal[0] ? RECORD_REFUSED : RECORD_LEFT,
		.message = refusal,
	};
	struct task task = {
		.kmemd = job->kmemd,
		.job = job->job,
		.inventory = inventory,
		.plan = plan,
		.verb = "apply",
		.name = plan->device->name,
		.forward = true,
		.offline.total_sec = job->job->timeout_sec
					     ? job->job->timeout_sec
					     : plan->decision.settings.drain_timeout_sec,
		.online.stall_sec = ONLINE_STALL_SEC,
		.check = check,
		.leave = leave,
		.data = &ending,
	};
	int r = act(job, &task, error);

	*ret_acted = task.done > 0;
	task_release(&task);
	return r;
}

static int do_device(const struct policy_job *job, const struct kmemd_inventory *inventory,
		     const struct device *device, bool *ret_acted, struct kmemd_error *error)
{
	struct decision decision;
	struct record record;
	struct plan plan;
	int r;

	*ret_acted = false;
	policy_decide(job->policy, &inventory->host, device, &decision);
	r = is_left_alone(job, device, &decision, error);
	if (r < 0) {
		error_prefix(error, "%s", device->name);
		job_tell(job->job, device->identity, KMEMD_EVENT_FAILED, error->message, error);
	}
	if (r != 0)
		return r < 0 ? r : 0;
	if (!decision.file || (decision.settings.mode == MODE_IGNORE && !decision.refusal[0])) {
		/* What was refused is wanted no more. */
		if (job->named ||
		    (record_read(job->kmemd, device, &record) && record.state == RECORD_REFUSED))
			record_remove(job->kmemd, device);
		return 0;
	}
	r = plan_make(inventory, device, &decision, GOAL_POLICY, &plan);
	if (r < 0)
		return error_memory(error);
	r = do_planned(job, inventory, &plan, ret_acted, error);
	plan_release(&plan);
	return r;
}

/* --- one or all ---------------------------------------------------------------------------------
 */

static int do_named(const struct policy_job *job, const char *name, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	const struct device *device;
	bool acted;
	int r = job_read_device(job->kmemd, name, &inventory, &device, error);

	if (r < 0)
		return r;
	return do_device(job, inventory, device, &acted, error);
}

/* Whether something only went: what is there then is nobody's work to do. */
static bool nothing_came(const struct kmemd_job *job)
{
	return job->appeared && !job->appeared[0];
}

static bool is_lost(const struct device *device)
{
	array_foreach(region, &device->regions)
		if ((*region)->lost_blocks)
			return true;
	return false;
}

/*
 * Every device, with the snapshot of before as long as nothing is done: what was done for one may
 * have taken space in a window. The first failure is what is returned, and KMEMD_PARTLY when others
 * worked.
 */
static int do_all(const struct policy_job *job, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *first = NULL;
	struct kmemd_inventory *fresh = NULL;
	unsigned int worked = 0;
	int result = 0, r = kmemd_inventory_read(job->kmemd, &first, error);

	if (r < 0)
		return r;
	records_prune(job->kmemd, first);
	array_foreach(listed, &first->devices) {
		const struct kmemd_inventory *now = fresh ? fresh : first;
		const struct device *device = inventory_device(now, listed->identity);
		struct kmemd_error device_error = {0};
		bool acted = false;

		if (job_is_cancelled(job->job)) {
			result = error_set(error, KMEMD_FAILED, ECANCELED, "cancelled");
			break;
		}
		/* Memory that was pulled out in use is told at once. */
		if (!device || (nothing_came(job->job) && !is_lost(device)))
			continue;
		r = do_device(job, now, device, &acted, &device_error);
		worked += acted;
		if (r < 0 && r != -ENODEV && result == 0) { /* ENODEV: unplugged meanwhile */
			result = r;
			*error = device_error;
		}
		if (acted || r < 0) {
			fresh = kmemd_inventory_free(fresh);
			r = kmemd_inventory_read(job->kmemd, &fresh, error);
			if (r < 0)
				return r;
		}
	}
	kmemd_inventory_free(fresh);
	if (result < 0 && worked)
		error->result = KMEMD_PARTLY;
	return result;
}

int kmemd_apply(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *callbacks, struct kmemd_error *error)
{
	const struct policy_job job = {
		.kmemd = kmemd,
		.policy = policy,
		.job = callbacks,
		.named = device != NULL,
	};
	_cleanup_close_ int lock = job_begin(kmemd, callbacks, error);

	if (lock < 0)
		return lock;
	return device ? do_named(&job, device, error) : do_all(&job, error);
}
