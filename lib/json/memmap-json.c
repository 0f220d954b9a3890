/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the memmap of a device is, what it costs there and elsewhere, and what is advised. */
#include "json/memmap-json.h"

#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/release.h"
#include "inventory/memmap-place.h"
#include "inventory/names.h"
#include "plan/memmap-cost.h"
#include "json/dax-json.h"

#include <errno.h>
#include <stdio.h>

static const char *const mode_words[] = {
	[MEMMAP_SYSTEM_RAM] = "system-ram",
	[MEMMAP_DEVDAX] = "devdax",
};

/* What all reports about one piece of memory start from. */
struct subject {
	const struct kmemd_inventory *inventory;
	const struct device *device;
	const struct dax_device *dax; /* NULL: there is none yet */
	struct memmap_subject facts;
	struct memmap_way ways[MEMMAP_WAYS];
};

static bool is_devdax(const struct subject *subject)
{
	return subject->dax && subject->dax->driver[0] && !dax_is_kmem(subject->dax);
}

/* A dax device that there is not yet has the default of the driver that will make it. */
static void find_facts(struct subject *subject)
{
	const struct host *host = &subject->inventory->host;
	const struct dax_device *dax = subject->dax;
	uint64_t size = dax ? dax->size : subject->device->size;

	subject->facts = (struct memmap_subject){
		.kernel = host->kernel,
		.machine = host->machine,
		.size = size,
		.block_bytes = dax ? dax_block_counts(dax).total * host->block_size
				   : size / host->block_size * host->block_size,
		.may_self_host = host->memmap_parameter,
		.has_switch = dax ? dax->memmap_on_memory != TRISTATE_UNKNOWN
				  : host->kmem == KMEM_DROP_IN ||
					      release_is_since(host->kernel, 6, 8),
		.namespace_size = subject->device->namespace ? subject->device->namespace->size : 0,
	};
	memmap_ways(&subject->facts, subject->ways);
}

/* --- what is in force ---------------------------------------------------------------------------
 */

/*
 * A devdax namespace keeps its memmap on itself (an altmap) or not; that is decided when it is
 * made, and shows in how much smaller than the namespace the device is: by the memmap, or by 2 MiB
 * of information and the alignment.
 */
static enum tristate namespace_keeps_memmap(const struct subject *subject)
{
	const struct namespace *namespace = subject->device->namespace;
	const struct dax_device *dax = subject->dax;

	if (!namespace || namespace->size < dax->size || dax->align > PAGE_2M)
		return TRISTATE_UNKNOWN;
	return namespace->size - dax->size >= memmap_bytes(dax->size) + PAGE_2M ? TRISTATE_YES
										: TRISTATE_NO;
}

static void put_devdax_memmap(struct json_object *json, const struct subject *subject)
{
	struct json_object *memmap = json_put_object(json, "memmap");
	const struct dax_device *dax = subject->dax;
	enum tristate on_device = subject->facts.namespace_size ? namespace_keeps_memmap(subject)
								: TRISTATE_NO;

	json_put_text(memmap, "asked", "devdax");
	if (on_device == TRISTATE_UNKNOWN) {
		json_put_text(memmap, "in_force", "unknown");
		json_put_text(memmap, "known", "not known");
		return;
	}
	json_put_text(memmap, "in_force", on_device ? "device" : "dram");
	json_put_text(memmap, "known",
		      subject->facts.namespace_size ? "by the size of the namespace"
						    : "devdax of this kind has no other place");
	for (unsigned int i = 0; i < MEMMAP_WAYS; i++) {
		const struct memmap_way *way = &subject->ways[i];

		if (way->mode != MEMMAP_DEVDAX || way->align != dax->align ||
		    way->on_device != (on_device == TRISTATE_YES))
			continue;
		json_put_bool(memmap, "deduplicated", way->deduplicated);
		json_put_u64(memmap, "dram_bytes", way->dram);
		json_put_u64(memmap, "device_bytes", way->device);
	}
}

static bool is_way_in_force(const struct subject *subject, const struct memmap_way *way)
{
	const char *how;
	enum tristate on_device;

	if (!subject->dax || !subject->dax->driver[0])
		return false;
	if (is_devdax(subject))
		on_device = subject->facts.namespace_size ? namespace_keeps_memmap(subject)
							  : TRISTATE_NO;
	else
		on_device = dax_memmap_on_device(subject->inventory, subject->dax, &how);
	return on_device == (way->on_device ? TRISTATE_YES : TRISTATE_NO) &&
	       (way->mode == MEMMAP_DEVDAX) == is_devdax(subject) &&
	       (way->mode == MEMMAP_SYSTEM_RAM || way->align == subject->dax->align);
}

static void put_ways(struct json_object *json, const struct subject *subject)
{
	struct json_object *array = json_put_array(json, "alternatives");

	for (unsigned int i = 0; i < MEMMAP_WAYS; i++) {
		const struct memmap_way *way = &subject->ways[i];
		struct json_object *item = json_append_object(array);

		json_put_text(item, "mode", mode_words[way->mode]);
		json_put_text(item, "memmap", way->on_device ? "device" : "dram");
		if (way->mode == MEMMAP_DEVDAX) {
			json_put_u64(item, "align", way->align);
			json_put_bool(item, "deduplicated", way->deduplicated);
		}
		json_put_u64(item, "dram_bytes", way->dram);
		json_put_u64(item, "device_bytes", way->device);
		json_put_u64(item, "usable_bytes", way->usable);
		json_put_bool(item, "possible", !way->why_not);
		if (way->why_not)
			json_put_text(item, "why_not", way->why_not);
		json_put_bool(item, "in_force", is_way_in_force(subject, way));
	}
}

/* hugetlb gives back memmap of huge pages, and never that of self-hosted blocks. */
static void put_hugetlb(struct json_object *json, const struct subject *subject)
{
	const struct host *host = &subject->inventory->host;
	struct json_object *hugetlb = json_put_object(json, "hugetlb");
	uint64_t size = subject->facts.block_bytes;

	json_put_text(hugetlb, "optimize_vmemmap",
		      host->hugetlb_vmemmap == TRISTATE_UNKNOWN ? "not built in"
		      : host->hugetlb_vmemmap == TRISTATE_YES	? "on"
								: "off");
	json_put_u64(hugetlb, "saves_2m_bytes", memmap_hugetlb_saves(size, PAGE_2M, host->kernel));
	json_put_u64(hugetlb, "saves_1g_bytes", memmap_hugetlb_saves(size, PAGE_1G, host->kernel));
	json_put_u64(hugetlb, "saves_self_hosted_bytes", 0);
}

/* --- advice -------------------------------------------------------------------------------------
 */

static void put_advice(struct json_object *json, const char *mode, const char *memmap,
		       uint64_t align, const char *reason)
{
	struct json_object *advice = json_put_object(json, "recommendation");

	json_put_text(advice, "mode", mode);
	json_put_text(advice, "memmap", memmap);
	if (align)
		json_put_u64(advice, "align", align);
	json_put_text(advice, "reason", reason);
}

static void advise_system_ram(struct json_object *json, const struct subject *subject)
{
	const struct host *host = &subject->inventory->host;
	const struct memmap_way *in_dram = &subject->ways[0], *on_device = &subject->ways[1];
	char dram[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX], saved[SIZE_TEXT_MAX], reason[512];

	format_size(in_dram->dram, dram);
	format_size(host->memory_available, have);
	if (in_dram->why_not) {
		put_advice(json, "system-ram", "none", 0, in_dram->why_not);
		return;
	}
	if (on_device->why_not && in_dram->dram > host->memory_available) {
		snprintf(reason, sizeof(reason),
			 "neither fits: in DRAM the memmap takes %s, and %s are available; on the "
			 "device it cannot be: %s",
			 dram, have, on_device->why_not);
		put_advice(json, "system-ram", "none", 0, reason);
		return;
	}
	if (on_device->why_not) {
		snprintf(reason, sizeof(reason),
			 "it takes %s of DRAM; on the device it cannot be: %s", dram,
			 on_device->why_not);
		put_advice(json, "system-ram", "dram", 0, reason);
		return;
	}
	if (host->hugetlb_vmemmap == TRISTATE_YES) {
		format_size(memmap_hugetlb_saves(subject->facts.block_bytes, PAGE_1G, host->kernel),
			    saved);
		snprintf(reason, sizeof(reason),
			 "it saves %s of DRAM. For a node that is meant for huge pages only, DRAM "
			 "is better: hugetlb_optimize_vmemmap gives up to %s of it back there, and "
			 "nothing of a memmap that is on the device",
			 dram, saved);
	} else {
		snprintf(reason, sizeof(reason),
			 "it saves %s of DRAM, and costs 1/64 of the device instead", dram);
	}
	put_advice(json, "system-ram", "device", 0, reason);
}

/*
 * The largest alignment that the size allows, with the memmap in DRAM: deduplicated it is smaller
 * than what the device would lose. On a kernel that cannot, whatever fits.
 */
static void advise_devdax(struct json_object *json, const struct subject *subject)
{
	const struct host *host = &subject->inventory->host;
	const struct memmap_way *best = &subject->ways[3], *on_device = &subject->ways[6];
	const struct memmap_way *large = &subject->ways[4];
	char dram[SIZE_TEXT_MAX], plain[SIZE_TEXT_MAX], reason[512];

	if (!large->why_not && large->usable == best->usable)
		best = large;
	if (best->why_not) {
		put_advice(json, "devdax", "none", 0, best->why_not);
		return;
	}
	format_size(best->dram, dram);
	format_size(memmap_bytes(best->usable), plain);
	if (best->dram > host->memory_available && !on_device->why_not) {
		snprintf(reason, sizeof(reason), "in DRAM it takes %s, which are not available",
			 dram);
		put_advice(json, "devdax", "device", on_device->align, reason);
		return;
	}
	if (best->deduplicated)
		snprintf(reason, sizeof(reason),
			 "with this alignment the kernel keeps one memmap page for all tails: %s "
			 "in place of %s; on the device it is never deduplicated",
			 dram, plain);
	else
		snprintf(reason, sizeof(reason),
			 "it takes %s; Linux %s on this machine deduplicates nothing (x86-64 does "
			 "since 5.19)",
			 dram, host->kernel);
	put_advice(json, "devdax", "dram", best->align, reason);
}

/* Turning a namespace of another mode into devdax destroys what it holds: no advice to do that. */
static bool holds_something_else(const struct subject *subject)
{
	const struct namespace *namespace = subject->device->namespace;

	return namespace && !subject->dax && strcmp(namespace->mode, "devdax");
}

static bool is_disabled(const struct subject *subject)
{
	const struct namespace *namespace = subject->device->namespace;

	return namespace && namespace->disabled;
}

static void advise(struct json_object *json, const struct subject *subject)
{
	char reason[256];

	if (is_disabled(subject)) {
		put_advice(json, subject->device->namespace->mode, "none", 0,
			   "the namespace is disabled, and what it holds cannot be seen");
	} else if (holds_something_else(subject)) {
		snprintf(reason, sizeof(reason),
			 "the namespace is in %s mode; making devdax of it destroys what it holds",
			 subject->device->namespace->mode);
		put_advice(json, subject->device->namespace->mode, "none", 0, reason);
	} else if (is_devdax(subject)) {
		advise_devdax(json, subject);
	} else {
		advise_system_ram(json, subject);
	}
}

/* --- the report ---------------------------------------------------------------------------------
 */

static void put_memory(struct json_object *array, struct subject *subject)
{
	struct json_object *json = json_append_object(array);
	const struct dax_device *dax = subject->dax;

	find_facts(subject);
	json_put_text(json, "chardev", dax ? dax->name : "");
	json_put_text(json, "mode",
		      !dax		 ? "none"
		      : dax_is_kmem(dax) ? "system-ram"
		      : dax->driver[0]	 ? "devdax"
					 : "disabled");
	json_put_u64(json, "size", subject->facts.size);
	if (dax) {
		json_put_u64(json, "align", dax->align);
		json_put_int(json, "target_node", dax->target_node);
		report_blocks(json, dax);
	}
	if (is_devdax(subject))
		put_devdax_memmap(json, subject);
	else if (dax)
		report_memmap(json, subject->inventory, dax);
	put_ways(json, subject);
	put_hugetlb(json, subject);
	advise(json, subject);
}

static void put_device(struct json_object *array, const struct kmemd_inventory *inventory,
		       const struct device *device)
{
	struct json_object *json = json_append_object(array), *memory;
	struct subject subject = {.inventory = inventory, .device = device};

	json_put_text(json, "device", device->name);
	json_put_text(json, "identity", device->identity);
	json_put_text(json, "kind", kind_names[device->kind]);
	json_put_u64(json, "size", device->size);
	memory = json_put_array(json, "daxdevs");
	array_foreach(dax, &device->dax) {
		subject.dax = *dax;
		put_memory(memory, &subject);
	}
	if (!device->dax.count)
		put_memory(memory, &subject);
}

int kmemd_report_memmap(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *name, struct json_object **ret, struct kmemd_error *error)
{
	const struct device *only = NULL;
	struct json_object *json, *devices;
	int r = name ? inventory_find_device(inventory, name, &only, error) : 0;

	(void)kmemd;
	if (r < 0)
		return r;
	json = json_object_new_object();
	json_put_u64(json, "memory_available", inventory->host.memory_available);
	devices = json_put_array(json, "devices");
	array_foreach(device, &inventory->devices)
		if (!only || only == device)
			put_device(devices, inventory, device);
	if (!devices) {
		json_object_put(json);
		return error_memory(error);
	}
	*ret = json;
	return 0;
}
