// SPDX-License-Identifier: GPL-2.0-or-later
/* A snapshot from a bug report: it is read, written and read again, and planned on. */
#include "base/error.h"
#include "base/json.h"
#include "inventory/inventory.h"
#include "inventory/load-inventory.h"
#include "plan/find-sets.h"
#include "plan/plan-device.h"
#include "policy/decide.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"
#include "json/inventory-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules[] = "[Match]\nKind=cxl-ram hmem dax\n[Memory]\nMode=system-ram\n";
static const char named[] = "[Match]\nUuid=3c1f7b0e-52d4-4c56-9f8a-0d2e6b7a9c41\n"
			    "[Memory]\nMode=devdax\n";

static const struct kmemd_policy *policy(void)
{
	static struct kmemd_policy once;

	if (!once.files.count && (policy_parse(&once, "1.conf", rules, strlen(rules)) < 0 ||
				  policy_parse(&once, "2.conf", named, strlen(named)) < 0))
		abort();
	return &once;
}

static void plan_all(const struct kmemd_inventory *inventory)
{
	array_foreach(device, &inventory->devices) {
		struct decision decision;
		struct plan plan;

		policy_decide(policy(), &inventory->host, device, &decision);
		for (int goal = GOAL_POLICY; goal <= GOAL_DRAIN; goal++) {
			if (plan_make(inventory, device, &decision, (enum goal)goal, &plan) < 0)
				abort();
			plan_release(&plan);
		}
	}
}

static enum set_part all_take_part(void *userdata, const struct device *device,
				   const struct decision *decision)
{
	(void)userdata, (void)decision;
	return device->host[0] == 'w' ? SET_WAITS : SET_IN;
}

/* Each is in one set at most, once, and knows it. */
static void check_set(const struct region_sets *sets, const struct region_set *set)
{
	if (!set->ways || set->ways > INTERLEAVE_MAX || set->granularity < 256)
		abort();
	for (unsigned int i = 0; i < set->ways; i++) {
		if (set_of(sets, set->members[i]) != set || set_waits(sets, set->members[i])[0])
			abort();
		for (unsigned int j = 0; j < i; j++)
			if (set->members[i] == set->members[j])
				abort();
	}
}

static void plan_sets(const struct kmemd_inventory *inventory)
{
	const struct set_source source = {policy(), all_take_part, NULL};
	struct region_sets sets;

	if (sets_find(inventory, &source, &sets) < 0)
		abort();
	array_foreach(set, &sets.sets)
		check_set(&sets, set);
	array_foreach(device, &inventory->devices) {
		struct decision decision;
		struct plan plan;

		policy_decide(policy(), &inventory->host, device, &decision);
		if (plan_make_of_sets(inventory, device, &decision, &sets, &plan) < 0)
			abort();
		plan_release(&plan);
	}
	sets_release(&sets);
}

/* Takes the JSON. */
static struct kmemd_inventory *load(struct json_object *json)
{
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};
	int r = kmemd_inventory_from_json(json, &inventory, &error);

	if (r < 0 && !error.message[0])
		abort();
	json_object_put(json);
	return inventory;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct kmemd_inventory *inventory, *again;
	struct json_object *json;

	if (!tokener || size > 1 << 20)
		goto end;
	json = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
	if (!json)
		goto end;
	inventory = load(json);
	if (!inventory)
		goto end;
	plan_all(inventory);
	plan_sets(inventory);
	again = load(kmemd_inventory_to_json(inventory));
	if (!again || again->devices.count != inventory->devices.count)
		abort();
	kmemd_inventory_free(again);
	kmemd_inventory_free(inventory);
end:
	json_tokener_free(tokener);
	return 0;
}
