/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What moving a memmap would do. */
#include "json/memmap-plan-json.h"

#include "base/error.h"
#include "base/json.h"
#include "plan/plan-memmap.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "json/memmap-json.h"
#include "json/plan-json.h"

int kmemd_report_memmap_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			     const struct kmemd_policy *policy, const char *name, bool on,
			     bool rebind, struct json_object **ret, struct kmemd_error *error)
{
	const struct device *device;
	struct memmap_wish_by_hand wish = {.on_device = on, .rebind = rebind};
	struct decision decision = {.settings = default_settings};
	struct json_object *json, *devices;
	int r = inventory_find_device(inventory, name, &device, error);

	if (r < 0)
		return r;
	json = json_object_new_object();
	devices = json_put_array(json, "devices");
	if (policy)
		policy_decide(policy, &inventory->host, device, &decision);
	array_foreach(dax, &device->dax) {
		struct plan plan;

		if (!devices || plan_memmap(inventory, device, *dax, &decision, wish, &plan) < 0) {
			json_object_put(json);
			return error_memory(error);
		}
		report_plan(devices, kmemd, &plan);
		plan_release(&plan);
	}
	*ret = json;
	return 0;
}
