/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/memmap-cost.h"

#include "base/release.h"

/* A page of page-table entries maps 2 MiB of vmemmap: that of 128 MiB. */
#define MEMORY_OF_PAGE_TABLE (PAGE_2M * 64)

static uint64_t page_tables(uint64_t size)
{
	return (size + MEMORY_OF_PAGE_TABLE - 1) / MEMORY_OF_PAGE_TABLE * PAGE_4K;
}

uint64_t memmap_deduplicated(uint64_t size, uint64_t align)
{
	return size / align * (2 * PAGE_4K) + page_tables(size);
}

bool memmap_deduplicates(const char *kernel, const char *machine)
{
	return release_is_since(kernel, 5, 19) && (!machine[0] || !strcmp(machine, "x86_64"));
}

uint64_t memmap_hugetlb_saves(uint64_t size, uint64_t huge_page, const char *kernel)
{
	uint64_t kept = release_is_since(kernel, 5, 18) ? PAGE_4K : 2 * PAGE_4K;
	uint64_t pages = size / huge_page;
	uint64_t given_back = pages * (memmap_bytes(huge_page) - kept);
	uint64_t tables = page_tables(pages * huge_page);

	return given_back > tables ? given_back - tables : 0;
}

static void system_ram(const struct memmap_subject *subject, bool on_device, struct memmap_way *way)
{
	uint64_t memmap = memmap_bytes(subject->block_bytes);

	*way = (struct memmap_way){
		.mode = MEMMAP_SYSTEM_RAM,
		.on_device = on_device,
		.dram = on_device ? 0 : memmap,
		.device = on_device ? memmap : 0,
		.usable = subject->block_bytes - (on_device ? memmap : 0),
	};
	if (!subject->block_bytes)
		way->why_not = "no whole memory block fits into it";
	else if (on_device && subject->may_self_host == TRISTATE_UNKNOWN)
		way->why_not = "this kernel has no memory_hotplug.memmap_on_memory";
	else if (on_device && subject->may_self_host == TRISTATE_NO)
		way->why_not = "memory_hotplug.memmap_on_memory is off, and on only from boot on";
	else if (on_device && !subject->has_switch)
		way->why_not = "the device has no memmap_on_memory switch: load kmemd's driver, or "
			       "boot Linux 6.8 or later";
}

/*
 * What is left of a device as devdax. A namespace begins with 8 KiB of information, and its memmap
 * when it has that on itself, and data begin at the next multiple of the alignment, 2 MiB at least
 * (drivers/nvdimm/pfn_devs.c: nd_pfn_init()).
 */
static uint64_t devdax_size(const struct memmap_subject *subject, uint64_t align, bool on_device)
{
	uint64_t step = align > PAGE_2M ? align : PAGE_2M, head;

	if (!subject->namespace_size)
		return subject->size / align * align;
	head = 2 * PAGE_4K + (on_device ? memmap_bytes(subject->namespace_size) : 0);
	head = (head + step - 1) / step * step;
	return head < subject->namespace_size ? (subject->namespace_size - head) / align * align
					      : 0;
}

static void devdax(const struct memmap_subject *subject, uint64_t align, bool on_device,
		   struct memmap_way *way)
{
	uint64_t size = devdax_size(subject, align, on_device), memmap = memmap_bytes(size);
	bool deduplicated = !on_device && align > PAGE_4K &&
			    memmap_deduplicates(subject->kernel, subject->machine);

	*way = (struct memmap_way){
		.mode = MEMMAP_DEVDAX,
		.on_device = on_device,
		.align = align,
		.deduplicated = deduplicated,
		.usable = size,
	};
	if (on_device)
		way->device = size ? memmap_bytes(subject->namespace_size) : 0;
	else
		way->dram = deduplicated ? memmap_deduplicated(size, align) : memmap;
	if (on_device && !subject->namespace_size)
		way->why_not = "only a namespace of persistent memory can (ndctl "
			       "create-namespace -M dev)";
	else if (!size)
		way->why_not = "the device is too small for the alignment";
}

void memmap_ways(const struct memmap_subject *subject, struct memmap_way ways[MEMMAP_WAYS])
{
	static const uint64_t aligns[] = {PAGE_4K, PAGE_2M, PAGE_1G};
	unsigned int count = 0;

	system_ram(subject, false, &ways[count++]);
	system_ram(subject, true, &ways[count++]);
	for (unsigned int on_device = 0; on_device < 2; on_device++)
		for (unsigned int i = 0; i < array_size(aligns); i++)
			devdax(subject, aligns[i], on_device, &ways[count++]);
}
