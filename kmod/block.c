// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adds the memory blocks of one range to the system and removes them again.
 *
 * Everything here runs under kmem_mutex. The core takes its own hotplug lock in
 * every call, and may online what was just added before the call returns.
 *
 * Memory is removed block by block, so it has to be added that way: taking 128
 * MiB out of a direct map that was made with 1 GiB pages makes x86 walk the
 * page's contents as a page table (remove_pud_table() in
 * arch/x86/mm/init_64.c). Only a self-hosted range may go in with one call,
 * from v6.8 on, because the core then maps it block by block itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "failures.h"
#include "kmem.h"

#if !IS_ENABLED(CONFIG_MEMORY_HOTREMOVE)
#error "kmem needs CONFIG_MEMORY_HOTREMOVE: nothing that was added could be given back"
#endif

static bool dram_check = true;
module_param(dram_check, bool, 0644);
MODULE_PARM_DESC(dram_check,
		 "Refuse memory whose memmap does not fit into free DRAM (default: Y)");

/*
 * The core keeps the pointer in the resource tree, where kexec looks for it.
 * On the heap, so that it can be left behind if memory ever outlives us.
 */
static const char *resource_name;

/* Memmap of one block, in bytes. */
u64 kmem_block_memmap_bytes(void)
{
	return kmem_memmap_bytes(memory_block_size_bytes(), PAGE_SIZE,
				 sizeof(struct page));
}

/*
 * Bytes that a memmap can be allocated from. si_mem_available() alone counts
 * ZONE_MOVABLE too, where expanders are and a memmap cannot go.
 */
static u64 dram_available(void)
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

static bool memmap_fits_in_dram(u64 nr_blocks)
{
	return !dram_check ||
	       nr_blocks * kmem_block_memmap_bytes() <= dram_available();
}

static int add_memory_blocks(struct kmem_memory *mem, u64 start, u64 size,
			     bool self_host)
{
	mhp_t flags = MHP_NID_IS_MGID | MHP_MERGE_RESOURCE;

	if (self_host)
		flags |= MHP_MEMMAP_ON_MEMORY;
	return add_memory_driver_managed(mem->mgid, start, size, resource_name,
					 flags);
}

/* The core splits the range by itself and undoes all of it on failure. */
static void add_whole_range(struct kmem_memory *mem, struct kmem_range *range)
{
	if (!KMEM_HAVE_MHP_SUPPORTS_MEMMAP_ON_MEMORY || !mem->self_host ||
	    !bitmap_empty(range->added, range->nr_blocks))
		return;

	if (add_memory_blocks(mem, range->start,
			      (u64)range->nr_blocks * memory_block_size_bytes(),
			      true))
		return;
	bitmap_set(range->added, 0, range->nr_blocks);
	bitmap_set(range->self_hosted, 0, range->nr_blocks);
	WRITE_ONCE(mem->nr_added, mem->nr_added + range->nr_blocks);
	WRITE_ONCE(mem->nr_self_hosted, mem->nr_self_hosted + range->nr_blocks);
}

static void note_ordinary_block(struct kmem_memory *mem, int error)
{
	if (!strcmp(mem->reason, "none"))
		scnprintf(mem->reason, sizeof(mem->reason),
			  "a memory block could not carry its memmap: error %d",
			  error);
}

static int add_block(struct kmem_memory *mem, struct kmem_range *range,
		     unsigned int block)
{
	u64 start = kmem_block_start(range, block);
	u64 size = memory_block_size_bytes();
	int rc;

	if (mem->self_host) {
		rc = add_memory_blocks(mem, start, size, true);
		if (!rc) {
			set_bit(block, range->self_hosted);
			WRITE_ONCE(mem->nr_self_hosted, mem->nr_self_hosted + 1);
			goto added;
		}
		/* Nothing else would come of a block that is there already. */
		if (rc == -EEXIST || rc == -EBUSY)
			return rc;
		note_ordinary_block(mem, rc);
		if (mem->setting.asked)
			return rc;
	}

	if (!memmap_fits_in_dram(1))
		return -ENOMEM;
	rc = add_memory_blocks(mem, start, size, false);
	if (rc)
		return rc;
added:
	set_bit(block, range->added);
	WRITE_ONCE(mem->nr_added, mem->nr_added + 1);
	return 0;
}

/*
 * Flags as the core wants them for a parent of System RAM: not busy, so that a
 * child can be requested, and nothing inherited.
 */
static int reserve_range(struct kmem_memory *mem, struct kmem_range *range)
{
	if (range->res)
		return 0;
	range->res = request_mem_region(range->start,
					(u64)range->nr_blocks *
					memory_block_size_bytes(), mem->name);
	if (!range->res)
		return -EBUSY;
	range->res->flags = IORESOURCE_SYSTEM_RAM;
	return 0;
}

static void release_range(struct kmem_range *range)
{
	if (!range->res || !bitmap_empty(range->added, range->nr_blocks))
		return;
	/* release_mem_region() finds busy resources only, and this is not. */
	remove_resource(range->res);
	kfree(range->res);
	range->res = NULL;
}

/**
 * kmem_range_add_whole() - add all blocks of a range with one call, if that works
 * @mem: what the range belongs to
 * @range: the range
 *
 * Context: process context, kmem_mutex held.
 */
void kmem_range_add_whole(struct kmem_memory *mem, struct kmem_range *range)
{
	if (!range->nr_blocks || reserve_range(mem, range))
		return;
	add_whole_range(mem, range);
	release_range(range);
}

/**
 * kmem_range_add() - add all blocks of a range that are not added yet
 * @mem: what the range belongs to
 * @range: the range
 * @failures: told about every block that could not be added
 *
 * Context: process context, kmem_mutex held.
 */
void kmem_range_add(struct kmem_memory *mem, struct kmem_range *range,
		    struct kmem_failures *failures)
{
	u64 size = memory_block_size_bytes();
	unsigned int block;
	int rc;

	if (!range->nr_blocks || bitmap_full(range->added, range->nr_blocks))
		return;

	rc = reserve_range(mem, range);
	if (rc) {
		kmem_failures_add(failures, range->start, size,
				  range->nr_blocks, rc);
		return;
	}

	for_each_clear_bit(block, range->added, range->nr_blocks) {
		rc = add_block(mem, range, block);
		if (rc)
			kmem_failures_add(failures,
					  kmem_block_start(range, block), size,
					  1, rc);
		cond_resched();
	}
	release_range(range);
}

static void forget_block(struct kmem_memory *mem, struct kmem_range *range,
			 unsigned int block)
{
	clear_bit(block, range->added);
	WRITE_ONCE(mem->nr_added, mem->nr_added - 1);
	if (test_and_clear_bit(block, range->self_hosted))
		WRITE_ONCE(mem->nr_self_hosted, mem->nr_self_hosted - 1);
}

/**
 * kmem_range_remove() - remove all blocks of a range that are offline
 * @mem: what the range belongs to
 * @range: the range; its reservation goes with its last block
 *
 * Context: process context, kmem_mutex held.
 */
void kmem_range_remove(struct kmem_memory *mem, struct kmem_range *range)
{
	u64 size = memory_block_size_bytes();
	unsigned int block;

	for_each_set_bit(block, range->added, range->nr_blocks) {
		/* Asking anyway would cost a line in the log for each. */
		if (test_bit(block, range->online))
			continue;
		/* Fails when somebody was quicker and put it online. */
		if (remove_memory(kmem_block_start(range, block), size))
			continue;
		forget_block(mem, range, block);
		cond_resched();
	}
	release_range(range);
}

/**
 * kmem_range_removed() - all blocks of a range were removed by somebody else
 * @mem: what the range belongs to
 * @range: the range; its reservation goes, too
 *
 * Context: process context, kmem_mutex held.
 */
void kmem_range_removed(struct kmem_memory *mem, struct kmem_range *range)
{
	unsigned int block;

	for_each_set_bit(block, range->added, range->nr_blocks)
		forget_block(mem, range, block);
	release_range(range);
}

/**
 * kmem_memmap_check() - does the memmap of all missing blocks fit into DRAM?
 * @mem: the memory that is about to be added
 *
 * Return: 0, or -ENOMEM after saying how much is needed and there.
 */
int kmem_memmap_check(struct kmem_memory *mem)
{
	const char *obstacle = kmem_self_host_obstacle();
	u64 nr_blocks = mem->nr_total - mem->nr_added;

	if (mem->self_host || memmap_fits_in_dram(nr_blocks))
		return 0;
	dev_err(mem->dev,
		"refusing to add %llu MiB: the memmap needs %llu MiB of DRAM and %llu MiB are available; kmem.dram_check=0 overrides this%s%s\n",
		(nr_blocks * memory_block_size_bytes()) >> 20,
		(nr_blocks * kmem_block_memmap_bytes()) >> 20,
		dram_available() >> 20,
		obstacle ? ", and no memmap on the device: " :
			   ", memmap_on_memory=1 needs none",
		obstacle ?: "");
	return -ENOMEM;
}

int kmem_block_init(void)
{
	resource_name = kstrdup("System RAM (kmem)", GFP_KERNEL);
	return resource_name ? 0 : -ENOMEM;
}

/**
 * kmem_block_exit() - free the name of the resources
 * @memory_stays: some memory could not be removed and still points to it
 */
void kmem_block_exit(bool memory_stays)
{
	if (!memory_stays)
		kfree(resource_name);
}
