// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserves one range, adds its memory blocks to the system and removes them again.
 *
 * The caller lets one call in at a time. The core takes its own hotplug lock in
 * every call, and may online what was just added before the call returns.
 *
 * Memory is removed block by block, so it has to be added that way: taking 128
 * MiB out of a direct map that was made with 1 GiB pages makes x86 walk the
 * page's contents as a page table (remove_pud_table() in
 * arch/x86/mm/init_64.c). Only a self-hosted range may go in with one call,
 * from v6.8 on, because the core then maps it block by block itself.
 */
#include <linux/bitmap.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "budget.h"
#include "core-sysfs.h"
#include "failures.h"
#include "layout.h"
#include "poison.h"
#include "range.h"

/*
 * The core keeps the pointer in the resource tree, where kexec looks for it.
 * On the heap, so that it can be left behind if memory ever outlives us.
 */
static const char *resource_name;

static bool any_added(const struct kmem_watch *watch)
{
	return !bitmap_empty(watch->set[KMEM_SET_ADDED], watch->nr_blocks);
}

static bool all_added(const struct kmem_watch *watch)
{
	return bitmap_full(watch->set[KMEM_SET_ADDED], watch->nr_blocks);
}

static int add_blocks(struct kmem_watch *watch,
		      const struct kmem_request *request, unsigned int block,
		      unsigned int nr, bool self_host)
{
	mhp_t flags = MHP_NID_IS_MGID | MHP_MERGE_RESOURCE;
	int rc;

	if (self_host)
		flags |= MHP_MEMMAP_ON_MEMORY;
	kmem_watch_adding(watch, block, nr, self_host);
	rc = add_memory_driver_managed(request->mgid,
				       kmem_block_start(watch, block),
				       (u64)nr * memory_block_size_bytes(),
				       resource_name, flags);
	if (!rc)
		kmem_watch_added(watch, block, nr);
	return rc;
}

static bool any_refused(const struct kmem_watch *watch)
{
	unsigned int block;

	for (block = 0; block < watch->nr_blocks; block++)
		if (kmem_poison_refuses(kmem_block_start(watch, block)))
			return true;
	return false;
}

static int add_block(struct kmem_watch *watch, struct kmem_request *request,
		     unsigned int block)
{
	int rc;

	if (kmem_poison_refuses(kmem_block_start(watch, block)))
		return -EHWPOISON;
	if (request->self_host) {
		rc = add_blocks(watch, request, block, 1, true);
		/* Nothing else would come of a block that is there already. */
		if (!rc || rc == -EEXIST || rc == -EBUSY)
			return rc;
		request->self_host_error = request->self_host_error ?: rc;
		if (request->strict)
			return rc;
	}
	if (!kmem_budget_allows(1))
		return -ENOMEM;
	return add_blocks(watch, request, block, 1, false);
}

/*
 * Flags as the core wants them for a parent of System RAM: not busy, so that a
 * child can be requested, and nothing inherited.
 */
static int reserve_range(struct kmem_range *range, const char *name)
{
	struct kmem_watch *watch = &range->watch;

	if (range->res)
		return 0;
	range->res = request_mem_region(watch->start, (u64)watch->nr_blocks *
					memory_block_size_bytes(), name);
	if (!range->res)
		return -EBUSY;
	range->res->flags = IORESOURCE_SYSTEM_RAM;
	kmem_watch_begin(watch);
	return 0;
}

static void release_range(struct kmem_range *range)
{
	if (!range->res || any_added(&range->watch))
		return;
	kmem_watch_end(&range->watch);
	/* release_mem_region() finds busy resources only, and this is not. */
	remove_resource(range->res);
	kfree(range->res);
	range->res = NULL;
}

/**
 * kmem_range_add_whole() - add all blocks of a range with one call, if that works
 * @range: the range
 * @request: how; nothing is done unless they are to be self-hosted
 *
 * The core splits the range by itself and undoes all of it on failure.
 */
void kmem_range_add_whole(struct kmem_range *range,
			  const struct kmem_request *request)
{
	struct kmem_watch *watch = &range->watch;

	if (!KMEM_HAVE_MHP_SUPPORTS_MEMMAP_ON_MEMORY || !request->self_host ||
	    !watch->nr_blocks || any_added(watch) || any_refused(watch) ||
	    reserve_range(range, request->name))
		return;
	add_blocks(watch, request, 0, watch->nr_blocks, true);
	release_range(range);
}

/**
 * kmem_range_add() - add all blocks of a range that are not added yet
 * @range: the range
 * @request: how
 */
void kmem_range_add(struct kmem_range *range, struct kmem_request *request)
{
	struct kmem_watch *watch = &range->watch;
	u64 size = memory_block_size_bytes();
	unsigned int block;
	int rc;

	if (!watch->nr_blocks || all_added(watch))
		return;

	rc = reserve_range(range, request->name);
	if (rc) {
		kmem_failures_add(request->failures, watch->start, size,
				  watch->nr_blocks, rc);
		return;
	}

	for_each_clear_bit(block, watch->set[KMEM_SET_ADDED], watch->nr_blocks) {
		rc = add_block(watch, request, block);
		if (rc)
			kmem_failures_add(request->failures,
					  kmem_block_start(watch, block), size,
					  1, rc);
		cond_resched();
	}
	release_range(range);
}

#if IS_ENABLED(CONFIG_MEMORY_HOTREMOVE)

/**
 * kmem_range_remove() - remove all blocks of a range that are offline
 * @range: the range; its reservation goes with its last block
 */
void kmem_range_remove(struct kmem_range *range)
{
	struct kmem_watch *watch = &range->watch;
	unsigned int block;

	for_each_set_bit(block, watch->set[KMEM_SET_ADDED], watch->nr_blocks) {
		u64 start = kmem_block_start(watch, block);
		unsigned long poison;

		/* Asking anyway would cost a line in the log for each. */
		if (test_bit(block, watch->set[KMEM_SET_ONLINE]))
			continue;
		poison = kmem_core_block_poison(start);
		/* Fails when somebody was quicker and put it online. */
		if (remove_memory(start, memory_block_size_bytes()))
			continue;
		kmem_poison_remember(start, poison);
		kmem_watch_removed(watch, block);
		cond_resched();
	}
	release_range(range);
}

#else

/* Nothing that was added can be given back: it is remembered, and adopted. */
void kmem_range_remove(struct kmem_range *range)
{
	release_range(range);
}

#endif

/**
 * kmem_range_remember_poison() - all blocks of a range are about to be removed
 * @range: the range
 */
void kmem_range_remember_poison(const struct kmem_range *range)
{
	const struct kmem_watch *watch = &range->watch;
	unsigned int block;

	for_each_set_bit(block, watch->set[KMEM_SET_ADDED], watch->nr_blocks) {
		u64 start = kmem_block_start(watch, block);

		kmem_poison_remember(start, kmem_core_block_poison(start));
	}
}

/**
 * kmem_range_removed() - all blocks of a range were removed by the core
 * @range: the range; its reservation goes, too
 */
void kmem_range_removed(struct kmem_range *range)
{
	struct kmem_watch *watch = &range->watch;
	unsigned int block;

	for_each_set_bit(block, watch->set[KMEM_SET_ADDED], watch->nr_blocks)
		kmem_watch_removed(watch, block);
	release_range(range);
}

/**
 * kmem_range_poisoned() - how many blocks of a range have poisoned pages
 * @range: the range
 *
 * Blocks that are not added count if they had some when they were removed.
 */
unsigned int kmem_range_poisoned(const struct kmem_range *range)
{
	const struct kmem_watch *watch = &range->watch;
	unsigned int block, nr = 0;

	for (block = 0; block < watch->nr_blocks; block++) {
		u64 start = kmem_block_start(watch, block);

		if (test_bit(block, watch->set[KMEM_SET_ADDED]))
			nr += !!kmem_core_block_poison(start);
		else
			nr += kmem_poison_is_known(start);
	}
	return nr;
}

int kmem_range_module_init(void)
{
	resource_name = kstrdup("System RAM (kmem)", GFP_KERNEL);
	return resource_name ? 0 : -ENOMEM;
}

/**
 * kmem_range_module_exit() - free the name of the resources
 * @memory_stays: some memory could not be removed and still points to it
 */
void kmem_range_module_exit(bool memory_stays)
{
	if (!memory_stays)
		kfree(resource_name);
}
