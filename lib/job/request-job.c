/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jobs of what a person asks for by hand: lock, recover, then dax device by dax device. */
#include "job/request-job.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/read-dax.h"
#include "inventory/snapshot.h"
#include "job/engine.h"
#include "job/event.h"
#include "job/records.h"
#include "job/request-targets.h"
#include "job/udev-quiet.h"
#include "plan/plan-request.h"
#include "plan/verify-request.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "step/change-blocks.h"
#include "step/dax-driver.h"
#include "step/use-check.h"
#include "json/plan-json.h"

#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

static const char *const verb_names[] = {
	[KMEMD_RECONFIGURE_DEVICE] = "reconfigure-device", [KMEMD_ONLINE_MEMORY] = "online-memory",
	[KMEMD_OFFLINE_MEMORY] = "offline-memory",	   [KMEMD_ENABLE_DEVICE] = "enable-device",
	[KMEMD_DISABLE_DEVICE] = "disable-device",	   [KMEMD_CREATE_DEVICE] = "create-device",
	[KMEMD_DESTROY_DEVICE] = "destroy-device",
};

/* A request under way. */
struct work {
	struct kmemd *kmemd;
	const struct kmemd_policy *policy;
	const struct kmemd_request *request;
	const struct kmemd_job *job;
	struct json_object *results;
	unsigned int worked, failed; /* devices */
	int first;		     /* failure */
	struct kmemd_error *error;
};

/* --- results ------------------------------------------------------------------------------------
 */

static const char *result_name(enum kmemd_result result)
{
	switch (result) {
	case KMEMD_DONE:
		return "done";
	case KMEMD_REFUSED:
		return "refused";
	case KMEMD_PARTLY:
		return "partly";
	default:
		return "failed";
	}
}

static void put_result(struct work *work, const char *name, const char *identity,
		       const char *result, const struct kmemd_error *error)
{
	struct json_object *json = json_append_object(work->results);

	json_put_text(json, "device", name);
	json_put_text(json, "identity", identity);
	json_put_text(json, "result", result);
	json_put_int(json, "exit_code", error ? (int)error->result : 0);
	json_put_text(json, "error", error ? error->message : "");
}

static void fail(struct work *work, const char *name, const char *identity, int r,
		 const struct kmemd_error *error)
{
	put_result(work, name, identity, result_name(error->result), error);
	job_tell(work->job, identity, KMEMD_EVENT_FAILED, error->message, error);
	work->failed++;
	if (work->first == 0) {
		work->first = r;
		*work->error = *error;
	}
}

/* --- records ------------------------------------------------------------------------------------
 */

/* What a request leaves on record, and what it is about. */
struct leaving {
	const struct work *work;
	const struct request_target *target;
};

/* What is by hand not as policy wants it is held against it, like what was drained. */
static bool needs_hold(const struct work *work, const struct host *host,
		       const struct device *device)
{
	struct decision decision = {.settings = default_settings};

	if (work->policy)
		policy_decide(work->policy, host, device, &decision);
	return request_needs_hold(work->request, &decision);
}

/* How the kernel has it now; a device that policy wants so is watched from there on. */
static int describe_now(const struct work *work, const struct device *device, char left[LIFE_MAX],
			struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *now = NULL;
	const struct device *found;
	int r = kmemd_inventory_read(work->kmemd, &now, error);

	if (r < 0)
		return r;
	found = inventory_device(now, device->identity);
	left[0] = '\0';
	if (found)
		life_describe(found, left);
	return 0;
}

static int add_record(struct task *task, const struct work *work, const struct host *host,
		      const struct device *device, struct kmemd_error *error)
{
	struct record record;
	char message[64], left[LIFE_MAX];
	int r;

	if (needs_hold(work, host, device)) {
		snprintf(message, sizeof(message), "by hand: kmemctl %s", task->verb);
		record_make(&record, device, RECORD_HELD, message, NULL);
	} else {
		r = record_look(work->kmemd, device, &record, error);
		if (r > 0)
			r = describe_now(work, device, left, error);
		else if (r == 0)
			return 0;
		if (r < 0)
			return r;
		record_make(&record, device, RECORD_LEFT, "", left);
	}
	return task_add_record(task, &record) < 0 ? error_memory(error) : 0;
}

static int add_records(struct task *task, const struct work *work,
		       const struct kmemd_inventory *inventory, const struct dax_device *dax,
		       struct kmemd_error *error)
{
	const struct device *first = request_device_of(inventory, dax);
	int r = 0;

	for (size_t i = 0; r == 0 && first && i < dax->source.identities.count; i++)
		r = add_record(task, work, &inventory->host, first + i, error);
	return r;
}

/* A device that was not there before, or is another one by its size: who it is can only be read now.
 */
static int add_new_records(struct task *task, const struct work *work, const char *name,
			   struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	char *names[] = {(char *)name, NULL};
	int r = request_read_devices(work->kmemd, work->request, names, DAX_READ_RANGES, &inventory,
				     error);

	if (r < 0 || !inventory->dax.count)
		return r;
	return add_records(task, work, inventory, inventory->dax.items, error);
}

static int leave(struct task *task, struct kmemd_error *error)
{
	const struct leaving *leaving = task->data;

	if (task->failed)
		return 0;
	if (task->made[0])
		return add_new_records(task, leaving->work, task->made, error);
	if (!leaving->target->dax)
		return 0;
	if (task->done && leaving->work->request->has_size)
		return add_new_records(task, leaving->work, leaving->target->dax->name, error);
	return add_records(task, leaving->work, task->inventory, leaving->target->dax, error);
}

/* --- one device ---------------------------------------------------------------------------------
 */

/* Every block was read back when it was written to. */
static int check_kmem(const struct run *run, const char *name, struct kmemd_error *error)
{
	char driver[DEVICE_NAME_MAX];
	int r = dax_driver(run, name, driver, error);

	if (r == 0 && strcmp(driver, "kmem"))
		r = error_set(error, KMEMD_FAILED, EIO, "%s is not bound to kmem", name);
	return r;
}

/* Whether the request leaves memory in kmem offline, so that a udev rule may put it online. */
static bool leaves_offline(const struct kmemd_request *request)
{
	return request->verb == KMEMD_OFFLINE_MEMORY || request->no_online;
}

/* Nobody else has put blocks online that were offline before, or that were taken offline. */
static int check_offline_stays(const struct run *run, const char *name, struct kmemd_error *error)
{
	struct kmemd_error online = {0};
	int r = check_dax_offline(run, name, &online);

	if (r != -EBUSY) {
		*error = online;
		return r;
	}
	return error_set(error, KMEMD_FAILED, EIO,
			 "%s, and not by kmemctl: a udev rule or a daemon puts memory online by "
			 "itself (kmemctl doctor says which)",
			 online.message);
}

static int check(struct task *task, const struct plan_part *part, const struct run *run,
		 struct kmemd_error *error)
{
	const struct kmemd_request *request = task->plan->request;
	const char *made = run->made[part->first];
	char *names[] = {(char *)(made[0] ? made : run->steps[part->first].target.name), NULL};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *after = NULL;
	int r;

	if (leaves_offline(request)) {
		udev_wait_quiet(task->kmemd, task->job);
		r = check_offline_stays(run, names[0], error);
		if (r < 0)
			return r;
	}
	if (request_only_blocks(request))
		return check_kmem(run, names[0], error);
	r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_BLOCKS, &after, error);
	return r < 0 ? r : verify_request(after, names[0], request, error);
}

static void tell_unchanged(const struct task *task)
{
	task_tell(task, KMEMD_EVENT_NOTICE, NULL, "%s: nothing to change", task->name);
}

/* What was done, or that there was nothing to do. */
static void put_outcome(struct work *work, const struct task *task, const char *name)
{
	const char *identity = task->plan->device->identity;
	bool changed = task->done && (!request_only_blocks(work->request) || task->moved);

	work->worked++;
	put_result(work, name, identity, changed ? "done" : "unchanged", NULL);
	if (changed)
		task_tell(task, KMEMD_EVENT_DONE, NULL, "%s: done and verified", name);
	else
		tell_unchanged(task);
}

static void act(struct work *work, struct task *task)
{
	const struct plan *plan = task->plan;
	const char *identity = plan->device->identity, *name;
	struct kmemd_error error = {0};
	size_t count = plan->steps.count;
	int r;

	if (plan->refusal[0]) {
		r = error_set(&error, KMEMD_REFUSED, EBUSY, "%s", plan->refusal);
		fail(work, task->name, identity, r, &error);
		return;
	}
	if (plan->note[0])
		task_tell(task, KMEMD_EVENT_NOTICE, NULL, "%s", plan->note);
	if (plan->note[0] && !count) { /* it must not be touched without being named */
		put_result(work, task->name, identity, "skipped", NULL);
		return;
	}
	if (count)
		task_tell(task, KMEMD_EVENT_DECIDED, NULL, "%s: %s, %zu step%s", plan->device->name,
			  task->verb, count, count == 1 ? "" : "s");
	r = task_run(task, &error);
	name = task->made[0] ? task->made : task->name;
	if (r == 0) {
		put_outcome(work, task, name);
		return;
	}
	error_prefix(&error, "%s", name);
	fail(work, name, identity, r, &error);
}

static void do_planned(struct work *work, const struct kmemd_inventory *inventory,
		       const struct request_target *target, const struct plan *plan,
		       const char *name)
{
	struct leaving leaving = {.work = work, .target = target};
	struct task task = {
		.kmemd = work->kmemd,
		.job = work->job,
		.inventory = inventory,
		.plan = plan,
		.verb = verb_names[work->request->verb],
		.name = name,
		.offline = job_patience(work->job),
		.online = {.total_sec = work->job->timeout_sec, .stall_sec = ONLINE_STALL_SEC},
		.check = check,
		.leave = leave,
		.data = &leaving,
	};

	act(work, &task);
	task_release(&task);
}

static int plan_target(const struct kmemd_inventory *inventory, const struct request_target *target,
		       const struct kmemd_request *request, struct plan *plan,
		       struct kmemd_error *error)
{
	return plan_request(inventory, target, request, plan) < 0 ? error_memory(error) : 0;
}

static int do_target(struct work *work, const struct kmemd_inventory *inventory,
		     const struct request_target *target, const char *name)
{
	struct plan plan;
	int r = plan_target(inventory, target, work->request, &plan, work->error);

	if (r < 0)
		return r;
	do_planned(work, inventory, target, &plan, name);
	plan_release(&plan);
	return 0;
}

/* What has been read of several devices is old when the second one is done: read it again. */
static int do_device(struct work *work, const struct kmemd_inventory *inventory,
		     const struct dax_device *dax, unsigned int what)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *fresh = NULL;
	char *names[] = {(char *)dax->name, NULL};
	struct request_target target;
	struct kmemd_error gone = {0};
	int r;

	if (inventory->dax.count > 1) {
		r = request_read_devices(work->kmemd, work->request, names, what, &fresh,
					 work->error);
		if (r < 0)
			return r;
		if (!fresh->dax.count) {
			r = error_set(&gone, KMEMD_NO_DEVICE, ENODEV, "%s is gone", dax->name);
			fail(work, dax->name, "", r, &gone);
			return 0;
		}
		inventory = fresh;
		dax = fresh->dax.items;
	}
	target = request_target_of(inventory, work->request, dax, what);
	if (!target.device)
		return error_memory(work->error);
	return do_target(work, inventory, &target, dax->name);
}

/* Names that are nobody's are failures of their own; the others are done all the same. */
static void tell_unknown(struct work *work, const struct kmemd_inventory *inventory)
{
	const struct kmemd_request *request = work->request;

	for (char *const *name = request->devices; name && *name; name++) {
		struct kmemd_error error = {0};
		int r;

		if (inventory_dax(inventory, *name))
			continue;
		if (!strcmp(*name, "all"))
			r = error_set(&error, KMEMD_NO_DEVICE, ENODEV, "there is no dax device%s%s",
				      request->region ? " in the dax region " : "",
				      request->region ? request->region : "");
		else
			r = error_set(&error, KMEMD_NO_DEVICE, ENODEV,
				      "no dax device is called '%s'%s%s (kmemctl list shows them)",
				      *name, request->region ? " in the dax region " : "",
				      request->region ? request->region : "");
		fail(work, *name, "", r, &error);
	}
}

static int do_devices(struct work *work)
{
	unsigned int what = request_what_to_read(work->request, false);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = request_read_devices(work->kmemd, work->request, work->request->devices, what,
				     &inventory, work->error);

	if (r < 0)
		return r;
	tell_unknown(work, inventory);
	array_foreach(dax, &inventory->dax) {
		if (job_is_cancelled(work->job))
			return error_set(work->error, KMEMD_FAILED, ECANCELED, "cancelled");
		r = do_device(work, inventory, dax, what);
		if (r < 0)
			return r;
	}
	return 0;
}

static int do_regions(struct work *work)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = request_read_regions(work->kmemd, work->request, &inventory, work->error);

	for (size_t i = 0; r == 0 && i < inventory->dax_regions.count; i++) {
		struct request_target target = request_region_target(inventory, i);

		if (job_is_cancelled(work->job))
			return error_set(work->error, KMEMD_FAILED, ECANCELED, "cancelled");
		if (request_is_candidate(work->request, target.region))
			r = do_target(work, inventory, &target, target.device->name);
	}
	return r;
}

/* --- the public calls ---------------------------------------------------------------------------
 */

static int check_request(const struct kmemd_request *request, struct kmemd_error *error)
{
	const char *mistake = request_mistake(request);

	return mistake ? error_set(error, KMEMD_USAGE, EINVAL, "%s", mistake) : 0;
}

int kmemd_request(struct kmemd *kmemd, const struct kmemd_policy *policy,
		  const struct kmemd_request *request, const struct kmemd_job *job,
		  struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	struct work work = {
		.kmemd = kmemd,
		.policy = policy,
		.request = request,
		.job = job,
		.results = json_put_array(json, "devices"),
		.error = error,
	};
	_cleanup_close_ int lock = -1;
	int r = check_request(request, error);

	if (r < 0)
		return r;
	if (!work.results)
		return error_memory(error);
	lock = job_begin(kmemd, job, error);
	if (lock < 0)
		return lock;
	r = request->verb == KMEMD_CREATE_DEVICE ? do_regions(&work) : do_devices(&work);
	if (r == 0)
		r = work.first;
	if (r < 0 && work.worked)
		error->result = KMEMD_PARTLY;
	if (ret)
		*ret = take_pointer(json);
	return r;
}

static int report_target(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const struct request_target *target, const struct kmemd_request *request,
			 struct json_object *devices, struct kmemd_error *error)
{
	struct plan plan;
	int r = plan_target(inventory, target, request, &plan, error);

	if (r < 0)
		return r;
	report_plan(devices, kmemd, &plan);
	plan_release(&plan);
	return 0;
}

static int report_devices(struct kmemd *kmemd, const struct kmemd_request *request,
			  struct json_object *devices, struct kmemd_error *error)
{
	unsigned int what = request_what_to_read(request, true);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = request_read_devices(kmemd, request, request->devices, what, &inventory, error);

	if (r < 0)
		return r;
	for (char *const *name = request->devices; name && *name; name++)
		if (!inventory_dax(inventory, *name))
			return error_set(error, KMEMD_NO_DEVICE, ENODEV,
					 "no dax device is called '%s' (kmemctl list shows them)",
					 *name);
	array_foreach(dax, &inventory->dax) {
		struct request_target target = request_target_of(inventory, request, dax, what);

		if (!target.device)
			return error_memory(error);
		r = report_target(kmemd, inventory, &target, request, devices, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int report_regions(struct kmemd *kmemd, const struct kmemd_request *request,
			  struct json_object *devices, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = request_read_regions(kmemd, request, &inventory, error);

	for (size_t i = 0; r == 0 && i < inventory->dax_regions.count; i++) {
		struct request_target target = request_region_target(inventory, i);

		if (request_is_candidate(request, target.region))
			r = report_target(kmemd, inventory, &target, request, devices, error);
	}
	return r;
}

int kmemd_report_request(struct kmemd *kmemd, const struct kmemd_request *request,
			 struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	struct json_object *devices = json_put_array(json, "devices");
	int r = check_request(request, error);

	if (r == 0 && !devices)
		r = error_memory(error);
	if (r < 0)
		return r;
	r = request->verb == KMEMD_CREATE_DEVICE ? report_regions(kmemd, request, devices, error)
						 : report_devices(kmemd, request, devices, error);
	if (r == 0)
		*ret = take_pointer(json);
	return r;
}
