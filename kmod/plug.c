// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes all memory of a bound device out of the system at once, and puts it back:
 * what is behind a write to its `state`. All or nothing, in both directions.
 *
 * Everything here runs under kmem_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/range.h>
#include <linux/slab.h>

#include "failures.h"
#include "kmem.h"

static int write_state(struct kmem_memory *mem, u64 addr, const char *word,
		       bool interruptible)
{
	int rc;

	kmem_online_begin(mem);
	rc = kmem_block_write_state(mem->dev, addr, word, interruptible);
	kmem_online_end(mem);
	cond_resched();
	return rc;
}

#if KMEM_HAVE_OFFLINE_AND_REMOVE_MEMORY_RANGES

/*
 * From v7.3 on the core does it under one hold of its lock, and undoes what it did
 * with the former zones. A range a block, because ordinary and self-hosted blocks
 * cannot be removed in one range.
 */
static int offline_and_remove(struct kmem_memory *mem)
{
	struct range *blocks;
	unsigned int i, block, nr = 0;
	int rc;

	blocks = kvmalloc_array(mem->nr_added, sizeof(*blocks), GFP_KERNEL);
	if (!blocks)
		return -ENOMEM;
	for (i = 0; i < mem->nr_ranges; i++) {
		const struct kmem_range *range = &mem->ranges[i];

		for_each_set_bit(block, range->added, range->nr_blocks) {
			u64 start = kmem_block_start(range, block);

			blocks[nr].start = start;
			blocks[nr].end = start + memory_block_size_bytes() - 1;
			nr++;
		}
	}
	rc = offline_and_remove_memory_ranges(blocks, nr);
	kvfree(blocks);
	if (rc) {
		dev_err(mem->dev,
			"not unplugged: a memory block could not go offline: error %d; all are as they were\n",
			rc);
		return rc;
	}
	for (i = 0; i < mem->nr_ranges; i++)
		kmem_range_removed(mem, &mem->ranges[i]);
	return 0;
}

#else

static u64 block_number(u64 addr)
{
	return addr / memory_block_size_bytes();
}

/* A block that somebody else took offline in the meantime is as good. */
static int offline_range(struct kmem_memory *mem, struct kmem_range *range)
{
	unsigned int block;
	int rc;

	for_each_set_bit(block, range->added, range->nr_blocks) {
		u64 addr = kmem_block_start(range, block);

		if (!test_bit(block, range->online))
			continue;
		rc = write_state(mem, addr, "offline", true);
		if (!test_bit(block, range->online))
			continue;
		rc = rc ?: -EBUSY;
		dev_err(mem->dev,
			"not unplugged: memory%llu (%#llx) could not go offline: error %d\n",
			block_number(addr), addr, rc);
		return rc;
	}
	return 0;
}

/* Returns how many blocks stayed offline that were online as @word says. */
static unsigned int reonline_blocks(struct kmem_memory *mem,
				    struct kmem_range *range,
				    unsigned long *blocks, const char *word)
{
	unsigned int block, nr_failed = 0;
	int rc;

	for_each_set_bit(block, blocks, range->nr_blocks) {
		u64 addr = kmem_block_start(range, block);

		rc = write_state(mem, addr, word, false);
		if (!rc)
			continue;
		nr_failed++;
		dev_err(mem->dev, "memory%llu (%#llx) was %s and could not be put back: error %d\n",
			block_number(addr), addr, word, rc);
	}
	return nr_failed;
}

static void undo_offline(struct kmem_memory *mem)
{
	unsigned int i, nr_failed = 0;

	for (i = 0; i < mem->nr_ranges; i++) {
		struct kmem_range *range = &mem->ranges[i];

		nr_failed += reonline_blocks(mem, range, range->undo_kernel,
					     "online_kernel");
		nr_failed += reonline_blocks(mem, range, range->undo_movable,
					     "online_movable");
	}
	if (!nr_failed)
		dev_info(mem->dev, "all memory blocks are online again where they were\n");
}

/*
 * No block can be put online by anybody else from the first to the last step, so
 * nothing stops the removal of what is offline. The way back from a removal that
 * failed all the same is to add what is missing and put that online, too.
 */
static int offline_and_remove(struct kmem_memory *mem)
{
	unsigned int i;
	int rc = 0;

	kmem_online_freeze(mem);
	for (i = 0; !rc && i < mem->nr_ranges; i++)
		rc = offline_range(mem, &mem->ranges[i]);
	if (!rc && !kmem_memory_shrink(mem)) {
		rc = -EBUSY;
		dev_err(mem->dev, "not unplugged: %u memory blocks could not be removed\n",
			mem->nr_added);
		kmem_memory_add(mem);
	}
	if (rc)
		undo_offline(mem);
	kmem_online_thaw(mem);
	return rc;
}

#endif

/**
 * kmem_plug_out() - take all blocks of a device offline and remove them
 * @mem: its memory, bound
 *
 * A signal ends it. What was offline before stays offline in that case.
 *
 * Return: 0, or an error after which no block is removed, and those that were
 * online are online again, each in the zone where it was.
 */
int kmem_plug_out(struct kmem_memory *mem)
{
	unsigned int nr = mem->nr_added;
	int rc = offline_and_remove(mem);

	if (rc)
		return rc;
	WRITE_ONCE(mem->nr_failed, 0);
	dev_info(mem->dev, "unplugged: %u memory blocks were removed\n", nr);
	return 0;
}

static void online_range(struct kmem_memory *mem, struct kmem_range *range,
			 enum kmem_state wanted, struct kmem_failures *failures)
{
	unsigned int block;
	int rc;

	for_each_set_bit(block, range->added, range->nr_blocks) {
		u64 addr = kmem_block_start(range, block);

		if (test_bit(block, range->online))
			continue;
		rc = write_state(mem, addr, kmem_state_words[wanted], true);
		if (rc)
			kmem_failures_add(failures, addr,
					  memory_block_size_bytes(), 1, rc);
	}
}

/**
 * kmem_plug_online() - put all blocks online that are added and are not online
 * @mem: the memory
 * @wanted: one of the online states
 *
 * Return: 0, or the error of the first block that could not go online; the others
 * are tried all the same.
 */
int kmem_plug_online(struct kmem_memory *mem, enum kmem_state wanted)
{
	struct kmem_failures *failures;
	unsigned int i;
	int rc;

	failures = kzalloc(sizeof(*failures), GFP_KERNEL);
	if (!failures)
		return -ENOMEM;
	for (i = 0; i < mem->nr_ranges; i++)
		online_range(mem, &mem->ranges[i], wanted, failures);
	if (failures->nr)
		dev_err(mem->dev, "%u of %u memory blocks could not be made %s: %s\n",
			failures->nr, mem->nr_added, kmem_state_words[wanted],
			kmem_failures_text(failures));
	rc = failures->first_error;
	kfree(failures);
	return rc;
}

#if KMEM_CAN_CHOOSE_ZONE

static int online_all(struct kmem_memory *mem, enum kmem_state wanted)
{
	int rc = kmem_plug_online(mem, wanted);

	if (rc)
		return rc;
	/* The kernel's default may have changed while blocks were added. */
	return kmem_state_reached(wanted, mem->nr_added, mem->nr_kernel,
				  mem->nr_movable) ? 0 : -EBUSY;
}

/**
 * kmem_plug_in() - add all blocks of an unplugged device and put them online
 * @mem: its memory, bound, no block of it added
 * @wanted: one of the online states
 *
 * Where the kernel's default for new memory is another state, the blocks are added
 * frozen, so that they do not go online as the default says.
 *
 * Return: 0, or an error after which the device is unplugged.
 */
int kmem_plug_in(struct kmem_memory *mem, enum kmem_state wanted)
{
	bool by_default = kmem_default_state(mem->dev) == wanted;
	int rc;

	if (!by_default)
		kmem_online_freeze(mem);
	rc = kmem_memory_add(mem);
	if (!rc)
		rc = online_all(mem, wanted);
	if (!by_default)
		kmem_online_thaw(mem);
	if (rc && mem->nr_added)
		kmem_plug_out(mem);
	if (!rc && wanted == KMEM_ONLINE)
		kmem_online_kernel_chose(mem);
	return rc;
}

#else

int kmem_plug_in(struct kmem_memory *mem, enum kmem_state wanted)
{
	return -EOPNOTSUPP;
}

#endif
