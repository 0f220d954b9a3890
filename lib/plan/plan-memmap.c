/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-memmap.h"

#include "inventory/memmap-place.h"
#include "inventory/names.h"
#include "policy/keys.h"

bool blocks_agree(const struct dax_device *dax, enum block_state *ret)
{
	if (!dax->blocks.count)
		return false;
	*ret = dax->blocks.items[0].state;
	array_foreach(block, &dax->blocks)
		if (block->state != *ret)
			return false;
	return true;
}

/* The switch says so, and nothing that is known says that the memory is otherwise. */
static bool is_so(const struct kmemd_inventory *inventory, const struct dax_device *dax,
		  enum tristate wanted)
{
	const char *how;
	enum tristate in_force = dax_memmap_on_device(inventory, dax, &how);

	return dax->memmap_on_memory == wanted &&
	       (in_force == TRISTATE_UNKNOWN || in_force == wanted);
}

static bool policy_objects(const struct decision *decision, bool on_device)
{
	return decision->file && decision->settings.mode == MODE_SYSTEM_RAM &&
	       decision->settings.memmap == (on_device ? MEMMAP_NO : MEMMAP_YES);
}

/* What can be said before the first step is planned. */
static void check(struct plan *plan, const struct kmemd_inventory *inventory,
		  const struct dax_device *dax, struct memmap_wish_by_hand wish)
{
	const struct host *host = &inventory->host;
	const struct decision *decision = &plan->decision;

	if (dax->memmap_on_memory == TRISTATE_UNKNOWN)
		plan_refuse(plan, "%s has no memmap_on_memory switch: Linux %s with the %s kmem",
			    dax->name, host->kernel, kmem_module_names[host->kmem]);
	else if (wish.on_device && host->memmap_parameter == TRISTATE_NO)
		plan_refuse(plan,
			    "the kernel was booted with memory_hotplug.memmap_on_memory off: "
			    "the memmap of %s can only be in DRAM",
			    dax->name);
	else if (wish.rebind && policy_objects(decision, wish.on_device))
		plan_refuse(plan,
			    "%s:%u says MemmapOnMemory=%s and would undo it: change that, "
			    "then kmemctl apply %s",
			    policy_key_path(decision->file, KEY_MEMMAP_ON_MEMORY),
			    decision->file->line[KEY_MEMMAP_ON_MEMORY],
			    memmap_wish_names[decision->settings.memmap], plan->device->name);
}

/* In use, and allowed to be taken out of it: in one zone, or it would not come back as it was. */
static void check_blocks(struct plan *plan, const struct dax_device *dax, bool rebind,
			 enum block_state *ret)
{
	const char *name = plan->device->name;

	if (!rebind)
		plan_refuse(plan,
			    "%s: its memory is in use; kmemctl drain %s first, or say "
			    "--rebind, or MemmapOnMemory= in its policy and kmemctl apply %s",
			    dax->name, name, name);
	else if (!blocks_agree(dax, ret) || *ret == BLOCK_MIXED)
		plan_refuse(plan,
			    "%s: its blocks are not all online in one zone, and would not "
			    "come back as they were: kmemctl apply %s first",
			    dax->name, name);
}

static int add_bind(struct plan *plan, const struct kmemd_inventory *inventory,
		    const struct dax_device *dax, bool on_device)
{
	struct step *step;

	/* Binding to the same driver with the same switch would be nothing to do. */
	if (dax->driver[0] && dax->memmap_on_memory == (on_device ? TRISTATE_YES : TRISTATE_NO) &&
	    !plan_add_step(plan, STEP_UNBIND, dax->name, KEY_COUNT))
		return -ENOMEM;
	step = plan_add_step(plan, STEP_BIND, dax->name, KEY_COUNT);
	if (!step)
		return -ENOMEM;
	step->bind.driver = dax->driver;
	step->bind.memmap = on_device ? TRISTATE_YES : TRISTATE_NO;
	if (dax_is_kmem(dax))
		plan_memmap_cost(plan, &inventory->host, step,
				 dax_block_counts(dax).total * inventory->host.block_size,
				 on_device);
	return 0;
}

int plan_memmap(const struct kmemd_inventory *inventory, const struct device *device,
		const struct dax_device *dax, const struct decision *decision,
		struct memmap_wish_by_hand wish, struct plan *ret)
{
	unsigned int online = dax_block_counts(dax).online;
	enum block_state state = BLOCK_ABSENT;
	struct step *step;

	*ret = (struct plan){
		.device = device,
		.decision = *decision,
		.goal = GOAL_REQUEST,
		.auto_online = "offline",
	};
	check(ret, inventory, dax, wish);
	if (ret->refusal[0] || is_so(inventory, dax, wish.on_device ? TRISTATE_YES : TRISTATE_NO))
		return 0;
	if (online)
		check_blocks(ret, dax, wish.rebind, &state);
	if (ret->refusal[0])
		return 0;
	if (online) {
		step = plan_add_step(ret, STEP_OFFLINE, dax->name, KEY_COUNT);
		if (!step)
			return -ENOMEM;
		step->blocks.count = online;
	}
	if (add_bind(ret, inventory, dax, wish.on_device) < 0)
		return -ENOMEM;
	if (ret->refusal[0] || !online) /* the memmap does not fit into DRAM */
		return 0;
	step = plan_add_step(ret, STEP_ONLINE, dax->name, KEY_COUNT);
	if (!step)
		return -ENOMEM;
	step->blocks.count = online;
	step->blocks.zone = state == BLOCK_MOVABLE ? ZONE_MOVABLE : ZONE_KERNEL;
	return 0;
}
