/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports about what would be done, and why: plan and explain. */
#include "json/plan-json.h"

#include "base/error.h"
#include "base/json.h"
#include "inventory/names.h"
#include "job/records.h"
#include "plan/find-sets.h"
#include "plan/plan-device.h"
#include "plan/plan-drain.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "json/devices-json.h"

#include <errno.h>
#include <stdio.h>

/*
 * "/etc/kmemd/policy.d/10-x.conf:7", or where the value comes from when no file says it. What a
 * file with a mistake says is not taken.
 */
static void source_of(const struct decision *decision, enum policy_key key, char *buffer,
		      size_t size)
{
	if (key == KEY_COUNT)
		snprintf(buffer, size, "the command");
	else if (decision->file && !decision->file->broken && decision->file->line[key])
		snprintf(buffer, size, "%s:%u", policy_key_path(decision->file, key),
			 decision->file->line[key]);
	else
		snprintf(buffer, size, "default");
}

static void put_step(struct json_object *array, const struct plan *plan, const struct step *step)
{
	struct json_object *json = json_append_object(array), *why;
	char text[256];

	step_text(step, text, sizeof(text));
	json_put_text(json, "type", step_operations(step->type)->name);
	json_put_text(json, "target", step->target.name);
	json_put_text(json, "text", text);
	json_put_u64(json, "memmap_dram_bytes", step->dram_bytes);
	json_put_u64(json, "memmap_device_bytes", step->device_bytes);
	json_put_u64(json, "lost_bytes", step->lost_bytes);
	json_put_text(json, "undo", step_operations(step->type)->undo_text);
	why = json_put_object(json, "why");
	if (step->why != KEY_COUNT) {
		snprintf(text, sizeof(text), "%s.%s", policy_keys[step->why].section,
			 policy_keys[step->why].name);
		json_put_text(why, "key", text);
	}
	source_of(&plan->decision, step->why, text, sizeof(text));
	json_put_text(why, "source", text);
}

/* What the plan is for, in a word. */
static const char *mode_of(const struct plan *plan)
{
	if (plan->goal == GOAL_REQUEST) /* policy has no say in it */
		return "by-hand";
	if (plan->goal == GOAL_CREATE_REGION)
		return "create-region";
	if (plan->goal == GOAL_DESTROY_REGION)
		return "destroy-region";
	if (goal_drains(plan->goal))
		return "drain";
	return mode_names[plan->decision.settings.mode];
}

/* Why nothing is done although something is wanted; "" when nothing stands in the way. */
static const char *refusal_of(const struct plan *plan)
{
	if (plan->goal == GOAL_POLICY && plan->decision.refusal[0])
		return plan->decision.refusal;
	return plan->refusal;
}

void report_plan(struct json_object *array, const struct kmemd *kmemd, const struct plan *plan)
{
	struct json_object *json = json_append_object(array), *steps;

	json_put_text(json, "device", plan->device->name);
	json_put_text(json, "identity", plan->device->identity);
	json_put_text(json, "mode", mode_of(plan));
	json_put_text(json, "policy", plan->decision.file ? plan->decision.file->path : "");
	json_put_text(json, "refused", refusal_of(plan));
	json_put_text(json, "note", plan->note);
	if (plan->goal == GOAL_POLICY)
		report_record(json, kmemd, plan->device);
	steps = json_put_array(json, "steps");
	array_foreach(step, &plan->steps)
		put_step(steps, plan, step);
}

static void put_key(struct json_object *array, const struct decision *decision, enum policy_key key,
		    const char *value)
{
	struct json_object *json = json_append_object(array);
	char text[512];

	snprintf(text, sizeof(text), "%s.%s", policy_keys[key].section, policy_keys[key].name);
	json_put_text(json, "key", text);
	json_put_text(json, "value", value);
	source_of(decision, key, text, sizeof(text));
	json_put_text(json, "source", text);
}

static void put_explanation(struct json_object *array, const struct kmemd *kmemd,
			    const struct plan *plan)
{
	const struct decision *decision = &plan->decision;
	const struct settings *settings = &decision->settings;
	struct json_object *json, *keys;
	char number[16];

	report_plan(array, kmemd, plan);
	json = json_object_array_get_idx(array, json_object_array_length(array) - 1);
	json_put_text(json, "kind", kind_names[plan->device->kind]);
	keys = json_put_array(json, "keys");
	put_key(keys, decision, KEY_CREATE, settings->create ? "yes" : "no");
	for (unsigned int key = KEY_INTERLEAVE; key <= KEY_WAIT; key++) {
		policy_number_text(settings, (enum policy_key)key, number, sizeof(number));
		put_key(keys, decision, (enum policy_key)key, number);
	}
	put_key(keys, decision, KEY_MODE, mode_names[settings->mode]);
	put_key(keys, decision, KEY_ZONE, zone_names[settings->zone]);
	put_key(keys, decision, KEY_MEMMAP_ON_MEMORY, memmap_wish_names[settings->memmap]);
	snprintf(number, sizeof(number), "%u", settings->drain_timeout_sec);
	put_key(keys, decision, KEY_ONLINE, settings->online ? "yes" : "no");
	put_key(keys, decision, KEY_DRAIN_TIMEOUT, number);
	put_key(keys, decision, KEY_ON_FAILURE, on_failure_names[settings->on_failure]);
}

/* What apply does with all devices leaves out those that are held; a name lifts that. */
static void leave_held_alone(const struct kmemd *kmemd, struct plan *plan)
{
	struct record record;

	if (plan->goal == GOAL_POLICY && record_read_now(kmemd, plan->device, &record) &&
	    (record.state == RECORD_HELD || record.state == RECORD_MANUAL))
		plan_release(plan);
}

static bool is_named(const struct kmemd_inventory *inventory, char *const *names,
		     const struct device *device)
{
	for (size_t i = 0; names[i]; i++)
		if (inventory_device(inventory, names[i]) == device)
			return true;
	return false;
}

struct report_sets {
	const struct kmemd *kmemd;
	const struct device *named;
};

/* What apply would take now, without waiting. */
static enum set_part ask_part(void *userdata, const struct device *device,
			      const struct decision *decision)
{
	const struct report_sets *report = userdata;

	(void)decision;
	return record_keeps_out(report->kmemd, device, report->named, true) ? SET_OUT : SET_IN;
}

static int find_sets(const struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		     const struct kmemd_policy *policy, const struct device *named,
		     struct region_sets *ret)
{
	struct report_sets report = {kmemd, named};
	const struct set_source source = {policy, ask_part, &report};

	return sets_find(inventory, &source, ret);
}

/* Of one device: whichever goal, unless that is about a region. */
static int make_plan(const struct kmemd_inventory *inventory, const struct kmemd_policy *policy,
		     const struct device *device, enum goal goal, struct region_sets *sets,
		     struct plan *ret)
{
	struct decision decision;

	policy_decide(policy, &inventory->host, device, &decision);
	return goal == GOAL_POLICY ? plan_make_of_sets(inventory, device, &decision, sets, ret)
				   : plan_make(inventory, device, &decision, goal, ret);
}

static int report_devices(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			  const struct kmemd_policy *policy, char *const *names, enum goal goal,
			  void (*put)(struct json_object *array, const struct kmemd *kmemd,
				      const struct plan *plan),
			  struct json_object **ret, struct kmemd_error *error)
{
	struct json_object *json, *devices;
	const struct device *named = NULL;
	struct region_sets sets;
	int r = 0;

	for (size_t i = 0; r == 0 && names[i]; i++)
		r = inventory_find_device(inventory, names[i], &named, error);
	if (r < 0)
		return r;
	json = json_object_new_object();
	devices = json_put_array(json, "devices");
	r = find_sets(kmemd, inventory, policy, named, &sets);
	array_foreach(device, &inventory->devices) {
		struct plan plan;

		if (r < 0 || (names[0] && !is_named(inventory, names, device)))
			continue;
		r = make_plan(inventory, policy, device, goal, &sets, &plan);
		if (r < 0)
			continue;
		if (!names[0])
			leave_held_alone(kmemd, &plan);
		put(devices, kmemd, &plan);
		plan_release(&plan);
	}
	sets_release(&sets);
	if (r < 0 || !devices) {
		json_object_put(json);
		return error_memory(error);
	}
	*ret = json;
	return 0;
}

static int put_region(const struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		      const struct kmemd_policy *policy, const char *name, enum goal goal,
		      struct json_object *devices, struct kmemd_error *error)
{
	const struct region *region;
	const struct device *device;
	struct decision decision;
	struct plan plan;
	int r = drain_find_region(inventory, name, &device, &region, error);

	if (r < 0)
		return r;
	policy_decide(policy, &inventory->host, device, &decision);
	r = plan_make_of_region(inventory, device, region, &decision, goal, &plan);
	if (r < 0)
		return error_memory(error);
	report_plan(devices, kmemd, &plan);
	plan_release(&plan);
	return 0;
}

static int report_regions(const struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			  const struct kmemd_policy *policy, char *const *names, enum goal goal,
			  struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	struct json_object *devices = json_put_array(json, "devices");
	int r = devices ? 0 : error_memory(error);

	for (size_t i = 0; r == 0 && names[i]; i++)
		r = put_region(kmemd, inventory, policy, names[i], goal, devices, error);
	if (r == 0)
		*ret = json_object_get(json);
	return r;
}

int kmemd_report_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		      const struct kmemd_policy *policy, char *const *devices, enum goal goal,
		      struct json_object **ret, struct kmemd_error *error)
{
	if (goal_is_about_region(goal))
		return report_regions(kmemd, inventory, policy, devices, goal, ret, error);
	return report_devices(kmemd, inventory, policy, devices, goal, report_plan, ret, error);
}

int kmemd_report_explain(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const struct kmemd_policy *policy, const char *device,
			 struct json_object **ret, struct kmemd_error *error)
{
	char *names[] = {(char *)device, NULL};

	return report_devices(kmemd, inventory, policy, names, GOAL_POLICY, put_explanation, ret,
			      error);
}
