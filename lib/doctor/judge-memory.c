/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-memory.h"

#include "base/parse.h"
#include "doctor/cure.h"
#include "inventory/memory-block.h"

#include <inttypes.h>
#include <stdio.h>

/* What is not memory yet and needs its memmap in DRAM. */
void judge_dram(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const struct kmemd_inventory *inventory = judged_inventory(judgement);
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
		cure_by_hand(finding, "%s, then: kmemctl apply %s",
			     kernel_can ? "MemmapOnMemory=auto in its policy"
					: "boot with memory_hotplug.memmap_on_memory=on",
			     device->name);
	}
}

/* --- zones */

/* What policy is going to add to the movable zone. */
static uint64_t movable_to_come(const struct judgement *judgement)
{
	uint64_t sum = 0;

	array_foreach(device, &judged_inventory(judgement)->devices) {
		struct decision decision = judged_decision(judgement, device);
		uint64_t used = 0;

		array_foreach(dax, &device->dax)
			if (dax_is_kmem(*dax))
				used += (*dax)->size;
		if (decision.settings.mode == MODE_SYSTEM_RAM &&
		    decision.settings.zone == ZONE_MOVABLE && !is_held(judgement, device) &&
		    device->size > used)
			sum += device->size - used;
	}
	return sum;
}

/*
 * Documentation/admin-guide/mm/memory-hotplug.rst, "ZONE_MOVABLE Sizing Considerations": up to 3:1
 * or 4:1 is safe for most, and nothing above.
 */
void judge_zones(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	uint64_t to_come = movable_to_come(judgement);
	uint64_t movable = facts->movable_zone + to_come;
	char movable_text[SIZE_TEXT_MAX], kernel[SIZE_TEXT_MAX];
	struct finding *finding;

	if (!facts->kernel_zone || movable <= 3 * facts->kernel_zone)
		return;
	finding = find(
		judgement, movable > 4 * facts->kernel_zone ? SEVERITY_WARNING : SEVERITY_NOTE,
		"zone-ratio", "zones", "%s %s movable and %s serve the kernel: %.1f to 1",
		format_size(movable, movable_text), to_come ? "are, or by policy will be," : "are",
		format_size(facts->kernel_zone, kernel),
		(double)movable / (double)facts->kernel_zone);
	explain(finding,
		"page tables, slab, network buffers and pinned pages cannot live in the movable "
		"zone: the machine runs out of memory with much of %s free",
		movable_text);
	cure_by_hand(finding, "Zone=kernel in the policy of a device that is never unplugged, "
			      "then: kmemctl apply");
}

/* --- resources */

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

/* Memory that kmem added and that belongs to no device bound to kmem, or a name without a device.
 */
static bool is_stuck(const struct kmemd_inventory *inventory, const struct resource *resource)
{
	const struct dax_device *dax;

	if (is_in_lost_region(inventory, resource->range.start))
		return false; /* reported as that */
	if (!strncmp(resource->name, "dax", 3))
		return !dax_called(inventory, resource->name);
	if (strcmp(resource->name, "System RAM (kmem)"))
		return false;
	dax = dax_at(inventory, resource->range.start);
	return !dax || !dax_is_kmem(dax);
}

/* The driver gives the range back when the last of its blocks goes offline. */
static void cure_stuck(const struct judgement *judgement, struct finding *finding,
		       const struct resource *resource)
{
	uint64_t block_size = judged_inventory(judgement)->host.block_size, first, count;

	blocks_of_range(&resource->range, block_size, &first, &count);
	if (!judgement->facts->module.loaded_is_ours || !count) {
		cure_none(finding, "boot: the kernel's own kmem cannot give it back");
		return;
	}
	cure_by_command(finding,
			"for block in $(seq %" PRIu64 " %" PRIu64
			"); do echo offline >/sys/devices/system/memory/memory$block/state; done",
			first, first + count - 1);
}

static void judge_stuck(struct judgement *judgement, const struct resource *resource)
{
	char size[SIZE_TEXT_MAX], subject[64];
	struct finding *finding;

	snprintf(subject, sizeof(subject), "0x%" PRIx64 "-0x%" PRIx64, resource->range.start,
		 resource->range.start + resource->range.size - 1);
	finding = find(judgement, SEVERITY_ERROR, "stuck-range", subject,
		       "%s of \"%s\" in /proc/iomem belong to no device that is in use",
		       format_size(resource->range.size, size), resource->name);
	explain(finding, "the device was taken from kmem while its blocks were online: every later "
			 "bind ends with EBUSY");
	cure_stuck(judgement, finding, resource);
}

void judge_resources(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;
	bool found = false;

	/* While a job adds memory its device is not to be seen for a moment. */
	if (!facts->inventory || job_runs(judgement))
		return;
	array_foreach(resource, &facts->resources)
		if (is_stuck(facts->inventory, resource)) {
			found = true;
			judge_stuck(judgement, resource);
		}
	if (found || !facts->log.leaked[0])
		return;
	finding = find(judgement, SEVERITY_WARNING, "leaked", "kernel log",
		       "the kernel could not take memory back: %.200s", facts->log.leaked);
	explain(finding, "the range cannot be used again before the next boot");
	cure_none(finding, "boot; next time: kmemctl drain before unbinding");
}

/* --- what is broken */

/* "0x100000000 in dax0.0, 0x2000 and 2 more": of pages that the kernel log names. */
static void name_pages(const struct judgement *judgement, char *buffer, size_t size)
{
	const struct kmemd_inventory *inventory = judged_inventory(judgement);
	size_t shown = 0, count = judgement->facts->log.poisoned.count;

	buffer[0] = '\0';
	array_foreach(address, &judgement->facts->log.poisoned) {
		const struct dax_device *dax = dax_at(inventory, *address);
		size_t used = strlen(buffer);

		if (shown == 4)
			break;
		snprintf(buffer + used, size - used, "%s0x%" PRIx64 "%s%s", shown++ ? ", " : ": ",
			 *address, dax ? " in " : "", dax ? dax->name : "");
	}
	if (count > shown)
		snprintf(buffer + strlen(buffer), size - strlen(buffer), " and %zu more",
			 count - shown);
}

void judge_poison(struct judgement *judgement)
{
	char size[SIZE_TEXT_MAX], pages[300];
	struct finding *finding;

	if (!judgement->facts->poisoned)
		return;
	name_pages(judgement, pages, sizeof(pages));
	finding = find(judgement, SEVERITY_WARNING, "poisoned", "memory",
		       "the kernel found %s of memory broken and uses them no more%s",
		       format_size(judgement->facts->poisoned, size), pages);
	explain(finding, "there may be more to come. A memory block with such a page that goes "
			 "offline does not go online again (EHWPOISON)");
	cure_none(finding, "replace the module; rasdaemon or edac-util say which it is");
}

void judge_dimms(struct judgement *judgement)
{
	array_foreach(dimm, &judgement->facts->dimms) {
		struct finding *finding = find(judgement, SEVERITY_ERROR, "nvdimm-failed",
					       dimm->name, "%s reports: %s", dimm->name,
					       dimm->flags);

		explain(finding, "what is written to it may not be there after the next power cut, "
				 "or its region does not come up");
		cure_none(finding, "ndctl list -DH -d %s says more; save the data and replace it",
			  dimm->name);
	}
}
