// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes all memory blocks of a device online or offline, in an order in which the
 * work grows with their number and not with its square.
 *
 * After each block, the core looks whether its zone has a hole
 * (set_zone_contiguous() in mm/page_alloc.c or mm/mm_init.c): from the zone's
 * first page on, until it finds one. Upwards, block after block, it finds none and
 * looks at everything each time. So the second lowest block goes online last and
 * offline first: the hole is behind the lowest one as long as there is more to do.
 *
 * The caller lets one call in at a time.
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/memory.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core-sysfs.h"
#include "failures.h"
#include "online.h"

/* No gate stops what the current task does. */
static int write_block(struct kmem_pool *pool, u64 addr, const char *word,
		       bool interruptible)
{
	int rc;

	kmem_account_set_changer(&pool->account, current);
	rc = kmem_core_write_block(addr, word, interruptible);
	kmem_account_set_changer(&pool->account, NULL);
	cond_resched();
	return rc;
}

static u64 block_number(u64 addr)
{
	return addr / memory_block_size_bytes();
}

/**
 * kmem_online_hole() - the block that should go online last
 * @pool: the ranges of a device; not all of the blocks have to be added yet
 *
 * Return: physical address of the lowest block that is not online and has one of
 * the device below it; 0 without one.
 */
u64 kmem_online_hole(const struct kmem_pool *pool)
{
	bool lower = false;
	unsigned int i, block;

	for (i = 0; i < pool->nr_ranges; i++) {
		const struct kmem_watch *watch = &pool->ranges[i].watch;

		for (block = 0; block < watch->nr_blocks; block++) {
			if (lower && !test_bit(block, watch->set[KMEM_SET_ONLINE]))
				return kmem_block_start(watch, block);
			lower = true;
		}
	}
	return 0;
}

/**
 * struct onlining - blocks that go online one after the other
 * @pool: the ranges of the device
 * @set: the blocks that are to go online
 * @word: the state to write
 * @interruptible: whether a signal ends the waiting for others
 * @lower: a block is online below those that are still to come
 * @held: physical address of the block that goes last, 0 without one
 * @failures: blocks that could not go online
 */
struct onlining {
	struct kmem_pool *pool;
	enum kmem_set set;
	const char *word;
	bool interruptible;
	bool lower;
	u64 held;
	struct kmem_failures *failures;
};

static void online_block(struct onlining *onlining, u64 addr)
{
	int rc = write_block(onlining->pool, addr, onlining->word,
			     onlining->interruptible);

	if (rc)
		kmem_failures_add(onlining->failures, addr,
				  memory_block_size_bytes(), 1, rc);
	else
		onlining->lower = true;
}

static void online_range(struct onlining *onlining, struct kmem_watch *watch)
{
	unsigned int block;

	for_each_set_bit(block, watch->set[onlining->set], watch->nr_blocks) {
		u64 addr = kmem_block_start(watch, block);

		if (test_bit(block, watch->set[KMEM_SET_ONLINE]))
			onlining->lower = true;
		else if (onlining->lower && !onlining->held)
			onlining->held = addr;
		else
			online_block(onlining, addr);
	}
}

static void online_set(struct onlining *onlining)
{
	unsigned int i;

	for (i = 0; i < onlining->pool->nr_ranges; i++)
		online_range(onlining, &onlining->pool->ranges[i].watch);
	if (onlining->held)
		online_block(onlining, onlining->held);
}

/**
 * kmem_online_all() - put all blocks online that are added and are not online
 * @pool: the ranges of a device
 * @dev: the device, for the log
 * @wanted: one of the online states
 *
 * Return: 0, or the error of the first block that could not go online; the others
 * are tried all the same.
 */
int kmem_online_all(struct kmem_pool *pool, struct device *dev,
		    enum kmem_state wanted)
{
	/* Half a kilobyte, on the stack: what failed is told also without memory. */
	struct kmem_failures failures = {};
	struct onlining onlining = {
		.pool = pool,
		.set = KMEM_SET_ADDED,
		.word = kmem_state_words[wanted],
		.interruptible = true,
		.failures = &failures,
	};

	online_set(&onlining);
	if (failures.nr)
		dev_err(dev, "%u memory blocks could not be made %s: %s\n",
			failures.nr, onlining.word,
			kmem_failures_text(&failures));
	return failures.first_error;
}

/* A block that somebody else took offline in the meantime is as good. */
static int offline_block(struct kmem_pool *pool, struct device *dev,
			 const struct kmem_watch *watch, unsigned int block)
{
	u64 addr = kmem_block_start(watch, block);
	int rc;

	rc = write_block(pool, addr, "offline", true);
	if (!test_bit(block, watch->set[KMEM_SET_ONLINE]))
		return 0;
	rc = rc ?: -EBUSY;
	dev_err(dev, "not unplugged: memory%llu (%#llx) could not go offline: error %d\n",
		block_number(addr), addr, rc);
	return rc;
}

/**
 * kmem_online_start_undo() - note what is taken offline from now on
 * @pool: the ranges of a device
 */
void kmem_online_start_undo(struct kmem_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_ranges; i++) {
		struct kmem_watch *watch = &pool->ranges[i].watch;

		bitmap_zero(watch->set[KMEM_SET_UNDO_KERNEL], watch->nr_blocks);
		bitmap_zero(watch->set[KMEM_SET_UNDO_MOVABLE], watch->nr_blocks);
	}
	kmem_account_set_noting(&pool->account, true);
}

/**
 * kmem_offline_all() - take all blocks offline that are online
 * @pool: the ranges of a device, of which no block can go online meanwhile
 * @dev: the device, for the log
 *
 * Return: 0, or the error of the block at which it ended.
 */
int kmem_offline_all(struct kmem_pool *pool, struct device *dev)
{
	const struct kmem_watch *lowest = NULL;
	unsigned int i, block, first = 0;
	int rc;

	for (i = 0; i < pool->nr_ranges; i++) {
		const struct kmem_watch *watch = &pool->ranges[i].watch;

		for_each_set_bit(block, watch->set[KMEM_SET_ONLINE],
				 watch->nr_blocks) {
			if (!lowest) {
				lowest = watch;
				first = block;
				continue;
			}
			rc = offline_block(pool, dev, watch, block);
			if (rc)
				return rc;
		}
	}
	return lowest ? offline_block(pool, dev, lowest, first) : 0;
}

/* Returns how many blocks stayed offline that were online as @word says. */
static unsigned int online_again(struct kmem_pool *pool, struct device *dev,
				 enum kmem_set set, const char *word)
{
	struct kmem_failures failures = {};
	struct onlining onlining = {
		.pool = pool,
		.set = set,
		.word = word,
		.failures = &failures,
	};

	online_set(&onlining);
	if (failures.nr)
		dev_err(dev, "%u memory blocks were %s and could not be put back: %s\n",
			failures.nr, word, kmem_failures_text(&failures));
	return failures.nr;
}

/**
 * kmem_online_undo() - put online again what was noted
 * @pool: the ranges of a device
 * @dev: the device, for the log
 */
void kmem_online_undo(struct kmem_pool *pool, struct device *dev)
{
	unsigned int nr;

	kmem_account_set_noting(&pool->account, false);
	nr = online_again(pool, dev, KMEM_SET_UNDO_KERNEL, "online_kernel");
	nr += online_again(pool, dev, KMEM_SET_UNDO_MOVABLE, "online_movable");
	if (!nr)
		dev_info(dev, "all memory blocks are online again where they were\n");
}
