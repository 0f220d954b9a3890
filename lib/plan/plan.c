/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include "base/parse.h"
#include "inventory/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Regions are made of 256 MiB units (CXL 3.1, 9.18.1.3: CFMWS window size). */
#define REGION_UNIT (UINT64_C(256) << 20)

void plan_refuse(struct plan *plan, const char *format, ...)
{
	va_list arguments;

	plan->steps.count = 0;
	if (plan->refusal[0])
		return;
	va_start(arguments, format);
	vsnprintf(plan->refusal, sizeof(plan->refusal), format, arguments);
	va_end(arguments);
}

struct step *plan_add_step(struct plan *plan, enum step_type type, const char *target,
			   enum policy_key why)
{
	struct step *step;

	step = array_add(&plan->steps);
	if (!step)
		return NULL;
	step->type = type;
	step->memmap = TRISTATE_UNKNOWN;
	step->why = plan->goal == GOAL_POLICY ? why : KEY_COUNT;
	snprintf(step->target, sizeof(step->target), "%s", target);
	return step;
}

void plan_memmap_cost(struct plan *plan, const struct host *host, struct step *step, uint64_t bytes,
		      bool on_device)
{
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX];

	step->dram_bytes = on_device ? 0 : memmap_bytes(bytes);
	step->device_bytes = on_device ? memmap_bytes(bytes) : 0;
	if (step->dram_bytes <= host->memory_available)
		return;
	plan_refuse(plan,
		    "the memmap would take %s of DRAM and %s are available; "
		    "MemmapOnMemory=yes puts it on the device",
		    format_size(step->dram_bytes, need), format_size(host->memory_available, have));
}

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
				    "MemmapOnMemory=yes cannot be had: the kernel was booted with "
				    "memory_hotplug.memmap_on_memory off");
		else if (attribute == TRISTATE_UNKNOWN)
			plan_refuse(plan,
				    "MemmapOnMemory=yes cannot be had: %s has no memmap_on_memory "
				    "switch on Linux %s with the %s kmem",
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
	if (host->memmap_parameter == TRISTATE_NO &&
	    plan->decision.settings.memmap == MEMMAP_AUTO && !plan->note[0])
		snprintf(plan->note, sizeof(plan->note),
			 "the memmap goes into DRAM: boot with memory_hotplug.memmap_on_memory=on "
			 "to have it on the device");
}

/* A window that reaches the memdev and has room; the reason for a refusal is the last obstacle. */
static const struct root_decoder *choose_window(struct plan *plan,
						const struct kmemd_inventory *inventory,
						const struct memdev *memdev, uint64_t size)
{
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX], window[SIZE_TEXT_MAX];
	const struct root_decoder *full = NULL, *old = NULL;

	array_foreach(decoder, &inventory->root_decoders) {
		bool reached = false;

		array_foreach(name, &decoder->memdevs)
			reached = reached || !strcmp(*name, memdev->name);
		if (!reached || !decoder->volatile_capable || decoder->ways > 1)
			continue;
		if (!decoder->creates_ram)
			old = decoder;
		else if (decoder->largest_free < size)
			full = decoder;
		else
			return decoder;
	}
	if (full)
		plan_refuse(plan,
			    "no free HPA for a region of %s: the largest free part of the CXL "
			    "window %s is %s of %s",
			    format_size(size, need), full->name,
			    format_size(full->largest_free, have), format_size(full->size, window));
	else if (old)
		plan_refuse(plan, "Linux %s cannot create volatile CXL regions (6.3 and later can)",
			    inventory->host.kernel);
	else
		plan_refuse(plan,
			    "no CXL window for volatile memory reaches %s without interleaving",
			    memdev->name);
	return NULL;
}

/* What follows the step that makes a region appear: its dax device is bound, and goes online. */
static int plan_fresh_dax(struct plan *plan, const struct kmemd_inventory *inventory,
			  const char *name, uint64_t size)
{
	const struct settings *settings = &plan->decision.settings;
	uint64_t block_size = inventory->host.block_size;
	char have[SIZE_TEXT_MAX], block[SIZE_TEXT_MAX];
	struct step *step = plan_add_step(plan, STEP_BIND, "", KEY_MODE);

	if (!step)
		return -ENOMEM;
	step->driver = settings->mode == MODE_SYSTEM_RAM ? "kmem" : "device_dax";
	if (settings->mode != MODE_SYSTEM_RAM)
		return 0;
	if (size < block_size) {
		plan_refuse(plan, "%s (%s) holds no whole memory block of %s", name,
			    format_size(size, have), format_size(block_size, block));
		return 0;
	}

	/*
	 * The switch of a device that is yet to come: all kernels have it since 6.8. Between 6.3,
	 * which made regions possible, and 6.8 the step finds none and says so.
	 */
	step->memmap = memmap_to_set(plan, &inventory->host, TRISTATE_YES, name);
	plan_memmap_cost(plan, &inventory->host, step, size, step->memmap == TRISTATE_YES);
	if (plan->refusal[0])
		return 0;
	note_parameter(plan, &inventory->host);
	if (!settings->online)
		return 0;

	step = plan_add_step(plan, STEP_ONLINE, "", KEY_ZONE);
	if (!step)
		return -ENOMEM;
	step->zone = settings->zone;
	step->blocks = (unsigned int)(size / block_size);
	return 0;
}

/* The steps from a memdev's free volatile capacity to what the mode says. */
static int plan_new_region(struct plan *plan, const struct kmemd_inventory *inventory)
{
	const struct memdev *memdev = plan->device->memdev;
	const struct settings *settings = &plan->decision.settings;
	uint64_t free_size = memdev->ram_size - memdev->ram_allocated;
	uint64_t size = free_size - free_size % REGION_UNIT;
	const struct root_decoder *window;
	struct step *step;

	if (memdev->ram_allocated >= memdev->ram_size || !size || !settings->create)
		return 0;
	if (!memdev->enabled) {
		snprintf(plan->note, sizeof(plan->note),
			 "%s is not ready yet: no endpoint port in the CXL hierarchy",
			 memdev->name);
		return 0;
	}
	if (!memdev->free_decoder[0]) {
		plan_refuse(plan, "%s has %" PRIu64 " MiB of free capacity and no free HDM decoder",
			    memdev->name, free_size >> 20);
		return 0;
	}
	window = choose_window(plan, inventory, memdev, size);
	if (!window)
		return 0;

	step = plan_add_step(plan, STEP_CREATE_REGION, memdev->name, KEY_CREATE);
	if (!step)
		return -ENOMEM;
	memcpy(step->root_decoder, window->name, sizeof(step->root_decoder));
	memcpy(step->endpoint_decoder, memdev->free_decoder, sizeof(step->endpoint_decoder));
	step->size = size;
	step->lost_bytes = free_size - size;

	return plan_fresh_dax(plan, inventory, memdev->name, size);
}

static int plan_offline(struct plan *plan, const struct dax_device *dax, enum policy_key why)
{
	struct block_counts counts = dax_block_counts(dax);
	struct step *step;

	if (!counts.online)
		return 0;
	step = plan_add_step(plan, STEP_OFFLINE, dax->name, why);
	if (!step)
		return -ENOMEM;
	step->blocks = counts.online;
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

static int plan_system_ram(struct plan *plan, const struct kmemd_inventory *inventory,
			   const struct dax_device *dax)
{
	const struct settings *settings = &plan->decision.settings;
	struct block_counts counts = dax_block_counts(dax);
	uint64_t bytes = counts.total * inventory->host.block_size;
	enum block_state wanted = settings->zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL;
	enum tristate memmap;
	bool bind;
	struct step *step;
	char size[SIZE_TEXT_MAX], block[SIZE_TEXT_MAX];

	if (!counts.total) {
		plan_refuse(plan, "%s (%s) holds no whole memory block of %s", dax->name,
			    format_size(dax->size, size),
			    format_size(inventory->host.block_size, block));
		return 0;
	}
	/* What is bound is another program's to put online, or to take offline. */
	if (!settings->online && dax_is_kmem(dax))
		return 0;
	memmap = memmap_to_set(plan, &inventory->host, dax->memmap_on_memory, dax->name);
	if (plan->refusal[0])
		return 0;
	bind = needs_bind(plan, dax, memmap);
	if (bind) {
		if (plan_offline(plan, dax, KEY_MEMMAP_ON_MEMORY) < 0)
			return -ENOMEM;
		step = plan_add_step(plan, STEP_BIND, dax->name,
				     dax_is_kmem(dax) ? KEY_MEMMAP_ON_MEMORY : KEY_MODE);
		if (!step)
			return -ENOMEM;
		step->driver = "kmem";
		step->memmap = memmap;
		step->lost_bytes = dax->size - bytes;
		plan_memmap_cost(plan, &inventory->host, step, bytes, memmap == TRISTATE_YES);
		if (plan->refusal[0])
			return 0;
		note_parameter(plan, &inventory->host);
	}
	if (!settings->online)
		return 0;
	if (!bind && counts.in[BLOCK_ABSENT])
		snprintf(plan->note, sizeof(plan->note),
			 "%u of %u blocks of %s were not added by the driver",
			 counts.in[BLOCK_ABSENT], counts.total, dax->name);
	if (!bind && counts.in[wanted] + counts.in[BLOCK_ABSENT] == counts.total)
		return 0;
	step = plan_add_step(plan, STEP_ONLINE, dax->name, KEY_ZONE);
	if (!step)
		return -ENOMEM;
	step->zone = settings->zone;
	step->blocks = bind ? counts.total
			    : counts.total - counts.in[wanted] - counts.in[BLOCK_ABSENT];
	return 0;
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
	step->driver = "device_dax";
	return 0;
}

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

static int plan_regions(struct plan *plan, const struct kmemd_inventory *inventory)
{
	array_foreach(slot, &plan->device->regions) {
		const struct region *region = *slot;

		if (!speaks_for(plan->device, region)) {
			snprintf(plan->note, sizeof(plan->note),
				 "%s is interleaved; %s speaks for it", region->name,
				 region->targets.items[0].memdev);
			continue;
		}
		if (!region->committed) {
			snprintf(plan->note, sizeof(plan->note),
				 "%s is not committed: somebody else is building it, or gave up",
				 region->name);
			continue;
		}
		if (region->enabled)
			continue;
		if (!plan_add_step(plan, STEP_ENABLE_REGION, region->name, KEY_MODE) ||
		    plan_fresh_dax(plan, inventory, region->name, region->size) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int plan_policy(struct plan *plan, const struct kmemd_inventory *inventory)
{
	const struct device *device = plan->device;
	enum mode mode = plan->decision.settings.mode;
	int r;

	if (mode == MODE_IGNORE)
		return 0;
	if (device->kind == KIND_CXL_PMEM) {
		plan_refuse(plan,
			    "%s: persistent CXL capacity needs a region and a namespace first "
			    "(cxl create-region -t pmem, ndctl create-namespace -m devdax); name "
			    "the namespace's UUID then",
			    device->name);
		return 0;
	}
	if (device->namespace && !device->namespace->dax[0]) {
		plan_refuse(plan,
			    "%s is a %s namespace: making it devdax would destroy what is on it; "
			    "ndctl create-namespace -e %s -m devdax does that",
			    device->name, device->namespace->mode, device->name);
		return 0;
	}
	r = plan_regions(plan, inventory);
	array_foreach(dax, &device->dax) {
		if (r < 0 || !speaks_for_dax(device, *dax))
			continue;
		r = mode == MODE_SYSTEM_RAM ? plan_system_ram(plan, inventory, *dax)
					    : plan_devdax(plan, *dax);
	}
	if (r == 0 && device->memdev && !plan->refusal[0])
		r = plan_new_region(plan, inventory);
	return r;
}

static int plan_drain(struct plan *plan)
{
	const struct device *device = plan->device;

	array_foreach(slot, &device->dax) {
		const struct dax_device *dax = *slot;
		struct step *step;

		/* One without a driver is what a drain leaves that is cut short. */
		if (!dax_is_kmem(dax) && (device->memdev || dax->driver[0]))
			continue;
		if (plan_offline(plan, dax, KEY_COUNT) < 0)
			return -ENOMEM;
		step = plan_add_step(plan, device->memdev ? STEP_UNBIND : STEP_BIND, dax->name,
				     KEY_COUNT);
		if (!step)
			return -ENOMEM;
		step->driver = device->memdev ? "kmem" : "device_dax";
	}
	if (device->kind != KIND_CXL_RAM)
		return 0;
	array_foreach(region, &device->regions)
		if (!plan_add_step(plan, STEP_DESTROY_REGION, (*region)->name, KEY_COUNT))
			return -ENOMEM;
	return 0;
}

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

/*
 * Where memory was pulled out with its memmap on it, the kernel's lists of the zone lead into
 * nothing: bringing more memory online there was seen to end in a kernel BUG (Linux 6.12).
 */
static void refuse_beside_lost(struct plan *plan, const struct kmemd_inventory *inventory)
{
	bool adds = false;

	array_foreach(step, &plan->steps)
		adds = adds || step->type == STEP_ONLINE;
	array_foreach(region, &inventory->regions)
		if (adds && region->lost_blocks)
			plan_refuse(plan,
				    "%s was pulled out while its memory was online, and %u of its "
				    "blocks "
				    "still are: more memory may crash the kernel; take them "
				    "offline, or "
				    "reboot",
				    region->name, region->lost_blocks);
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

int plan_make(const struct kmemd_inventory *inventory, const struct device *device,
	      const struct decision *decision, enum goal goal, struct plan *ret)
{
	struct plan plan = {
		.device = device,
		.decision = *decision,
		.goal = goal,
		.auto_online = auto_online_word(&decision->settings),
	};
	int r = 0;

	if (!refuse_lost(&plan, inventory))
		r = goal == GOAL_DRAIN ? plan_drain(&plan) : plan_policy(&plan, inventory);
	if (r == 0)
		refuse_beside_lost(&plan, inventory);
	if (r < 0) {
		plan_release(&plan);
		return r;
	}
	*ret = plan;
	return 0;
}

void plan_release(struct plan *plan)
{
	free(plan->steps.items);
	plan->steps.items = NULL;
	plan->steps.count = 0;
}
