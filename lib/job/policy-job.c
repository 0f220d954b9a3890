/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job of policy: device by device, from what each is to what its file says. */
#include "job/policy-job.h"

#include "base/cleanup.h"
#include "base/deadline.h"
#include "inventory/snapshot.h"
#include "job/check-made.h"
#include "job/engine.h"
#include "job/turns.h"
#include "plan/find-sets.h"
#include "plan/plan-device.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "step/change-blocks.h"

#include <stdio.h>

struct policy_job {
	struct kmemd *kmemd;
	const struct kmemd_policy *policy;
	const struct kmemd_job *job;
	bool named;		  /* by a person: records are lifted, refusals are told again */
	const struct device *who; /* of the snapshot that is looked at: whom the person named */
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
	char why[sizeof(record->message)];

	if (!life_is_changed(device, record ? record->left : "", decision->settings.mode, why,
			     sizeof(why)))
		return false;
	make_manual(job, device, decision, why);
	return true;
}

/* Whether the device may be part of a set; nothing is written or told. */
static enum set_part ask_part(void *userdata, const struct device *device,
			      const struct decision *decision)
{
	const struct policy_job *job = userdata;
	char why[sizeof(((struct record *)NULL)->message)];
	struct kmemd_error error = {0}; /* do_device() reports it */
	struct record record;
	int known = record_look(job->kmemd, device, &record, &error);

	if (known < 0 || record_keeps_out(job->kmemd, device, job->who, job->job->retry))
		return SET_OUT;
	if (!job->named && life_is_changed(device, known ? record.left : "",
					   decision->settings.mode, why, sizeof(why)))
		return SET_OUT;
	return job->job->waits && record_may_wait(job->kmemd, device) ? SET_WAITS : SET_IN;
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

/* What policy made of the device, or why not; asked after everything else. */
struct ending {
	const struct policy_job *job;
	enum record_state state;
	const char *message;
};

/* What was read last, and after a failure: what there is after the undo. */
static int read_now(struct task *task, struct kmemd_error *error)
{
	if (task->failed)
		task->after = kmemd_inventory_free(task->after);
	if (task->after || (!task->done && !task->failed))
		return 0;
	return kmemd_inventory_read(task->kmemd, &task->after, error);
}

static bool is_same_record(const struct record *a, const struct record *b)
{
	return a->state == b->state && !strcmp(a->message, b->message) && !strcmp(a->left, b->left);
}

/* Nothing is written that is there already. */
static int leave_device(struct task *task, const struct device *device, const char *with,
			struct kmemd_error *error)
{
	const struct ending *ending = task->data;
	const struct device *now;
	struct record record, before;
	char left[LIFE_MAX] = "";

	now = inventory_device(task->after ? task->after : task->inventory, device->identity);
	if (now)
		life_describe(now, left);
	record_make(&record, device, task->failed ? RECORD_FAILED : ending->state,
		    task->failed ? task->failure.message : ending->message, left);
	if (task->failed)
		snprintf(record.with, sizeof(record.with), "%s", with);
	if (record_read(task->kmemd, device, &before) && is_same_record(&before, &record))
		return 0;
	return task_add_record(task, &record) < 0 ? error_memory(error) : 0;
}

/* Of a set, every member is left so: the others have no plan of their own. */
static int leave(struct task *task, struct kmemd_error *error)
{
	const struct plan *plan = task->plan;
	const struct region_set *set = plan->sets ? set_of(plan->sets, plan->device) : NULL;
	int r = read_now(task, error);

	if (task->failed && task->failure.errnum == ECANCELED) /* nobody's failure */
		return r;
	if (r == 0)
		r = leave_device(task, plan->device, plan->device->identity, error);
	if (!set || set->members[0] != plan->device || !(task->done || task->failed))
		return r;
	for (unsigned int i = 1; r == 0 && i < set->ways; i++)
		r = leave_device(task, set->members[i], plan->device->identity, error);
	return r;
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
		.check = check_made,
		.leave = leave,
		.data = &ending,
	};
	int r = act(job, &task, error);

	*ret_acted = task.done > 0;
	task_release(&task);
	return r;
}

/* --- waiting for the other members of a set ----------------------------------------------------
 */

/* Told and noted when it begins; and when to look again, each time. */
static int wait_for_others(const struct policy_job *job, const struct device *device,
			   const struct decision *decision, const char *what,
			   struct kmemd_error *error)
{
	uint64_t now = (uint64_t)monotonic_ms();
	char message[256];
	struct record record;
	int r = 0;

	snprintf(message, sizeof(message), "%s: %s", device->name, what);
	if (!record_read(job->kmemd, device, &record) || record.state != RECORD_WAITING) {
		record_make(&record, device, RECORD_WAITING, what, NULL);
		record.until_ms = now + decision->settings.wait_sec * UINT64_C(1000);
		r = record_write(job->kmemd, &record, error);
		job_tell(job->job, device->identity, KMEMD_EVENT_NOTICE, message, NULL);
	}
	job->job->event(job->job->userdata,
			&(struct kmemd_event){
				.type = KMEMD_EVENT_WAITING,
				.device = device->identity,
				.job = "apply",
				.message = message,
				.retry_ms = record.until_ms > now
						    ? (unsigned int)(record.until_ms - now)
						    : 1,
			});
	return r;
}

/* --- a device of a snapshot ---------------------------------------------------------------------
 */

/* What there is, and which of it goes together. */
struct view {
	struct kmemd_inventory *inventory;
	struct region_sets sets;
};

static void view_release(struct view *view)
{
	sets_release(&view->sets);
	view->inventory = kmemd_inventory_free(view->inventory);
}

static int view_find_sets(const struct policy_job *job, struct view *view,
			  struct kmemd_error *error)
{
	struct policy_job asking = *job;
	const struct set_source source = {job->policy, ask_part, &asking};

	return sets_find(view->inventory, &source, &view->sets) < 0 ? error_memory(error) : 0;
}

static int view_read(const struct policy_job *job, struct view *view, struct kmemd_error *error)
{
	int r;

	view_release(view);
	r = kmemd_inventory_read(job->kmemd, &view->inventory, error);
	return r < 0 ? r : view_find_sets(job, view, error);
}

static int do_device(const struct policy_job *job, struct view *view, const struct device *device,
		     bool *ret_acted, struct kmemd_error *error)
{
	const char *waits = set_waits(&view->sets, device);
	struct decision decision;
	struct record record;
	struct plan plan;
	int r;

	*ret_acted = false;
	r = job_check_busy(job->kmemd, device, error);
	if (r < 0)
		return job->named ? r : 0;
	policy_decide(job->policy, &view->inventory->host, device, &decision);
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
		    (record_read(job->kmemd, device, &record) &&
		     (record.state == RECORD_REFUSED || record.state == RECORD_WAITING)))
			record_remove(job->kmemd, device);
		return 0;
	}
	r = plan_make_of_sets(view->inventory, device, &decision, &view->sets, &plan);
	if (r < 0)
		return error_memory(error);
	if (waits[0] && !plan.steps.count)
		r = wait_for_others(job, device, &decision, waits, error);
	else
		r = do_planned(job, view->inventory, &plan, ret_acted, error);
	plan_release(&plan);
	return r;
}

/* --- one or all ---------------------------------------------------------------------------------
 */

/* The first memdev of a region speaks for it: its device, of the same kind. */
static const struct device *speaker_of_region(const struct view *view, const struct device *device,
					      const struct region *region)
{
	const char *first = region->targets.count ? region->targets.items[0].memdev : "";

	array_foreach(other, &view->inventory->devices)
		if (other->kind == device->kind && other->memdev &&
		    !strcmp(other->memdev->name, first))
			return other;
	return NULL;
}

/* Another one that speaks for the device's set, or for a region that is there; or NULL. */
static const struct device *speaker_of(const struct view *view, const struct device *device)
{
	const struct region_set *set = set_of(&view->sets, device);

	if (set && set->members[0] != device)
		return set->members[0];
	array_foreach(region, &device->regions) {
		const struct device *other = speaker_of_region(view, device, *region);

		if (other && other != device)
			return other;
	}
	return NULL;
}

/* The set that it is in first, by who speaks for that, and then what else there is of the device.
 */
static int do_named(struct policy_job *job, const char *name, struct kmemd_error *error)
{
	const struct device *speaker = NULL;
	struct view view = {0};
	bool acted = false;
	int r = job_read_device(job->kmemd, name, &view.inventory, &job->who, error);

	if (r == 0)
		r = view_find_sets(job, &view, error);
	if (r == 0)
		speaker = speaker_of(&view, job->who);
	if (speaker)
		r = do_device(job, &view, speaker, &acted, error);
	if (r == 0 && acted) {
		job->who = NULL; /* of the snapshot that goes */
		r = view_read(job, &view, error);
		if (r < 0)
			error->result = KMEMD_PARTLY;
		job->who = r < 0 ? NULL : inventory_device(view.inventory, name);
	}
	if (r == 0 && job->who)
		r = do_device(job, &view, job->who, &acted, error);
	view_release(&view);
	return r;
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

/* Adds up what became of several devices. */
struct outcome {
	unsigned int worked;
	int result;
};

/* The device's turn, with the snapshot as it is now; `now` is read again when something was done.
 */
static int do_turn(const struct policy_job *job, struct view *now, const char *identity,
		   struct outcome *outcome, struct kmemd_error *error)
{
	const struct device *device = inventory_device(now->inventory, identity);
	struct kmemd_error device_error = {0};
	bool acted = false;
	int r;

	/* Memory that was pulled out in use is told at once. */
	if (!device || (nothing_came(job->job) && !is_lost(device)))
		return 0;
	r = do_device(job, now, device, &acted, &device_error);
	outcome->worked += acted;
	if (r < 0 && r != -ENODEV && outcome->result == 0) { /* ENODEV: unplugged meanwhile */
		outcome->result = r;
		*error = device_error;
	}
	return acted || r < 0 ? view_read(job, now, error) : 0;
}

/*
 * Every device, with the snapshot of before as long as nothing is done: what was done for one may
 * have taken space in a window. The first failure is what is returned, and KMEMD_PARTLY when others
 * worked.
 */
static int do_all(const struct policy_job *job, struct kmemd_error *error)
{
	struct outcome outcome = {0};
	turn_list turns = {0};
	struct view now = {0};
	int r = view_read(job, &now, error);

	if (r == 0) {
		records_prune(job->kmemd, now.inventory);
		r = turns_find(&now.sets, &turns) < 0 ? error_memory(error) : 0;
	}
	for (size_t i = 0; r == 0 && i < turns.count; i++) {
		if (job_is_cancelled(job->job)) {
			outcome.result = error_set(error, KMEMD_FAILED, ECANCELED, "cancelled");
			break;
		}
		r = do_turn(job, &now, turns.items[i].identity, &outcome, error);
	}
	turns_release(&turns);
	view_release(&now);
	if (r < 0)
		return r;
	if (outcome.result < 0 && outcome.worked)
		error->result = KMEMD_PARTLY;
	return outcome.result;
}

int kmemd_apply(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *callbacks, struct kmemd_error *error)
{
	struct policy_job job = {
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
