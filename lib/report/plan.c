/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports about what would be done, and why: plan and explain. */
#include "plan/plan.h"
#include "base/error.h"
#include "base/json.h"
#include "state/state.h"

#include <errno.h>
#include <stdio.h>

/* "/etc/kmemd/policy.d/10-x.conf:7", or where the value comes from when no file says it. */
static void source_of(const struct decision *decision, enum policy_key key, char *buffer,
		      size_t size)
{
	if (key == KEY_COUNT)
		snprintf(buffer, size, "kmemctl drain");
	else if (decision->file && decision->file->line[key])
		snprintf(buffer, size, "%s:%u", decision->file->path, decision->file->line[key]);
	else
		snprintf(buffer, size, "default");
}

static void put_step(struct json_object *array, const struct plan *plan, const struct step *step)
{
	struct json_object *json = json_append_object(array), *why;
	char text[256];

	step_text(step, text, sizeof(text));
	json_put_text(json, "type", step_names[step->type]);
	json_put_text(json, "target", step->target);
	json_put_text(json, "text", text);
	json_put_u64(json, "memmap_dram_bytes", step->dram_bytes);
	json_put_u64(json, "memmap_device_bytes", step->device_bytes);
	json_put_u64(json, "lost_bytes", step->lost_bytes);
	json_put_text(json, "undo", step_undo_text(step->type));
	why = json_put_object(json, "why");
	if (step->why != KEY_COUNT) {
		snprintf(text, sizeof(text), "%s.%s", policy_keys[step->why].section,
			 policy_keys[step->why].name);
		json_put_text(why, "key", text);
	}
	source_of(&plan->decision, step->why, text, sizeof(text));
	json_put_text(why, "source", text);
}

/* Why policy does nothing with a device that it would otherwise plan for; "" when it does. */
static void standing_of(const struct kmemd *kmemd, const struct plan *plan, char *buffer,
			size_t size)
{
	struct record record;

	buffer[0] = '\0';
	if (plan->goal == GOAL_DRAIN) {
		snprintf(buffer, size, "%s", plan->refusal);
	} else if (plan->decision.refusal[0]) {
		snprintf(buffer, size, "%s", plan->decision.refusal);
	} else if (plan->refusal[0]) {
		snprintf(buffer, size, "%s", plan->refusal);
	} else if (record_read(kmemd, plan->device, &record) && record.state != RECORD_REFUSED) {
		snprintf(buffer, size, "%s: %s; kmemctl apply %s lifts that",
			 record_state_names[record.state], record.message, plan->device->name);
	}
}

static void put_plan(struct json_object *array, const struct kmemd *kmemd, const struct plan *plan)
{
	struct json_object *json = json_append_object(array), *steps;
	char standing[1024];

	json_put_text(json, "device", plan->device->name);
	json_put_text(json, "identity", plan->device->identity);
	json_put_text(json, "mode", mode_names[plan->decision.settings.mode]);
	json_put_text(json, "policy", plan->decision.file ? plan->decision.file->path : "");
	standing_of(kmemd, plan, standing, sizeof(standing));
	json_put_text(json, "refused", standing);
	json_put_text(json, "note", plan->note);
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

	put_plan(array, kmemd, plan);
	json = json_object_array_get_idx(array, json_object_array_length(array) - 1);
	json_put_text(json, "kind", kind_names[plan->device->kind]);
	keys = json_put_array(json, "keys");
	put_key(keys, decision, KEY_CREATE, settings->create ? "yes" : "no");
	put_key(keys, decision, KEY_MODE, mode_names[settings->mode]);
	put_key(keys, decision, KEY_ZONE, zone_names[settings->zone]);
	put_key(keys, decision, KEY_MEMMAP_ON_MEMORY, memmap_wish_names[settings->memmap]);
	snprintf(number, sizeof(number), "%u", settings->drain_timeout_sec);
	put_key(keys, decision, KEY_DRAIN_TIMEOUT, number);
	put_key(keys, decision, KEY_ON_FAILURE, on_failure_names[settings->on_failure]);
}

static int report_devices(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			  const struct kmemd_policy *policy, const char *name, enum goal goal,
			  void (*put)(struct json_object *array, const struct kmemd *kmemd,
				      const struct plan *plan),
			  struct json_object **ret, struct kmemd_error *error)
{
	struct json_object *json, *devices;
	const struct device *only = name ? inventory_device(inventory, name) : NULL;

	if (name && !only)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV,
				 "no device is called '%s' (kmemctl list shows them)", name);
	json = json_object_new_object();
	devices = json_put_array(json, "devices");
	array_foreach(device, &inventory->devices) {
		struct decision decision;
		struct plan plan;

		if (only && only != device)
			continue;
		policy_decide(policy, device, &decision);
		if (!devices || plan_make(inventory, device, &decision, goal, &plan) < 0) {
			json_object_put(json);
			return error_memory(error);
		}
		put(devices, kmemd, &plan);
		plan_release(&plan);
	}
	*ret = json;
	return 0;
}

int kmemd_report_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		      const struct kmemd_policy *policy, const char *device, bool drain,
		      struct json_object **ret, struct kmemd_error *error)
{
	return report_devices(kmemd, inventory, policy, device, drain ? GOAL_DRAIN : GOAL_POLICY,
			      put_plan, ret, error);
}

int kmemd_report_explain(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const struct kmemd_policy *policy, const char *device,
			 struct json_object **ret, struct kmemd_error *error)
{
	return report_devices(kmemd, inventory, policy, device, GOAL_POLICY, put_explanation, ret,
			      error);
}
