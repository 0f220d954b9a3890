// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the memmap of memory blocks costs, whether there is DRAM for it, and
 * whether the blocks can carry it themselves.
 */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pgtable.h>
#include <linux/vmstat.h>

#include "budget.h"
#include "cut.h"
#include "layout.h"

static bool dram_check = true;
module_param(dram_check, bool, 0644);
MODULE_PARM_DESC(dram_check,
		 "Refuse memory whose memmap does not fit into free DRAM (default: Y)");

/* Set once when the module starts; it cannot change after boot. */
static const char *obstacle;

/**
 * kmem_budget_memmap_bytes() - memmap of one memory block
 */
u64 kmem_budget_memmap_bytes(void)
{
	return kmem_memmap_bytes(memory_block_size_bytes(), PAGE_SIZE,
				 sizeof(struct page));
}

/**
 * kmem_budget_device_bytes() - what a self-hosted block keeps back of itself
 */
u64 kmem_budget_device_bytes(void)
{
	return kmem_memmap_reserved(kmem_budget_memmap_bytes(),
				    pageblock_nr_pages * PAGE_SIZE);
}

/**
 * kmem_budget_available() - bytes that a memmap can be allocated from
 *
 * si_mem_available() alone counts ZONE_MOVABLE too, where expanders are and a
 * memmap cannot go.
 */
u64 kmem_budget_available(void)
{
	long available = si_mem_available();
	unsigned long kernel_zones = 0;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i <= ZONE_NORMAL; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (!managed_zone(zone))
				continue;
			kernel_zones += zone_page_state(zone, NR_FREE_PAGES) +
				zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
				zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
		}
	}
	return (u64)min_t(unsigned long, max(available, 0L), kernel_zones) *
		PAGE_SIZE;
}

/**
 * kmem_budget_allows() - does an ordinary memmap of so many blocks fit into DRAM?
 * @nr_blocks: how many
 */
bool kmem_budget_allows(u64 nr_blocks)
{
	return !dram_check ||
	       nr_blocks * kmem_budget_memmap_bytes() <= kmem_budget_available();
}

static bool kernel_can_self_host(char memmap_parameter)
{
#if KMEM_HAVE_MHP_SUPPORTS_MEMMAP_ON_MEMORY
	return mhp_supports_memmap_on_memory();
#else
	return memmap_parameter == 'Y' &&
	       kmem_memmap_is_hostable(memory_block_size_bytes(),
				       kmem_budget_memmap_bytes(), PMD_SIZE,
				       pageblock_nr_pages * PAGE_SIZE);
#endif
}

/**
 * kmem_budget_init() - find out what the kernel can do
 * @memmap_parameter: the first letter of memory_hotplug.memmap_on_memory, 0
 *	without one
 */
void kmem_budget_init(char memmap_parameter)
{
	if (kernel_can_self_host(memmap_parameter))
		obstacle = NULL;
	else if (!memmap_parameter)
		obstacle = "the kernel has no CONFIG_MHP_MEMMAP_ON_MEMORY";
	else if (memmap_parameter == 'N')
		obstacle = "memory_hotplug.memmap_on_memory is off";
	else
		obstacle = "the memmap of a block does not fill whole pageblocks";
}

/**
 * kmem_budget_obstacle() - why no memory block can carry its memmap
 *
 * Return: a sentence, or NULL when they can.
 */
const char *kmem_budget_obstacle(void)
{
	return obstacle;
}
