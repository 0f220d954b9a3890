// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remembers which memory blocks had poisoned pages when they were removed. The
 * core forgets that with the block: added again, it would go online, and the page
 * would be given out again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>
#include <linux/memory.h>

#include "poison.h"

static bool poisoned;
module_param(poisoned, bool, 0644);
MODULE_PARM_DESC(poisoned,
		 "Add memory blocks again that had poisoned pages when they were removed (default: N)");

/* Number of a block -> the number of its poisoned pages. */
static DEFINE_XARRAY(removed);

static unsigned long block_number(u64 addr)
{
	return addr / memory_block_size_bytes();
}

/**
 * kmem_poison_exit() - forget everything
 */
void kmem_poison_exit(void)
{
	unsigned long number;
	void *entry;

	xa_for_each(&removed, number, entry)
		pr_warn("memory%lu has %lu poisoned pages, which are forgotten with the module\n",
			number, xa_to_value(entry));
	xa_destroy(&removed);
}

/**
 * kmem_poison_remember() - a block with poisoned pages is about to be removed
 * @addr: its physical address
 * @nr_pages: how many; nothing happens for 0
 */
void kmem_poison_remember(u64 addr, unsigned long nr_pages)
{
	if (!nr_pages)
		return;
	if (xa_is_err(xa_store(&removed, block_number(addr),
			       xa_mk_value(nr_pages), GFP_KERNEL)))
		pr_err("memory%lu has %lu poisoned pages, which are forgotten for lack of memory\n",
		       block_number(addr), nr_pages);
}

/**
 * kmem_poison_is_known() - had a block poisoned pages when it was removed?
 * @addr: its physical address
 */
bool kmem_poison_is_known(u64 addr)
{
	return xa_load(&removed, block_number(addr));
}

/**
 * kmem_poison_refuses() - is a block not to be added because of poisoned pages?
 * @addr: its physical address
 */
bool kmem_poison_refuses(u64 addr)
{
	return !poisoned && kmem_poison_is_known(addr);
}
