/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/region-job.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "inventory/snapshot.h"
#include "job/check-made.h"
#include "job/engine.h"
#include "plan/plan-device.h"
#include "policy/decide.h"
#include "step/change-blocks.h"
#include "json/plan-json.h"

#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

/* What is asked for, and what it means on this machine. */
struct region_job {
	const struct kmemd_policy *policy;
	struct region_sets sets;
	struct plan plan;
};

static void release(struct region_job *job)
{
	plan_release(&job->plan);
	sets_release(&job->sets);
}

static void decide(const struct kmemd_policy *policy, const struct kmemd_inventory *inventory,
		   const struct device *device, struct decision *ret)
{
	*ret = (struct decision){.settings.mode = MODE_IGNORE};
	if (policy)
		policy_decide(policy, &inventory->host, device, ret);
	if (ret->refusal[0]) /* nothing is made of it that nobody has said */
		ret->settings.mode = MODE_IGNORE;
}

static int make_plan(struct region_job *job, const struct kmemd_inventory *inventory,
		     const struct kmemd_region_request *request, struct kmemd_error *error)
{
	struct decision decision;
	int r = set_of_request(inventory, request, &job->sets, error);

	if (r < 0)
		return r;
	decide(job->policy, inventory, job->sets.sets.items[0].members[0], &decision);
	if (plan_make_by_hand(inventory, &decision, &job->sets, &job->plan) < 0)
		return error_memory(error);
	if (job->plan.refusal[0])
		return error_set(error, KMEMD_REFUSED, EOPNOTSUPP, "%s", job->plan.refusal);
	return 0;
}

/* --- records ------------------------------------------------------------------------------------
 */

/* Whether policy finds nothing more to do with the device, as it is now. */
static int is_content(const struct region_job *job, const struct kmemd_inventory *now,
		      const struct device *device, bool *ret)
{
	struct decision decision;
	struct plan plan;

	decide(job->policy, now, device, &decision);
	if (plan_make(now, device, &decision, GOAL_POLICY, &plan) < 0)
		return -ENOMEM;
	*ret = decision.settings.mode != MODE_IGNORE && !plan.steps.count && !plan.refusal[0];
	plan_release(&plan);
	return 0;
}

static int leave_member(struct task *task, const struct region_job *job,
			const struct device *member)
{
	const struct device *now = inventory_device(task->after, member->identity);
	char left[LIFE_MAX];
	struct record record;
	bool content;

	if (!now) /* pulled out meanwhile */
		return 0;
	if (is_content(job, task->after, now, &content) < 0)
		return -ENOMEM;
	life_describe(now, left);
	if (content)
		record_make(&record, member, RECORD_LEFT, "", left);
	else
		record_make(&record, member, RECORD_HELD, "by hand: kmemctl create-region", NULL);
	return task_add_record(task, &record);
}

static int leave(struct task *task, struct kmemd_error *error)
{
	const struct region_job *job = task->data;
	const struct region_set *set = &job->sets.sets.items[0];
	int r = 0;

	if (task->failed)
		return 0;
	for (unsigned int i = 0; r == 0 && i < set->ways; i++)
		r = leave_member(task, job, set->members[i]);
	return r < 0 ? error_memory(error) : 0;
}

/* --- the job ------------------------------------------------------------------------------------
 */

static int act(struct task *task, struct kmemd_error *error)
{
	size_t count = task->plan->steps.count;
	int r;

	task_tell(task, KMEMD_EVENT_DECIDED, NULL, "%s: create-region, %zu step%s", task->name,
		  count, count == 1 ? "" : "s");
	if (task->plan->note[0])
		task_tell(task, KMEMD_EVENT_NOTICE, NULL, "%s: %s", task->name, task->plan->note);
	r = task_run(task, error);
	if (r == 0) {
		task_tell(task, KMEMD_EVENT_DONE, NULL, "%s: done and verified", task->made);
		return 0;
	}
	error_prefix(error, "%s", task->name);
	task_tell(task, KMEMD_EVENT_FAILED, error, "%s", error->message);
	return r;
}

int kmemd_create_region(struct kmemd *kmemd, const struct kmemd_policy *policy,
			const struct kmemd_region_request *request, const struct kmemd_job *job,
			char ret_name[DEVICE_NAME_MAX], struct kmemd_error *error)
{
	_cleanup_close_ int lock = job_begin(kmemd, job, error);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	struct region_job region_job = {.policy = policy};
	struct task task = {
		.kmemd = kmemd,
		.job = job,
		.plan = &region_job.plan,
		.verb = "create-region",
		.offline = job_patience(job),
		.online.stall_sec = ONLINE_STALL_SEC,
		.check = check_made,
		.leave = leave,
		.data = &region_job,
	};
	int r = lock < 0 ? lock : kmemd_inventory_read(kmemd, &inventory, error);

	if (r == 0)
		r = make_plan(&region_job, inventory, request, error);
	if (r == 0) {
		task.inventory = inventory;
		task.name = region_job.plan.device->name;
		r = act(&task, error);
	}
	snprintf(ret_name, DEVICE_NAME_MAX, "%s", task.made);
	task_release(&task);
	release(&region_job);
	return r;
}

int kmemd_report_region(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const struct kmemd_policy *policy,
			const struct kmemd_region_request *request, struct json_object **ret,
			struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	struct json_object *devices = json_put_array(json, "devices");
	struct region_job job = {.policy = policy};
	int r = devices ? make_plan(&job, inventory, request, error) : error_memory(error);

	if (r == 0) {
		report_plan(devices, kmemd, &job.plan);
		*ret = json_object_get(json);
	}
	release(&job);
	return r;
}
