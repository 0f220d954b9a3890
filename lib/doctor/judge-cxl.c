/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-cxl.h"

#include "base/parse.h"
#include "doctor/cure.h"

#include <inttypes.h>
#include <stdio.h>

static bool has_uncommitted(const struct kmemd_inventory *inventory)
{
	array_foreach(memdev, &inventory->memdevs)
		if (memdev->ram_size > memdev->ram_allocated)
			return true;
	array_foreach(region, &inventory->regions)
		if (!region->committed)
			return true;
	return false;
}

/*
 * A new region's memory may be in the caches with other content; the kernel has to flush them
 * all, and on x86 does so only where it does not run under a hypervisor (drivers/cxl/core/region.c:
 * cxl_region_invalidate_memregion()).
 */
void judge_hypervisor(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const struct kmemd_inventory *inventory = judged_inventory(judgement);
	bool has_failed = facts->log.cache_sync[0];
	struct finding *finding;

	if (!has_failed &&
	    (!facts->hypervisor || !inventory->root_decoders.count || !has_uncommitted(inventory)))
		return;
	finding = find(judgement, SEVERITY_ERROR, "cxl-hypervisor", "CXL",
		       has_failed ? "the kernel could not commit a CXL region: it cannot flush "
				    "the CPUs' caches"
				  : "the kernel will not commit CXL regions: the CPU says that "
				    "there is a hypervisor");
	explain(finding,
		"committing ends with ENXIO and \"Failed to synchronize CPU cache state\" in the "
		"kernel log; only regions that firmware committed can be used");
	cure_by_hand(finding,
		     "hide the hypervisor from this machine (QEMU: -cpu ...,hypervisor=off), or "
		     "let firmware make the regions, or a kernel with "
		     "CONFIG_CXL_REGION_INVALIDATION_TEST (tests only)");
}

static void judge_disabled(struct judgement *judgement, const struct device *device)
{
	char size[SIZE_TEXT_MAX];
	struct finding *finding;

	finding = find(judgement, SEVERITY_WARNING, "cxl-disabled", device->name,
		       "%s is not ready: no driver has it, or its link is down", device->name);
	explain(finding, "its %s cannot be used", format_size(device->memdev->ram_size, size));
	cure_by_command(finding, "cxl enable-memdev %s # dmesg says why it was not", device->name);
}

static void judge_free_capacity(struct judgement *judgement, const struct device *device)
{
	const struct memdev *memdev = device->memdev;
	struct decision decision = judged_decision(judgement, device);
	bool held = is_held(judgement, device);
	bool wanted = decision.settings.create && decision.settings.mode != MODE_IGNORE;
	char size[SIZE_TEXT_MAX];
	struct finding *finding;

	if (memdev->ram_size <= memdev->ram_allocated)
		return;
	finding = find(judgement, wanted && !held ? SEVERITY_WARNING : SEVERITY_NOTE,
		       "cxl-uncommitted", device->name, "%s of %s belong to no region",
		       format_size(memdev->ram_size - memdev->ram_allocated, size), device->name);
	explain(finding, held	  ? "the device is held against policy"
			 : wanted ? "policy wants a region, and there is none"
				  : "no policy file asks for a region (Create=yes)");
	if (wanted)
		cure_by_plan(judgement, finding, device);
	else
		cure_by_hand(finding, "a policy file with Create=yes, then: kmemctl apply %s",
			     device->name);
}

/*
 * With no target it is what a failed `cxl create-region` leaves. With targets it may be one of
 * firmware's that waits for a member, and the hardware may decode it.
 */
static void judge_half_made(struct judgement *judgement, const struct region *region)
{
	struct finding *finding;

	if (region->committed || region->lost_blocks)
		return;
	finding = find(judgement, SEVERITY_WARNING, "cxl-not-committed", region->name,
		       "%s is there and not committed", region->name);
	explain(finding, "its addresses and its capacity are taken, and nothing can use them");
	if (region->targets.count && region->targets.count < region->ways)
		cure_by_hand(finding,
			     "%s has %zu of its %u members: find the others; or, when it was made "
			     "here and not by firmware: cxl destroy-region -f %s",
			     region->name, region->targets.count, region->ways, region->name);
	else
		/* cxl destroy-region gives up on a region without a target. */
		cure_by_command(finding, "echo %s >/sys/bus/cxl/devices/%s/delete_region",
				region->name, region->root_decoder);
}

void judge_capacity(struct judgement *judgement)
{
	const struct kmemd_inventory *inventory = judged_inventory(judgement);

	if (job_runs(judgement))
		return;
	array_foreach(device, &inventory->devices) {
		if (device->kind != KIND_CXL_RAM || !device->memdev)
			continue;
		if (device->memdev->enabled)
			judge_free_capacity(judgement, device);
		else
			judge_disabled(judgement, device);
	}
	array_foreach(region, &inventory->regions)
		judge_half_made(judgement, region);
}

/* --- capacity that a decoder holds for no region */

struct stranding {
	uint64_t size;
	bool decodes;	   /* one of them is committed: only firmware can undo that */
	const char *above; /* a region that uses a later decoder of the memdev, or NULL */
	char decoders[256], commands[512];
};

/* The facts have the last decoder first, which is the order in which the kernel frees them. */
static struct stranding add_up(const struct facts *facts, const char *memdev)
{
	struct stranding sum = {0};
	const char *above = NULL;
	size_t used;

	array_foreach(decoder, &facts->decoders) {
		if (strcmp(decoder->memdev, memdev))
			continue;
		if (decoder->region[0]) {
			above = decoder->region;
			continue;
		}
		used = strlen(sum.decoders);
		snprintf(sum.decoders + used, sizeof(sum.decoders) - used, "%s%s", used ? ", " : "",
			 decoder->name);
		used = strlen(sum.commands);
		snprintf(sum.commands + used, sizeof(sum.commands) - used,
			 "%scxl free-dpa -d %s %s", used ? " && " : "", decoder->name, memdev);
		sum.size += decoder->dpa_size;
		sum.decodes = sum.decodes || decoder->decodes || decoder->locked;
		sum.above = above ? above : sum.above;
	}
	return sum;
}

void judge_stranded(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const char *last = "";

	if (job_runs(judgement))
		return;
	array_foreach(decoder, &facts->decoders) {
		struct stranding sum = add_up(facts, decoder->memdev);
		char size[SIZE_TEXT_MAX];
		struct finding *finding;

		if (!sum.size || !strcmp(decoder->memdev, last))
			continue;
		last = decoder->memdev;
		finding = find(judgement, SEVERITY_WARNING, "cxl-stranded", last,
			       "%s of %s are held by a decoder without a region (%s)",
			       format_size(sum.size, size), last, sum.decoders);
		explain(finding, "no region can use them: a cxl create-region that failed leaves "
				 "that, or a region of firmware that was not assembled");
		if (sum.decodes)
			cure_none(finding, "firmware committed it: only firmware's settings, or a "
					   "boot with all members of its region, change that");
		else if (sum.above)
			cure_by_hand(finding,
				     "%s uses a later decoder of it and has to go first; then: %s",
				     sum.above, sum.commands);
		else
			cure_by_command(finding, "%s", sum.commands);
	}
}

/* --- windows */

static bool overlaps(const struct range *a, const struct range *b)
{
	return a->start < b->start + b->size && b->start < a->start + a->size;
}

/* Whether a region or a dax device uses any of it. */
static bool is_used(const struct kmemd_inventory *inventory, const struct range *range)
{
	array_foreach(region, &inventory->regions)
		if (overlaps(range, &(struct range){region->start, region->size}))
			return true;
	array_foreach(dax, &inventory->dax)
		array_foreach(part, &dax->ranges)
			if (overlaps(range, part))
				return true;
	return false;
}

static void judge_plain_ram(struct judgement *judgement, const struct resource *resource,
			    const struct root_decoder *window)
{
	char size[SIZE_TEXT_MAX];
	struct finding *finding;

	finding = find(judgement, SEVERITY_NOTE, "cxl-plain-ram", window->name,
		       "firmware gave %s of CXL memory in the window of %s as ordinary memory",
		       format_size(resource->range.size, size), window->name);
	explain(finding, "it is in kernel zones since the boot, like DRAM: it cannot be drained, "
			 "and no policy has a say in it");
	if (facts_command_line_has(judgement->facts, "memmap="))
		cure_by_hand(finding, "take memmap= off the kernel's command line, if that says "
				      "so, and boot");
	else if (facts_command_line_has(judgement->facts, "efi=nosoftreserve"))
		cure_by_hand(finding, "take efi=nosoftreserve off the kernel's command line and "
				      "boot");
	else
		cure_by_hand(finding, "have firmware mark CXL memory as special-purpose memory, "
				      "and boot");
}

static void judge_soft_reserved(struct judgement *judgement, const struct resource *resource,
				const struct root_decoder *window)
{
	char size[SIZE_TEXT_MAX];
	struct finding *finding;

	finding = find(judgement, SEVERITY_WARNING, "cxl-soft-reserved", window->name,
		       "%s of the window of %s are Soft Reserved, and no device uses them",
		       format_size(resource->range.size, size), window->name);
	explain(finding, "no region can be made there (ERANGE): the addresses are taken");
	if (facts_command_line_has(judgement->facts, "memmap="))
		cure_by_hand(finding, "take memmap= off the kernel's command line and boot");
	else
		cure_by_hand(finding, "firmware's settings for CXL memory, or a newer kernel, and "
				      "boot");
}

void judge_windows(struct judgement *judgement)
{
	const struct kmemd_inventory *inventory = judged_inventory(judgement);

	array_foreach(window, &inventory->root_decoders) {
		struct range range = {window->start, window->size};

		array_foreach(resource, &judgement->facts->resources) {
			if (!overlaps(&range, &resource->range))
				continue;
			if (!strcmp(resource->name, "System RAM"))
				judge_plain_ram(judgement, resource, window);
			else if (!strcmp(resource->name, "Soft Reserved") &&
				 !is_used(inventory, &resource->range))
				judge_soft_reserved(judgement, resource, window);
		}
	}
}

/* --- what firmware locked */

static bool is_locked(const struct facts *facts, const char *region)
{
	array_foreach(decoder, &facts->decoders)
		if (decoder->locked && !strcmp(decoder->region, region))
			return true;
	return false;
}

void judge_locks(struct judgement *judgement)
{
	array_foreach(region, &judged_inventory(judgement)->regions) {
		struct finding *finding;

		if (!is_locked(judgement->facts, region->name))
			continue;
		finding = find(judgement, SEVERITY_NOTE, "cxl-locked", region->name,
			       "firmware locked the decoders of %s", region->name);
		explain(finding, "its memory can be taken out of use, but the region stays: it "
				 "cannot be made again in another way, and destroying it by hand "
				 "loses it until the next boot");
		cure_none(finding, "only firmware's settings change that");
	}
}
