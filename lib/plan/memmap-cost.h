/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMMAP_COST_H
#define KMEMD_MEMMAP_COST_H
/*
 * What the memmap of a device costs, by where it lies and how the device is used. Pure. For pages
 * of 4 KiB and 64 bytes of struct page, as on x86-64.
 */
#include "inventory/inventory.h"

#define PAGE_4K UINT64_C(4096)
#define PAGE_2M (UINT64_C(2) << 20)
#define PAGE_1G (UINT64_C(1) << 30)

enum memmap_mode {
	MEMMAP_SYSTEM_RAM,
	MEMMAP_DEVDAX,
};

/* A way to use a device, and what it costs. */
struct memmap_way {
	enum memmap_mode mode;
	bool on_device;
	uint64_t align; /* of DEVDAX: 4K, 2M or 1G */
	bool deduplicated;
	uint64_t dram, device; /* bytes */
	uint64_t usable;       /* of the device, what is left for data */
	const char *why_not;   /* why this machine or device cannot do it, or NULL */
};

#define MEMMAP_WAYS 8

/* What decides which ways there are. */
struct memmap_subject {
	const char *kernel, *machine; /* "" counts as x86_64 */
	uint64_t size;		      /* of the device */
	uint64_t block_bytes;	      /* in whole memory blocks */
	enum tristate may_self_host;  /* memory_hotplug.memmap_on_memory */
	bool has_switch;	      /* memmap_on_memory of the device */
	/* Raw size of a namespace of persistent memory; 0 for others, whose devdax cannot have its
	 * memmap on itself. */
	uint64_t namespace_size;
};

/*
 * The memmap of device-dax memory in DRAM whose alignment is 2M or 1G. Struct pages of tail pages
 * are all alike, so of each compound page only the page with its head and one page of tails are
 * kept (Documentation/mm/vmemmap_dedup.rst); the vmemmap is then mapped by pages of 4 KiB, whose
 * page tables take a page for each 2 MiB of it.
 */
uint64_t memmap_deduplicated(uint64_t size, uint64_t align);
/*
 * Whether this kernel does so: on x86-64 since Linux 5.19 ("mm/sparse-vmemmap: improve memory
 * savings for compound devmaps"; 5.17 had only prepared it).
 */
bool memmap_deduplicates(const char *kernel, const char *machine);
/*
 * What hugetlb's vmemmap optimisation gives back of the memmap when all of that size becomes huge
 * pages, less the page tables that splitting it takes. All but one page of each huge page's struct
 * pages since Linux 5.18, all but two before.
 */
uint64_t memmap_hugetlb_saves(uint64_t size, uint64_t huge_page, const char *kernel);

/* All ways, in a fixed order: system-ram in DRAM, on the device; devdax 4K, 2M, 1G in DRAM, on it.
 */
void memmap_ways(const struct memmap_subject *subject, struct memmap_way ways[MEMMAP_WAYS]);

#endif
