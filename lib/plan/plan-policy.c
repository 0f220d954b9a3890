/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-policy.h"

#include "base/parse.h"
#include "inventory/memory-block.h"
#include "inventory/names.h"
#include "plan/plan-region.h"
#include "policy/keys.h"

#include <string.h>

/*
 * What to write to memmap_on_memory before kmem binds, UNKNOWN to leave it as it is. A refusal is
 * recorded when the policy insists on what this kernel cannot do.
 */
static enum tristate memmap_to_set(struct plan *plan, const struct host *host,
				   enum tristate attribute, const char *dax)
{
	switch (plan->decision.settings.memmap) {
	case MEMMAP_NO:
		return attribute == TRISTATE_UNKNOWN ? TRISTATE_UNKNOWN : TRISTATE_NO;
	case MEMMAP_YES:
		if (host->memmap_parameter == TRISTATE_NO)
			plan_refuse(plan,
				    "MemmapOnMemory=yes is not possible: the kernel was booted "
				    "with memory_hotplug.memmap_on_memory off");
		else if (attribute == TRISTATE_UNKNOWN)
			plan_refuse(plan,
				    "MemmapOnMemory=yes is not possible: %s has no "
				    "memmap_on_memory switch on Linux %s with the %s kmem",
				    dax, host->kernel, kmem_module_names[host->kmem]);
		return TRISTATE_YES;
	case MEMMAP_AUTO:
	default:
		if (attribute == TRISTATE_UNKNOWN || host->memmap_parameter == TRISTATE_NO)
			return TRISTATE_UNKNOWN;
		return TRISTATE_YES;
	}
}

/* The usual reason why memory does not carry its memmap, and it can only be cured at boot. */
static void note_parameter(struct plan *plan, const struct host *host)
{
	if (host->memmap_parameter == TRISTATE_NO && plan->decision.settings.memmap == MEMMAP_AUTO)
		plan_note(plan, "the memmap goes into DRAM: boot with "
				"memory_hotplug.memmap_on_memory=on to have it on the device");
}

static enum block_state wanted_state(const struct plan *plan)
{
	return plan->decision.settings.zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL;
}

/* --- a region that appears ----------------------------------------------------------------------
 */

/* What follows the step that makes a region appear: its dax device is bound, and goes online. */
static int plan_fresh_dax(struct plan *plan, const struct kmemd_inventory *inventory,
			  const char *name, const struct range *range)
{
	const struct settings *settings = &plan->decision.settings;
	uint64_t block_size = inventory->host.block_size, first, count;
	char have[SIZE_TEXT_MAX], block[SIZE_TEXT_MAX];
	struct step *step = plan_add_step_after(plan, STEP_BIND, KEY_MODE);

	if (!step)
		return -ENOMEM;
	step->bind.driver = settings->mode == MODE_SYSTEM_RAM ? "kmem" : "device_dax";
	if (settings->mode != MODE_SYSTEM_RAM)
		return 0;
	blocks_of_range(range, block_size, &first, &count);
	if (!count) {
		plan_refuse(plan, "%s (%s) holds no whole memory block of %s", name,
			    format_size(range->size, have), format_size(block_size, block));
		return 0;
	}

	/*
	 * The switch of a device that is yet to come: all kernels have it since 6.8. Between 6.3,
	 * which made regions possible, and 6.8 the step finds none and says so.
	 */
	step->bind.memmap = memmap_to_set(plan, &inventory->host, TRISTATE_YES, name);
	step->bind.insists = settings->memmap == MEMMAP_YES;
	step->lost_bytes = range->size - count * block_size;
	plan_memmap_cost(plan, &inventory->host, step, count * block_size,
			 step->bind.memmap == TRISTATE_YES);
	if (plan_is_refused(plan))
		return 0;
	note_parameter(plan, &inventory->host);
	if (!settings->online)
		return 0;

	step = plan_add_step_after(plan, STEP_ONLINE, KEY_ZONE);
	if (!step)
		return -ENOMEM;
	step->blocks.zone = settings->zone;
	step->blocks.count = (unsigned int)count;
	return 0;
}

/* The steps from a memdev's free volatile capacity to what the mode says. */
static int plan_free_capacity(struct plan *plan, const struct kmemd_inventory *inventory)
{
	struct range range;
	int r;

	if (!plan->decision.settings.create)
		return 0;
	if (plan_begin_part(plan, "") < 0)
		return -ENOMEM;
	r = plan_new_region(plan, inventory, &range);
	if (r <= 0)
		return r;
	return plan_fresh_dax(plan, inventory, plan->device->memdev->name, &range);
}

int plan_region_by_hand(struct plan *plan, const struct kmemd_inventory *inventory)
{
	struct range range;
	int r = plan_begin_part(plan, "");

	if (r == 0)
		r = plan_new_region(plan, inventory, &range);
	if (r <= 0 || plan->decision.settings.mode == MODE_IGNORE)
		return r < 0 ? r : 0;
	return plan_fresh_dax(plan, inventory, plan->device->memdev->name, &range);
}

/* --- a dax device that is there -----------------------------------------------------------------
 */

static int plan_offline(struct plan *plan, const struct dax_device *dax, enum policy_key why)
{
	struct block_counts counts = dax_block_counts(dax);
	struct step *step;

	if (!counts.online)
		return 0;
	step = plan_add_step(plan, STEP_OFFLINE, dax->name, why);
	if (!step)
		return -ENOMEM;
	step->blocks.count = counts.online;
	return 0;
}

/*
 * Whether kmem has to bind (again): because it is not bound, or because the switch must change. The
 * automatic setting never takes memory out of use for that.
 */
static bool needs_bind(const struct plan *plan, const struct dax_device *dax, enum tristate memmap)
{
	if (!dax_is_kmem(dax))
		return true;
	if (memmap == TRISTATE_UNKNOWN || dax->memmap_on_memory == memmap)
		return false;
	return plan->decision.settings.memmap != MEMMAP_AUTO || !dax_block_counts(dax).online;
}

static int plan_bind_kmem(struct plan *plan, const struct kmemd_inventory *inventory,
			  const struct dax_device *dax, enum tristate memmap)
{
	uint64_t bytes = dax_block_counts(dax).total * inventory->host.block_size;
	struct step *step;

	if (plan_offline(plan, dax, KEY_MEMMAP_ON_MEMORY) < 0)
		return -ENOMEM;
	step = plan_add_step(plan, STEP_BIND, dax->name,
			     dax_is_kmem(dax) ? KEY_MEMMAP_ON_MEMORY : KEY_MODE);
	if (!step)
		return -ENOMEM;
	step->bind.driver = "kmem";
	step->bind.memmap = memmap;
	step->bind.insists = plan->decision.settings.memmap == MEMMAP_YES;
	step->lost_bytes = dax->size - bytes;
	plan_memmap_cost(plan, &inventory->host, step, bytes, memmap == TRISTATE_YES);
	if (!plan_is_refused(plan))
		note_parameter(plan, &inventory->host);
	return 0;
}

/* Memory is added, as by binding. */
static int plan_plug(struct plan *plan, const struct host *host, const struct dax_device *dax)
{
	unsigned int total = dax_block_counts(dax).total;
	struct step *step = plan_add_step(plan, STEP_PLUG, dax->name, KEY_ZONE);

	if (!step)
		return -ENOMEM;
	step->blocks.zone = plan->decision.settings.zone;
	step->blocks.count = total;
	plan_memmap_cost(plan, host, step, total * host->block_size,
			 dax->memmap_on_memory == TRISTATE_YES &&
				 host->memmap_parameter != TRISTATE_NO);
	return 0;
}

static int plan_online(struct plan *plan, const struct host *host, const struct dax_device *dax,
		       bool bound)
{
	struct block_counts counts = dax_block_counts(dax);
	unsigned int there = counts.in[wanted_state(plan)] + counts.in[BLOCK_ABSENT];
	struct step *step;

	if (bound && dax_is_unplugged(dax))
		return plan_plug(plan, host, dax);
	if (bound && counts.in[BLOCK_ABSENT])
		plan_note(plan, "%u of %u blocks of %s were not added by the driver",
			  counts.in[BLOCK_ABSENT], counts.total, dax->name);
	if (bound && there == counts.total)
		return 0;
	step = plan_add_step(plan, STEP_ONLINE, dax->name, KEY_ZONE);
	if (!step)
		return -ENOMEM;
	step->blocks.zone = plan->decision.settings.zone;
	step->blocks.count = bound ? counts.total - there : counts.total;
	/* What the kernel put online before kmemd came may be stuck where it is. */
	step->blocks.keep = bound && counts.online > counts.in[wanted_state(plan)];
	return 0;
}

static int plan_system_ram(struct plan *plan, const struct kmemd_inventory *inventory,
			   const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);
	char size[SIZE_TEXT_MAX], block[SIZE_TEXT_MAX];
	enum tristate memmap;
	bool bind;
	int r = 0;

	if (!counts.total) {
		plan_refuse(plan, "%s (%s) holds no whole memory block of %s", dax->name,
			    format_size(dax->size, size),
			    format_size(inventory->host.block_size, block));
		return 0;
	}
	if (dax->target_node < 0 && !dax_is_kmem(dax)) {
		plan_refuse(plan,
			    "%s has no memory node (target_node -1): firmware describes none for "
			    "its addresses (SRAT, CEDT), and kmem refuses it",
			    dax->name);
		return 0;
	}
	/* What is bound is another program's to put online, or to take offline. */
	if (!plan->decision.settings.online && dax_is_kmem(dax))
		return 0;
	memmap = memmap_to_set(plan, &inventory->host, dax->memmap_on_memory, dax->name);
	if (plan_is_refused(plan))
		return 0;
	bind = needs_bind(plan, dax, memmap);
	if (bind)
		r = plan_bind_kmem(plan, inventory, dax, memmap);
	if (r < 0 || plan_is_refused(plan) || !plan->decision.settings.online)
		return r;
	return plan_online(plan, &inventory->host, dax, !bind);
}

static int plan_devdax(struct plan *plan, const struct dax_device *dax)
{
	struct step *step;

	if (!strcmp(dax->driver, "device_dax"))
		return 0;
	if (dax_is_kmem(dax) && plan_offline(plan, dax, KEY_MODE) < 0)
		return -ENOMEM;
	step = plan_add_step(plan, STEP_BIND, dax->name, KEY_MODE);
	if (!step)
		return -ENOMEM;
	step->bind.driver = "device_dax";
	return 0;
}

static int plan_dax(struct plan *plan, const struct kmemd_inventory *inventory,
		    const struct dax_device *dax)
{
	if (plan_begin_part(plan, dax->name) < 0)
		return -ENOMEM;
	if (dax_is_foreign(dax)) {
		plan_refuse(plan,
			    "%s is held by the driver %s, which is somebody else's: it is left "
			    "alone",
			    dax->name, dax->driver);
		return 0;
	}
	if (!dax_is_kmem(dax) && dax_block_counts(dax).online) {
		plan_refuse(plan,
			    "%u memory blocks of %s are online although it is bound to %s: "
			    "somebody took the driver away; take them offline (chmem -d) first",
			    dax_block_counts(dax).online, dax->name,
			    dax->driver[0] ? dax->driver : "no driver");
		return 0;
	}
	return plan->decision.settings.mode == MODE_SYSTEM_RAM
		       ? plan_system_ram(plan, inventory, dax)
		       : plan_devdax(plan, dax);
}

/* --- the device ---------------------------------------------------------------------------------
 */

/* Of the memdevs that a region interleaves, the first one speaks for it. */
static bool speaks_for(const struct device *device, const struct region *region)
{
	return region->targets.count && !strcmp(region->targets.items[0].memdev, device->name);
}

static bool speaks_for_dax(const struct device *device, const struct dax_device *dax)
{
	array_foreach(region, &device->regions)
		if (!strcmp((*region)->name, dax->origin))
			return speaks_for(device, *region);
	return true;
}

static int plan_region(struct plan *plan, const struct kmemd_inventory *inventory,
		       const struct region *region)
{
	const struct range range = {region->start, region->size};

	if (!speaks_for(plan->device, region)) {
		plan_note(plan, "%s is interleaved; %s speaks for it", region->name,
			  region->targets.count ? region->targets.items[0].memdev : "nobody");
		return 0;
	}
	if (region->plain_ram) {
		plan_note(plan,
			  "firmware gave the memory of %s as ordinary System RAM: it is in use "
			  "since the boot, and no policy has a say in it",
			  region->name);
		return 0;
	}
	if (!region->committed) {
		plan_note(plan, "%s is not committed: somebody else is building it, or gave up",
			  region->name);
		return 0;
	}
	if (region->enabled)
		return 0;
	if (plan_begin_part(plan, region->name) < 0)
		return -ENOMEM;
	if (region->online_blocks) {
		plan_refuse(plan,
			    "%u memory blocks of %s are online although it has no driver: take "
			    "them offline (chmem -d) first",
			    region->online_blocks, region->name);
		return 0;
	}
	if (!plan_add_step(plan, STEP_ENABLE_REGION, region->name, KEY_MODE))
		return -ENOMEM;
	return plan_fresh_dax(plan, inventory, region->name, &range);
}

/* True when the device is not something that a plan can be made for. */
static bool refuse_kind(struct plan *plan)
{
	const struct device *device = plan->device;

	if (device->kind == KIND_CXL_PMEM) {
		plan_refuse(plan,
			    "%s: persistent CXL capacity needs a region and a namespace first "
			    "(cxl create-region -t pmem, ndctl create-namespace -m devdax); name "
			    "the namespace's UUID then",
			    device->name);
		return true;
	}
	if (device->namespace && device->namespace->disabled) {
		plan_refuse(plan,
			    "%s is disabled, and what is on it cannot be seen: 'ndctl "
			    "enable-namespace %s' enables it, and then it is made what policy "
			    "wants, if it is devdax",
			    device->name, device->name);
		return true;
	}
	if (device->namespace && !device->namespace->dax[0]) {
		plan_refuse(plan,
			    "%s is a %s namespace: making it devdax would destroy what is on it; "
			    "ndctl create-namespace -e %s -m devdax does that",
			    device->name, device->namespace->mode, device->name);
		return true;
	}
	return false;
}

int plan_policy(struct plan *plan, const struct kmemd_inventory *inventory)
{
	const struct device *device = plan->device;
	int r = 0;

	if (plan->decision.settings.mode == MODE_IGNORE || refuse_kind(plan))
		return 0;
	array_foreach(region, &device->regions)
		if (r == 0)
			r = plan_region(plan, inventory, *region);
	array_foreach(dax, &device->dax)
		if (r == 0 && speaks_for_dax(device, *dax))
			r = plan_dax(plan, inventory, *dax);
	if (r == 0 && device->memdev)
		r = plan_free_capacity(plan, inventory);
	return r;
}
