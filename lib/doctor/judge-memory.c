/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices, their blocks and zones, and what stands in the machine's map of resources. */
#include "base/parse.h"
#include "doctor/judge.h"
#include "inventory/memmap-place.h"
#include "inventory/memory-block.h"
#include "inventory/names.h"
#include "job/records.h"

#include <inttypes.h>
#include <stdio.h>

static const struct kmemd_inventory *inventory_of(const struct judgement *judgement)
{
	static const struct kmemd_inventory none;
	const struct kmemd_inventory *inventory = judgement->facts->inventory;

	return inventory ? inventory : &none;
}

/* --- CXL ----------------------------------------------------------------------------------------
 */

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
 * A new region's memory may stand in the caches with other content; the kernel has to flush them
 * all, and on x86 does so only where it does not run under a hypervisor (drivers/cxl/core/region.c:
 * cxl_region_invalidate_memregion()).
 */
void judge_hypervisor(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const struct kmemd_inventory *inventory = inventory_of(judgement);
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
	cure(finding, "hide the hypervisor from this machine (QEMU: -cpu ...,hypervisor=off), or "
		      "let firmware make the regions, or a kernel with "
		      "CONFIG_CXL_REGION_INVALIDATION_TEST (tests only)");
}

static bool is_held(const struct facts *facts, const struct device *device)
{
	array_foreach(record, &facts->records)
		if (!strcmp(record->device, device->identity) && record->state == RECORD_HELD)
			return true;
	return false;
}

static void judge_free_capacity(struct judgement *judgement, const struct device *device)
{
	const struct memdev *memdev = device->memdev;
	uint64_t free_size = memdev->ram_size - memdev->ram_allocated;
	struct decision decision = judged_decision(judgement, device);
	bool held = is_held(judgement->facts, device);
	bool wanted = decision.settings.create && decision.settings.mode != MODE_IGNORE && !held;
	char size[SIZE_TEXT_MAX];
	struct finding *finding;

	if (!memdev->enabled) {
		finding = find(judgement, SEVERITY_WARNING, "cxl-disabled", device->name,
			       "%s is not ready: no driver has it, or its link is down",
			       device->name);
		explain(finding, "its %s cannot be used", format_size(memdev->ram_size, size));
		cure(finding, "cxl enable-memdev %s (dmesg tells why it is not)", device->name);
		return;
	}
	if (memdev->ram_size <= memdev->ram_allocated)
		return;
	finding = find(judgement, wanted ? SEVERITY_WARNING : SEVERITY_NOTE, "cxl-uncommitted",
		       device->name, "%s of %s belong to no region", format_size(free_size, size),
		       device->name);
	if (held)
		explain(finding, "the device was drained and is held against policy");
	else if (wanted)
		explain(finding, "policy wants a region, and there is none");
	else
		explain(finding, "no policy file asks for a region (Create=yes)");
	if (wanted || held)
		cure(finding, "kmemctl apply %s", device->name);
	else
		cure(finding, "a policy file with Create=yes, then: kmemctl apply %s",
		     device->name);
}

void judge_capacity(struct judgement *judgement)
{
	const struct kmemd_inventory *inventory = inventory_of(judgement);

	array_foreach(device, &inventory->devices)
		if (device->kind == KIND_CXL_RAM && device->memdev)
			judge_free_capacity(judgement, device);
	array_foreach(region, &inventory->regions) {
		struct finding *finding;

		if (region->committed || region->lost_blocks)
			continue;
		finding = find(judgement, SEVERITY_WARNING, "cxl-not-committed", region->name,
			       "%s is there and not committed", region->name);
		explain(finding, "its capacity is taken, and nothing can use it");
		cure(finding, "cxl destroy-region -f %s && kmemctl apply", region->name);
	}
}

/* --- devices ------------------------------------------------------------------------------------
 */

static uint64_t lost_bytes(const struct dax_device *dax, uint64_t block_size)
{
	uint64_t size = 0;

	array_foreach(range, &dax->ranges)
		size += range->size;
	return size - dax_block_counts(dax).total * block_size;
}

static void judge_alignment(struct judgement *judgement, const struct device *device,
			    const struct dax_device *dax)
{
	uint64_t block_size = inventory_of(judgement)->host.block_size;
	uint64_t lost = lost_bytes(dax, block_size);
	char block[SIZE_TEXT_MAX], size[SIZE_TEXT_MAX];
	/* Some bytes at an end are everyday; a device of which a good part is lost is not. */
	bool much = lost > dax->size / 20;
	struct finding *finding;

	if (!lost || !is_or_becomes_ram(judgement, device))
		return;
	format_size(block_size, block);
	if (!dax_block_counts(dax).total) {
		finding = find(judgement, SEVERITY_ERROR, "no-whole-block", dax->name,
			       "no whole memory block of %s fits into %s", block, dax->name);
		explain(finding, "kmem refuses the device: nothing of it can be used");
	} else {
		finding = find(judgement, much ? SEVERITY_WARNING : SEVERITY_NOTE, "alignment",
			       dax->name, "%s of %s are lost to alignment", format_size(lost, size),
			       dax->name);
		explain(finding, "memory comes in blocks of %s, and a range is cut to whole blocks",
			block);
	}
	cure(finding, "make the %s anew with a start and a size that are multiples of %s",
	     device->kind == KIND_NVDIMM ? "namespace" : "region", block);
}

static void judge_blocks(struct judgement *judgement, const struct device *device,
			 const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);
	struct decision decision = judged_decision(judgement, device);
	bool by_policy = decision.settings.mode == MODE_SYSTEM_RAM &&
			 !is_held(judgement->facts, device);
	unsigned int wrong = decision.settings.zone == ZONE_MOVABLE ? counts.in[BLOCK_KERNEL]
								    : counts.in[BLOCK_MOVABLE];
	struct finding *finding;

	if (!dax_is_kmem(dax))
		return;
	if (counts.in[BLOCK_ABSENT]) {
		finding = find(judgement, SEVERITY_WARNING, "blocks-missing", dax->name,
			       "%u of %u memory blocks of %s were not added",
			       counts.in[BLOCK_ABSENT], counts.total, dax->name);
		explain(finding, "the kernel log names them and tells why");
		cure(finding, "kmemctl drain %s && kmemctl apply %s", device->name, device->name);
	}
	if (counts.in[BLOCK_MIXED] || (counts.in[BLOCK_KERNEL] && counts.in[BLOCK_MOVABLE])) {
		finding = find(judgement, SEVERITY_WARNING, "zones-mixed", dax->name,
			       "%s lies in more than one zone: %u blocks movable, %u kernel, %u "
			       "in both",
			       dax->name, counts.in[BLOCK_MOVABLE], counts.in[BLOCK_KERNEL],
			       counts.in[BLOCK_MIXED]);
		explain(finding, "somebody else put blocks online meanwhile; those in a kernel "
				 "zone can hardly be taken out of use");
		cure(finding, "kmemctl apply %s", device->name);
	} else if (by_policy && wrong) {
		finding = find(judgement, SEVERITY_WARNING, "zone-differs", dax->name,
			       "%u blocks of %s are in the other zone than policy wants (%s)",
			       wrong, dax->name, zone_names[decision.settings.zone]);
		explain(finding, "memory in a kernel zone can hardly be taken out of use, memory "
				 "in the movable zone does not serve the kernel");
		cure(finding, "kmemctl apply %s", device->name);
	}
	if (by_policy && counts.in[BLOCK_OFFLINE]) {
		finding = find(judgement, SEVERITY_WARNING, "blocks-offline", dax->name,
			       "%u of %u memory blocks of %s are offline", counts.in[BLOCK_OFFLINE],
			       counts.total, dax->name);
		explain(finding, "policy wants them in use; their memmap costs DRAM all the same "
				 "unless it is on the device");
		cure(finding, "kmemctl apply %s", device->name);
	}
}

/* Asked for and not given: mm falls back to DRAM without a word (6.12), or the driver did. */
static void judge_memmap_place(struct judgement *judgement, const struct dax_device *dax)
{
	const struct kmemd_inventory *inventory = inventory_of(judgement);
	const char *how;
	char size[SIZE_TEXT_MAX];
	struct finding *finding;

	if (!dax_is_kmem(dax) || dax->memmap_on_memory != TRISTATE_YES ||
	    dax_memmap_on_device(inventory, dax, &how) != TRISTATE_NO)
		return;
	finding = find(judgement, SEVERITY_WARNING, "memmap-in-dram", dax->name,
		       "the memmap of %s is in DRAM although memmap_on_memory is set (%s)",
		       dax->name, how);
	explain(finding, "it takes %s of DRAM",
		format_size(memmap_bytes(dax_block_counts(dax).total * inventory->host.block_size),
			    size));
	cure(finding,
	     "kmemctl memmap %s tells what the kernel can do, kmemctl memmap %s on "
	     "--rebind moves it",
	     dax->name, dax->name);
}

static void judge_lost(struct judgement *judgement, const struct device *device)
{
	array_foreach(slot, &device->regions) {
		const struct region *region = *slot;
		char size[SIZE_TEXT_MAX];
		struct finding *finding;

		if (!region->lost_blocks)
			continue;
		finding = find(judgement, SEVERITY_ERROR, "lost", region->name,
			       "an expander was pulled out with %s of its memory online (%u "
			       "blocks of %s)",
			       format_size(region->size, size), region->lost_blocks, region->name);
		explain(finding, "what they held is lost, and whoever touches it dies or brings "
				 "the kernel down");
		cure(finding, "boot; next time: kmemctl drain before unplugging");
	}
}

void judge_devices(struct judgement *judgement)
{
	const struct kmemd_inventory *inventory = inventory_of(judgement);

	array_foreach(problem, &inventory->problems) {
		struct finding *finding = find(judgement, SEVERITY_WARNING, "left-out", "inventory",
					       "%s", *problem);

		explain(finding, "a device that cannot be read is left out of everything");
		cure(finding, "dmesg tells more; kmemctl list -D shows what is seen");
	}
	array_foreach(device, &inventory->devices) {
		judge_lost(judgement, device);
		array_foreach(dax, &device->dax) {
			/* An interleaved region is one dax device of several memdevs. */
			if ((*dax)->parent == DAX_PARENT_CXL && device->regions.count &&
			    device->regions.items[0]->targets.count > 1 &&
			    strcmp(device->regions.items[0]->targets.items[0].memdev, device->name))
				continue;
			judge_alignment(judgement, device, *dax);
			judge_blocks(judgement, device, *dax);
			judge_memmap_place(judgement, *dax);
		}
	}
}

/* What is not memory yet and needs its memmap in DRAM. */
void judge_dram(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const struct kmemd_inventory *inventory = inventory_of(judgement);
	bool kernel_can = facts->memmap_parameter[0] == 'Y' ||
			  !strcmp(facts->memmap_parameter, "force");
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX];

	array_foreach(device, &inventory->devices) {
		struct decision decision = judged_decision(judgement, device);
		bool is_ram = false;
		struct finding *finding;

		array_foreach(dax, &device->dax)
			is_ram = is_ram || dax_is_kmem(*dax);
		if (is_ram || decision.settings.mode != MODE_SYSTEM_RAM ||
		    (kernel_can && decision.settings.memmap != MEMMAP_NO) ||
		    memmap_bytes(device->size) <= inventory->host.memory_available)
			continue;
		finding = find(judgement, SEVERITY_ERROR, "memmap-too-large", device->name,
			       "the memmap of %s needs %s of DRAM, and %s are available",
			       device->name, format_size(memmap_bytes(device->size), need),
			       format_size(inventory->host.memory_available, have));
		explain(finding, "adding it would end in an out-of-memory in the middle");
		cure(finding,
		     kernel_can ? "MemmapOnMemory=auto in its policy, then: kmemctl apply "
				  "%s"
				: "boot with memory_hotplug.memmap_on_memory=on, then: "
				  "kmemctl apply %s",
		     device->name);
	}
}

/* --- zones --------------------------------------------------------------------------------------
 */

/*
 * Documentation/admin-guide/mm/memory-hotplug.rst, "ZONE_MOVABLE Sizing Considerations": up to 3:1
 * or 4:1 is safe for most, and nothing above.
 */
void judge_zones(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	char movable[SIZE_TEXT_MAX], kernel[SIZE_TEXT_MAX];
	struct finding *finding;

	if (!facts->kernel_zone || facts->movable_zone <= 3 * facts->kernel_zone)
		return;
	finding = find(
		judgement,
		facts->movable_zone > 4 * facts->kernel_zone ? SEVERITY_WARNING : SEVERITY_NOTE,
		"zone-ratio", "zones", "%s are movable and %s serve the kernel: %.1f to 1",
		format_size(facts->movable_zone, movable), format_size(facts->kernel_zone, kernel),
		(double)facts->movable_zone / (double)facts->kernel_zone);
	explain(finding,
		"page tables, slab, network buffers and pinned pages cannot live in the movable "
		"zone: the machine runs out of memory with %s free",
		movable);
	cure(finding, "Zone=kernel in the policy of a device that is never unplugged, then: "
		      "kmemctl apply");
}

/* --- resources ----------------------------------------------------------------------------------
 */

static const struct dax_device *dax_at(const struct kmemd_inventory *inventory, uint64_t address)
{
	array_foreach(dax, &inventory->dax)
		array_foreach(range, &dax->ranges)
			if (address >= range->start && address - range->start < range->size)
				return dax;
	return NULL;
}

static const struct dax_device *dax_called(const struct kmemd_inventory *inventory,
					   const char *name)
{
	array_foreach(dax, &inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

static bool is_in_lost_region(const struct kmemd_inventory *inventory, uint64_t address)
{
	array_foreach(region, &inventory->regions)
		if (region->lost_blocks && address >= region->start &&
		    address - region->start < region->size)
			return true;
	return false;
}

/* Memory that kmem added and that no device bound to kmem stands for, or a name without a device.
 */
static bool is_stuck(const struct kmemd_inventory *inventory, const struct resource *resource)
{
	const struct dax_device *dax;

	if (is_in_lost_region(inventory, resource->range.start))
		return false; /* told as that */
	if (!strncmp(resource->name, "dax", 3))
		return !dax_called(inventory, resource->name);
	dax = dax_at(inventory, resource->range.start);
	return !dax || !dax_is_kmem(dax);
}

void judge_resources(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	char size[SIZE_TEXT_MAX], subject[64];
	struct finding *finding;
	bool found = false;

	/* While a job adds memory its device is not to be seen for a moment. */
	if (!facts->inventory || (facts->has_journal && facts->journal_running))
		return;
	array_foreach(resource, &facts->resources) {
		if (!is_stuck(facts->inventory, resource))
			continue;
		found = true;
		snprintf(subject, sizeof(subject), "0x%" PRIx64 "-0x%" PRIx64,
			 resource->range.start, resource->range.start + resource->range.size - 1);
		finding = find(judgement, SEVERITY_ERROR, "stuck-range", subject,
			       "%s of \"%s\" in /proc/iomem belong to no device that is in use",
			       format_size(resource->range.size, size), resource->name);
		explain(finding, "the device was taken from kmem while its blocks were online: "
				 "every later bind ends with EBUSY");
		cure(finding,
		     facts->module.loaded_is_ours
			     ? "take the blocks offline, which gives the range back (echo offline "
			       ">/sys/devices/system/memory/memoryN/state), or bind the device "
			       "again"
			     : "boot: the kernel's own kmem cannot give it back");
	}
	if (found || !facts->log.leaked[0])
		return;
	finding = find(judgement, SEVERITY_WARNING, "leaked", "kernel log",
		       "the kernel could not take memory back: %.200s", facts->log.leaked);
	explain(finding, "the range cannot be used again before the next boot");
	cure(finding, "boot; next time: kmemctl drain before unbinding");
}

void judge_records(struct judgement *judgement)
{
	static const enum severity severities[RECORD_STATE_COUNT] = {
		[RECORD_HELD] = SEVERITY_NOTE,
		[RECORD_FAILED] = SEVERITY_ERROR,
		[RECORD_REFUSED] = SEVERITY_WARNING,
	};
	static const char *const reasons[RECORD_STATE_COUNT] = {
		[RECORD_HELD] = "policy leaves it alone until kmemctl apply",
		[RECORD_FAILED] = "it is not tried again by itself",
		[RECORD_REFUSED] = "policy wants something that cannot or must not be done",
	};
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	array_foreach(record, &facts->records) {
		static const char *const ids[RECORD_STATE_COUNT] = {[RECORD_HELD] = "held",
								    [RECORD_FAILED] = "failed",
								    [RECORD_REFUSED] = "refused"};

		finding = find(judgement, severities[record->state], ids[record->state],
			       record->device, "%.400s", record->message);
		explain(finding, "%s", reasons[record->state]);
		cure(finding, "kmemctl apply %.200s", record->device);
	}
	if (!facts->has_journal || facts->journal_running)
		return;
	finding = find(judgement, SEVERITY_WARNING, "cut-short", facts->journal.device,
		       "a job (%s, pid %d) was cut short", facts->journal.job, facts->journal.pid);
	explain(finding, "what it left half done is put right by the next job");
	cure(finding, "kmemctl apply");
}
