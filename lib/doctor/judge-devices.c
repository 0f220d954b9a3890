/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-devices.h"

#include "base/parse.h"
#include "doctor/cure.h"
#include "inventory/memmap-place.h"
#include "inventory/memory-block.h"
#include "inventory/names.h"

#include <stdio.h>

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
	uint64_t block_size = judged_inventory(judgement)->host.block_size;
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
	if (device->kind == KIND_NVDIMM)
		cure_by_hand(finding,
			     "make the namespace again, which loses its contents, with a "
			     "start and a size that are multiples of %s",
			     block);
	else
		cure_none(finding, "it takes a start and a size that are multiples of %s", block);
}

/* --- blocks */

/* A device with what policy says of it. */
struct subject {
	const struct device *device;
	const struct dax_device *dax;
	struct decision decision;
	struct block_counts counts;
	bool by_policy; /* policy wants it to be memory, and nobody holds it against that */
};

static bool is_poisoned(const struct judgement *judgement, const struct dax_device *dax)
{
	array_foreach(address, &judgement->facts->log.poisoned)
		array_foreach(range, &dax->ranges)
			if (*address >= range->start && *address - range->start < range->size)
				return true;
	return false;
}

static void judge_missing(struct judgement *judgement, const struct subject *subject)
{
	const char *name = subject->device->name;
	struct finding *finding;

	if (!subject->counts.in[BLOCK_ABSENT])
		return;
	finding = find(judgement, SEVERITY_WARNING, "blocks-missing", subject->dax->name,
		       "%u of %u memory blocks of %s were not added",
		       subject->counts.in[BLOCK_ABSENT], subject->counts.total, subject->dax->name);
	explain(finding, "the kernel log names them and says why");
	if (is_poisoned(judgement, subject->dax))
		cure_none(finding, "kmem does not add a block with a broken page again unless its "
				   "parameter 'poisoned' says so, see kmem(4)");
	else if (subject->by_policy)
		cure_by_command(finding, "kmemctl drain %s && kmemctl apply %s", name, name);
	else
		cure_by_command(finding,
				"kmemctl reconfigure-device -m devdax -f %s && kmemctl "
				"reconfigure-device -m system-ram %s",
				subject->dax->name, subject->dax->name);
}

/* By hand there is no policy to say which zone it was to be. */
static void cure_zones(const struct judgement *judgement, struct finding *finding,
		       const struct subject *subject)
{
	if (subject->by_policy)
		cure_by_plan(judgement, finding, subject->device);
	else
		cure_by_command(finding,
				"kmemctl offline-memory %s && kmemctl online-memory %s # movable; "
				"what cannot leave its zone does so only with the next boot",
				subject->dax->name, subject->dax->name);
}

static void judge_zone(struct judgement *judgement, const struct subject *subject)
{
	const unsigned int *in = subject->counts.in;
	enum zone wanted = subject->decision.settings.zone;
	unsigned int wrong = wanted == ZONE_MOVABLE ? in[BLOCK_KERNEL] : in[BLOCK_MOVABLE];
	const char *name = subject->dax->name;
	struct finding *finding;

	if (in[BLOCK_MIXED] || (in[BLOCK_KERNEL] && in[BLOCK_MOVABLE])) {
		finding = find(judgement, SEVERITY_WARNING, "zones-mixed", name,
			       "%s is in more than one zone: %u blocks movable, %u kernel, %u in "
			       "both",
			       name, in[BLOCK_MOVABLE], in[BLOCK_KERNEL], in[BLOCK_MIXED]);
		explain(finding, "somebody else put blocks online meanwhile; those in a kernel "
				 "zone can hardly be taken out of use");
	} else if (subject->by_policy && wrong) {
		finding = find(judgement, SEVERITY_WARNING, "zone-differs", name,
			       "%u blocks of %s are in the other zone than policy wants (%s)",
			       wrong, name, zone_names[wanted]);
		explain(finding, "memory in a kernel zone can hardly be taken out of use, memory "
				 "in the movable zone does not serve the kernel");
	} else {
		return;
	}
	cure_zones(judgement, finding, subject);
}

static void judge_offline(struct judgement *judgement, const struct subject *subject)
{
	struct finding *finding;

	if (!subject->by_policy || !subject->counts.in[BLOCK_OFFLINE])
		return;
	finding = find(judgement, SEVERITY_WARNING, "blocks-offline", subject->dax->name,
		       "%u of %u memory blocks of %s are offline",
		       subject->counts.in[BLOCK_OFFLINE], subject->counts.total,
		       subject->dax->name);
	explain(finding, "policy wants them in use; their memmap costs DRAM all the same unless "
			 "it is on the device");
	/* memory_block_online(), Linux 6.2: EHWPOISON (133) */
	if (is_poisoned(judgement, subject->dax))
		cure_none(finding, "a block with a broken page does not go online again "
				   "(EHWPOISON); the kernel forgets that when the block is "
				   "removed, but the memory stays broken");
	else
		cure_by_plan(judgement, finding, subject->device);
}

/* Policy wants memory, and no driver of ours makes it so. */
static void judge_unbound(struct judgement *judgement, const struct subject *subject)
{
	const struct dax_device *dax = subject->dax;
	bool foreign = dax->driver[0] && strcmp(dax->driver, "device_dax");
	struct finding *finding;

	if (!subject->by_policy || !dax->size)
		return;
	finding = find(judgement, foreign ? SEVERITY_NOTE : SEVERITY_WARNING,
		       foreign ? "foreign-driver" : "not-memory", dax->name,
		       "%s is not memory of the system although policy wants it%s%s", dax->name,
		       dax->driver[0] ? ": it is bound to " : ": no driver has it", dax->driver);
	if (foreign) {
		explain(finding, "a driver that kmemd does not know may use it in a way that "
				 "nothing shows; kmemd leaves it alone");
		cure_none(finding, "who bound it has to let it go first");
		return;
	}
	explain(finding, "its %s",
		dax->driver[0] ? "memory is for programs that map /dev/dax"
			       : "memory is not used at all");
	cure_by_plan(judgement, finding, subject->device);
}

static void judge_blocks(struct judgement *judgement, const struct device *device,
			 const struct dax_device *dax)
{
	struct subject subject = {
		.device = device,
		.dax = dax,
		.decision = judged_decision(judgement, device),
		.counts = dax_block_counts(dax),
	};

	subject.by_policy = subject.decision.settings.mode == MODE_SYSTEM_RAM &&
			    !is_held(judgement, device);
	if (!dax_is_kmem(dax)) {
		judge_unbound(judgement, &subject);
		return;
	}
	judge_missing(judgement, &subject);
	/* With Online=no the state of the blocks is another program's. */
	if (subject.by_policy && !subject.decision.settings.online)
		return;
	judge_zone(judgement, &subject);
	judge_offline(judgement, &subject);
}

/* mhp_supports_memmap_on_memory(): the memmap of a block fills whole pages of 2 MiB. */
static bool kernel_can_self_host(const struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;

	if (!strcmp(facts->memmap_parameter, "force"))
		return true;
	return facts->memmap_parameter[0] == 'Y' &&
	       memmap_bytes(judged_inventory(judgement)->host.block_size) % (2 << 20) == 0;
}

/* Asked for and not given: mm falls back to DRAM without a word (6.12), or the driver did. */
static void judge_memmap_place(struct judgement *judgement, const struct dax_device *dax)
{
	const struct kmemd_inventory *inventory = judged_inventory(judgement);
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
	if (kernel_can_self_host(judgement))
		cure_by_command(finding, "kmemctl memmap %s on --rebind", dax->name);
	else
		cure_by_hand(finding, "boot with memory_hotplug.memmap_on_memory=on (with blocks "
				      "that it does not fit: =force)");
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
		explain(finding, "what they held is lost, and what touches it dies or brings "
				 "the kernel down");
		cure_none(finding, "boot; next time: kmemctl drain before unplugging");
	}
}

static bool is_of_another(const struct device *device, const struct dax_device *dax)
{
	const struct region *region = device->regions.count ? device->regions.items[0] : NULL;

	/* An interleaved region is one dax device of several memdevs. */
	return dax->parent == DAX_PARENT_CXL && region && region->targets.count > 1 &&
	       strcmp(region->targets.items[0].memdev, device->name);
}

static void judge_device(struct judgement *judgement, const struct device *device)
{
	judge_lost(judgement, device);
	if (job_runs(judgement))
		return;
	array_foreach(dax, &device->dax) {
		if (is_of_another(device, *dax))
			continue;
		judge_alignment(judgement, device, *dax);
		judge_blocks(judgement, device, *dax);
		judge_memmap_place(judgement, *dax);
	}
}

void judge_devices(struct judgement *judgement)
{
	const struct kmemd_inventory *inventory = judged_inventory(judgement);

	array_foreach(problem, &inventory->problems) {
		struct finding *finding;

		/* Not shown to this user, or half made: both are said once elsewhere. */
		if (!judgement->facts->is_root || job_runs(judgement))
			break;
		finding = find(judgement, SEVERITY_WARNING, "left-out", "inventory", "%s",
			       *problem);
		explain(finding, "a device that cannot be read is left out of everything");
		cure_none(finding, "the kernel log says more; kmemctl list -D shows what is seen");
	}
	array_foreach(device, &inventory->devices)
		judge_device(judgement, device);
}
