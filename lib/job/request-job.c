/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jobs of what a person asks for by hand: lock, recover, then dax device by dax device. */
#include "job/request-job.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/read-dax.h"
#include "job/event.h"
#include "job/records.h"
#include "job/request-targets.h"
#include "job/run.h"
#include "plan/plan-request.h"
#include "plan/verify-request.h"
#include "policy/decide.h"
#include "policy/keys.h"
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

/* What is by hand not as policy wants it is held against it, like what was drained. */
static int keep_record(const struct work *work, const struct host *host,
		       const struct device *device, struct kmemd_error *error)
{
	struct decision decision = {.settings = default_settings};
	struct record record;
	char message[64];

	if (work->policy)
		policy_decide(work->policy, host, device, &decision);
	if (!request_needs_hold(work->request, &decision)) {
		if (record_read(work->kmemd, device, &record))
			record_remove(work->kmemd, device);
		return 0;
	}
	snprintf(message, sizeof(message), "by hand: kmemctl %s", verb_names[work->request->verb]);
	return record_write(work->kmemd, device, RECORD_HELD, message, error);
}

static int keep_records(const struct work *work, const struct kmemd_inventory *inventory,
			const struct dax_device *dax, struct kmemd_error *error)
{
	const struct device *first = request_device_of(inventory, dax);
	int r = 0;

	for (size_t i = 0; r == 0 && first && i < dax->source.identities.count; i++)
		r = keep_record(work, &inventory->host, first + i, error);
	if (r < 0) {
		error_prefix(error, "%s is done but its hold is not as it should be", dax->name);
		error->result = KMEMD_PARTLY;
	}
	return r;
}

/* A device that was not there before: who it is can only be read now. */
static int keep_new_records(const struct work *work, const char *name, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	char *names[] = {(char *)name, NULL};
	int r = request_read_devices(work->kmemd, work->request, names, DAX_READ_RANGES, &inventory,
				     error);

	if (r < 0 || !inventory->dax.count)
		return r;
	return keep_records(work, inventory, inventory->dax.items, error);
}

/* --- one device ---------------------------------------------------------------------------------
 */

/* The name that the outcome has to have, or not to have. */
static const char *outcome_name(const struct run *run)
{
	return run->created_dax[0] ? run->created_dax : run->plan->steps.items[0].target;
}

static int check_outcome(const struct run *run, struct kmemd_error *error)
{
	const struct kmemd_request *request = run->plan->request;
	char *names[] = {(char *)outcome_name(run), NULL};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *after = NULL;
	char driver[DEVICE_NAME_MAX];
	int r;

	/* Every block was read back when it was written to. */
	if (request_only_blocks(request)) {
		r = dax_driver(run, names[0], driver, error);
		if (r == 0 && strcmp(driver, "kmem"))
			r = error_set(error, KMEMD_FAILED, EIO, "%s is not bound to kmem",
				      names[0]);
		return r;
	}
	r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_BLOCKS, &after, error);
	return r < 0 ? r : verify_request(after, names[0], request, error);
}

static int execute(const struct work *work, const struct kmemd_inventory *inventory,
		   const struct plan *plan, struct run *run, struct kmemd_error *error)
{
	const struct kmemd_job *job = work->job;
	char message[192];

	*run = (struct run){
		.kmemd = work->kmemd,
		.job = job,
		.inventory = inventory,
		.plan = plan,
		.check = check_outcome,
		.patience = job_patience(job),
	};
	snprintf(run->journal.job, sizeof(run->journal.job), "%s", verb_names[work->request->verb]);
	snprintf(message, sizeof(message), "%s: %s, %zu step%s", plan->device->name,
		 verb_names[work->request->verb], plan->steps.count,
		 plan->steps.count == 1 ? "" : "s");
	job_tell(job, plan->device->identity, KMEMD_EVENT_DECIDED, message, NULL);
	return run_plan(run, error);
}

static void tell_unchanged(const struct work *work, const char *name, const char *identity)
{
	char message[128];

	snprintf(message, sizeof(message), "%s: is so already", name);
	job_tell(work->job, identity, KMEMD_EVENT_NOTICE, message, NULL);
}

static void tell_note(const struct work *work, const struct plan *plan)
{
	if (plan->note[0])
		job_tell(work->job, plan->device->identity, KMEMD_EVENT_NOTICE, plan->note, NULL);
}

/* Nothing was planned: it is so already, or must not be touched without being named. */
static void do_nothing(struct work *work, const struct plan *plan,
		       const struct kmemd_inventory *inventory, const struct dax_device *dax,
		       const char *name)
{
	struct kmemd_error error = {0};
	int r;

	tell_note(work, plan);
	if (plan->note[0]) {
		put_result(work, name, plan->device->identity, "skipped", NULL);
		return;
	}
	r = dax ? keep_records(work, inventory, dax, &error) : 0;
	if (r < 0) {
		fail(work, name, plan->device->identity, r, &error);
		return;
	}
	work->worked++;
	put_result(work, name, plan->device->identity, "unchanged", NULL);
	tell_unchanged(work, name, plan->device->identity);
}

static void act(struct work *work, const struct kmemd_inventory *inventory,
		const struct request_target *target, const struct plan *plan, const char *name)
{
	struct kmemd_error error = {0};
	struct run run;
	char message[128];
	int r;

	if (plan->refusal[0]) {
		r = error_set(&error, KMEMD_REFUSED, EBUSY, "%s", plan->refusal);
		fail(work, name, plan->device->identity, r, &error);
		return;
	}
	if (!plan->steps.count) {
		do_nothing(work, plan, inventory, target->dax, name);
		return;
	}
	tell_note(work, plan);
	r = execute(work, inventory, plan, &run, &error);
	name = run.created_dax[0] ? run.created_dax : name;
	if (r < 0)
		error_prefix(&error, "%s", name);
	else if (target->dax)
		r = keep_records(work, inventory, target->dax, &error);
	else
		r = keep_new_records(work, name, &error);
	if (r < 0) {
		fail(work, name, plan->device->identity, r, &error);
		return;
	}
	work->worked++;
	if (request_only_blocks(work->request) && !run.moved) {
		put_result(work, name, plan->device->identity, "unchanged", NULL);
		tell_unchanged(work, name, plan->device->identity);
		return;
	}
	put_result(work, name, plan->device->identity, "done", NULL);
	snprintf(message, sizeof(message), "%s: done and verified", name);
	job_tell(work->job, plan->device->identity, KMEMD_EVENT_DONE, message, NULL);
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
	act(work, inventory, target, &plan, name);
	plan_release(&plan);
	return 0;
}

static bool is_cancelled(const struct work *work)
{
	return work->job->cancelled && work->job->cancelled(work->job->userdata);
}

/* What has been read of several devices is old when the second one has its turn: read it anew. */
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

/* Names that are nobody's are failures of their own; the others have their turn all the same. */
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
		if (is_cancelled(work))
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

		if (is_cancelled(work))
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
