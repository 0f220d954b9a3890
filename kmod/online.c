// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which memory blocks are online, and in which zone: kept by a memory notifier,
 * so that it is true whoever changes a block.
 *
 * Every block that is not offline holds a reference on the module. So unloading
 * is refused ("Module kmem is in use") as long as memory would stay behind,
 * whether its device is bound or not, and a block cannot go online any more once
 * unloading has begun.
 */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "kmem.h"

static LIST_HEAD(watched);
/*
 * For the list and all that the notifier keeps. The notifier runs under the
 * hotplug locks of the core and must not take kmem_mutex.
 */
static DEFINE_SPINLOCK(list_lock);

/* The range that the block at @addr was added from. Needs list_lock. */
static struct kmem_range *find_range(u64 addr, struct kmem_memory **memp)
{
	struct kmem_memory *mem;
	unsigned int i;

	list_for_each_entry(mem, &watched, watch) {
		for (i = 0; i < mem->nr_ranges; i++) {
			struct kmem_range *range = &mem->ranges[i];

			if (range->nr_blocks && addr >= range->start &&
			    addr <= kmem_range_end(range)) {
				*memp = mem;
				return range;
			}
		}
	}
	return NULL;
}

/* Needs list_lock. */
static int block_going_online(struct kmem_memory *mem, struct kmem_range *range,
			      unsigned int block)
{
	if (mem->frozen && mem->changer != current)
		return notifier_from_errno(-EBUSY);
	if (!try_module_get(THIS_MODULE))
		return notifier_from_errno(-ENODEV);
	set_bit(block, range->online);
	return NOTIFY_OK;
}

/* @pfn: of a page that went online. Needs list_lock. */
static void block_online(struct kmem_memory *mem, struct kmem_range *range,
			 unsigned int block, unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	if (page && page_zonenum(page) == ZONE_MOVABLE) {
		if (!test_and_set_bit(block, range->movable))
			WRITE_ONCE(mem->nr_movable, mem->nr_movable + 1);
	} else if (!test_and_set_bit(block, range->kernel)) {
		WRITE_ONCE(mem->nr_kernel, mem->nr_kernel + 1);
	}
	WRITE_ONCE(mem->kernel_chose, false);
}

/*
 * Also for a block whose going online was refused, by us or before it got here.
 * Needs list_lock.
 */
static void block_offline(struct kmem_memory *mem, struct kmem_range *range,
			  unsigned int block)
{
	bool undo = mem->frozen && mem->changer == current;

	if (!test_and_clear_bit(block, range->online))
		return;
	if (test_and_clear_bit(block, range->movable)) {
		WRITE_ONCE(mem->nr_movable, mem->nr_movable - 1);
		if (undo)
			set_bit(block, range->undo_movable);
	}
	if (test_and_clear_bit(block, range->kernel)) {
		WRITE_ONCE(mem->nr_kernel, mem->nr_kernel - 1);
		if (undo)
			set_bit(block, range->undo_kernel);
	}
	WRITE_ONCE(mem->kernel_chose, false);
	if (!mem->dev)
		kmem_memory_release_later();
	module_put(THIS_MODULE);
}

/* The core calls this for one block at a time, under its hotplug locks. */
static int memory_event(struct notifier_block *nb, unsigned long action,
			void *data)
{
	const struct memory_notify *event = data;
	u64 block_size = memory_block_size_bytes();
	/* The pages of a self-hosted block begin behind its memmap. */
	u64 addr = ALIGN_DOWN(PFN_PHYS(event->start_pfn), block_size);
	struct kmem_memory *mem;
	struct kmem_range *range;
	unsigned int block;
	int rc = NOTIFY_OK;

	spin_lock(&list_lock);
	range = find_range(addr, &mem);
	if (!range)
		goto out;
	block = kmem_block_index(range->start, addr, block_size);

	switch (action) {
	case MEM_GOING_ONLINE:
		rc = block_going_online(mem, range, block);
		break;
	case MEM_ONLINE:
		block_online(mem, range, block, event->start_pfn);
		break;
	case MEM_CANCEL_ONLINE:
	case MEM_OFFLINE:
		block_offline(mem, range, block);
		break;
	}
out:
	spin_unlock(&list_lock);
	return rc;
}

static struct notifier_block memory_notifier = {
	.notifier_call = memory_event,
};

int kmem_online_init(void)
{
	return register_memory_notifier(&memory_notifier);
}

void kmem_online_exit(void)
{
	unregister_memory_notifier(&memory_notifier);
}

/**
 * kmem_online_watch() - keep the bitmaps and counters of @mem from now on
 * @mem: memory of which no block is added yet
 */
void kmem_online_watch(struct kmem_memory *mem)
{
	spin_lock(&list_lock);
	list_add_tail(&mem->watch, &watched);
	spin_unlock(&list_lock);
}

/**
 * kmem_online_unwatch() - end what kmem_online_watch() began
 * @mem: memory of which no block is added any more
 */
void kmem_online_unwatch(struct kmem_memory *mem)
{
	spin_lock(&list_lock);
	list_del(&mem->watch);
	spin_unlock(&list_lock);
}

/**
 * kmem_online_set_device() - say to which device the memory is bound
 * @mem: the memory
 * @dev: the device, or NULL: every block that goes offline from now on makes
 *	kmem_memory_release_later() be called
 */
void kmem_online_set_device(struct kmem_memory *mem, struct device *dev)
{
	spin_lock(&list_lock);
	mem->dev = dev;
	spin_unlock(&list_lock);
}

/**
 * kmem_online_freeze() - let no block go online until kmem_online_thaw()
 * @mem: the memory
 *
 * Except between kmem_online_begin() and kmem_online_end(), by the task that
 * called them. What that task takes offline is noted in the undo bitmaps.
 *
 * Return: false if it was frozen already; then nothing has changed.
 */
bool kmem_online_freeze(struct kmem_memory *mem)
{
	unsigned int i;

	if (mem->frozen)
		return false;
	spin_lock(&list_lock);
	for (i = 0; i < mem->nr_ranges; i++) {
		struct kmem_range *range = &mem->ranges[i];

		bitmap_zero(range->undo_kernel, range->nr_blocks);
		bitmap_zero(range->undo_movable, range->nr_blocks);
	}
	mem->frozen = true;
	spin_unlock(&list_lock);
	return true;
}

/**
 * kmem_online_thaw() - end what kmem_online_freeze() began
 * @mem: the memory
 */
void kmem_online_thaw(struct kmem_memory *mem)
{
	spin_lock(&list_lock);
	mem->frozen = false;
	spin_unlock(&list_lock);
}

/**
 * kmem_online_begin() - the current task is about to change blocks for the driver
 * @mem: the memory
 */
void kmem_online_begin(struct kmem_memory *mem)
{
	spin_lock(&list_lock);
	mem->changer = current;
	spin_unlock(&list_lock);
}

/**
 * kmem_online_end() - end what kmem_online_begin() began
 * @mem: the memory
 */
void kmem_online_end(struct kmem_memory *mem)
{
	spin_lock(&list_lock);
	mem->changer = NULL;
	spin_unlock(&list_lock);
}

/**
 * kmem_online_kernel_chose() - the zones were left to the kernel on request
 * @mem: the memory, as long as nobody changes a block
 */
void kmem_online_kernel_chose(struct kmem_memory *mem)
{
	spin_lock(&list_lock);
	WRITE_ONCE(mem->kernel_chose, true);
	spin_unlock(&list_lock);
}
