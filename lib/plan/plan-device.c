/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-device.h"

#include "plan/find-sets.h"
#include "plan/plan-drain.h"
#include "plan/plan-eject.h"
#include "plan/plan-policy.h"

#include <inttypes.h>

/* Nothing can be planned for memory that has nothing behind it, but somebody has to know. */
static bool refuse_lost(struct plan *plan, const struct kmemd_inventory *inventory)
{
	array_foreach(slot, &plan->device->regions) {
		const struct region *region = *slot;

		if (!region->lost_blocks)
			continue;
		plan_refuse(
			plan,
			"its memdev was pulled out while %u of its memory blocks were online, and "
			"what they held is lost; take memory%" PRIu64 " and up offline, then "
			"'cxl destroy-region %s'",
			region->lost_blocks, region->start / inventory->host.block_size,
			region->name);
		return true;
	}
	return false;
}

static const struct region *find_lost(const struct kmemd_inventory *inventory)
{
	array_foreach(region, &inventory->regions)
		if (region->lost_blocks)
			return region;
	return NULL;
}

static bool adds_memory(const struct plan *plan)
{
	array_foreach(step, &plan->steps)
		if (step->type == STEP_ONLINE || step->type == STEP_PLUG)
			return true;
	return false;
}

/*
 * Where memory was pulled out with its memmap on it, the kernel's lists of the zone lead into
 * nothing: bringing more memory online there was seen to end in a kernel BUG (Linux 6.12).
 */
static void refuse_beside_lost(struct plan *plan, const struct kmemd_inventory *inventory)
{
	const struct region *lost = find_lost(inventory);

	if (!lost || !adds_memory(plan))
		return;
	plan_release(plan);
	plan_refuse(plan,
		    "%s was pulled out while its memory was online, and %u of its blocks still "
		    "are: more memory may crash the kernel; take them offline, or reboot",
		    lost->name, lost->lost_blocks);
}

/*
 * Where a device will have to be bound a second time (devdax, or the memmap moved off the device),
 * its blocks must not come online in between. Otherwise the kernel itself puts them where they
 * belong, and memory of others that happens to arrive meanwhile is usable as well.
 */
static const char *auto_online_word(const struct settings *settings)
{
	if (settings->mode != MODE_SYSTEM_RAM || settings->memmap == MEMMAP_NO || !settings->online)
		return "offline";
	return settings->zone == ZONE_MOVABLE ? "online_movable" : "online_kernel";
}

/* Of a plan that says what is wanted of which device. */
static int make(struct plan *plan, const struct kmemd_inventory *inventory)
{
	int r = 0;

	plan->auto_online = auto_online_word(&plan->decision.settings);
	if (!refuse_lost(plan, inventory))
		r = goal_drains(plan->goal)	       ? plan_drain(plan, inventory)
		    : plan->goal == GOAL_CREATE_REGION ? plan_region_by_hand(plan, inventory)
						       : plan_policy(plan, inventory);
	if (r == 0 && plan->goal == GOAL_EJECT && !plan->refusal[0])
		r = plan_eject(plan);
	if (r == 0)
		refuse_beside_lost(plan, inventory);
	if (!goal_drains(plan->goal))
		plan_hold_many_blocks(plan, &inventory->host);
	if (r < 0)
		plan_release(plan);
	return r;
}

int plan_make(const struct kmemd_inventory *inventory, const struct device *device,
	      const struct decision *decision, enum goal goal, struct plan *ret)
{
	*ret = (struct plan){.device = device, .decision = *decision, .goal = goal};
	return make(ret, inventory);
}

int plan_make_of_sets(const struct kmemd_inventory *inventory, const struct device *device,
		      const struct decision *decision, struct region_sets *sets, struct plan *ret)
{
	*ret = (struct plan){
		.device = device, .decision = *decision, .goal = GOAL_POLICY, .sets = sets};
	return make(ret, inventory);
}

int plan_make_of_region(const struct kmemd_inventory *inventory, const struct device *device,
			const struct region *region, const struct decision *decision,
			enum goal goal, struct plan *ret)
{
	*ret = (struct plan){
		.device = device, .decision = *decision, .goal = goal, .region = region};
	return make(ret, inventory);
}

int plan_make_by_hand(const struct kmemd_inventory *inventory, const struct decision *decision,
		      struct region_sets *sets, struct plan *ret)
{
	*ret = (struct plan){
		.device = sets->sets.items[0].members[0],
		.decision = *decision,
		.goal = GOAL_CREATE_REGION,
		.sets = sets,
	};
	return make(ret, inventory);
}
