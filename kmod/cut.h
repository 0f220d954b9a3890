/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic on memory blocks: how a physical range is cut into them and what
 * their memmap costs. Pure functions on 64-bit numbers, so that the same file
 * is compiled into the module and into the unit test in user space.
 *
 * Ranges are inclusive at both ends, as in struct range. Block sizes are
 * powers of two, in bytes.
 */
#ifndef KMEM_CUT_H
#define KMEM_CUT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
typedef unsigned long long u64;
#endif

/* The whole memory blocks inside a range. */
struct kmem_cut {
	u64 start;	/* physical address of the first block */
	u64 nr_blocks;	/* 0 when the range holds no whole block */
	u64 truncated;	/* bytes of the range that are in no block */
};

/*
 * Cut [@start, @end] into blocks of @block_size bytes, aligned inwards. A range
 * that reaches the end of the address space does not overflow.
 */
static inline struct kmem_cut kmem_cut_range(u64 start, u64 end, u64 block_size)
{
	u64 mask = block_size - 1;
	u64 lost_head = (block_size - (start & mask)) & mask;
	struct kmem_cut cut = { .start = start + lost_head };
	u64 len_minus_one;

	if (end < start)
		return cut;

	/* The length itself does not fit into 64 bits for [0, U64_MAX]. */
	len_minus_one = end - start;
	if (len_minus_one < lost_head) {
		cut.truncated = len_minus_one + 1;
		return cut;
	}

	len_minus_one -= lost_head;
	cut.nr_blocks = len_minus_one / block_size;
	if ((len_minus_one & mask) == mask)
		cut.nr_blocks++;
	cut.truncated = end - start + 1 - cut.nr_blocks * block_size;
	return cut;
}

/* The number of the block at @addr, counted from the first block at @start. */
static inline u64 kmem_block_index(u64 start, u64 addr, u64 block_size)
{
	return (addr - start) / block_size;
}

/* Do [@a_start, @a_end] and [@b_start, @b_end] have a byte in common? */
static inline bool kmem_ranges_overlap(u64 a_start, u64 a_end,
				       u64 b_start, u64 b_end)
{
	return a_start <= b_end && b_start <= a_end;
}

/* Bytes of memmap that describe one block. */
static inline u64 kmem_memmap_bytes(u64 block_size, u64 page_size,
				    u64 struct_page_size)
{
	return block_size / page_size * struct_page_size;
}

/*
 * Bytes at the start of a self-hosted block that are not given to the page
 * allocator. memory_hotplug.memmap_on_memory=force (since v6.6) rounds them up
 * to whole pageblocks; without it only blocks where there is nothing to round
 * are self-hosted.
 */
static inline u64 kmem_memmap_reserved(u64 memmap_bytes, u64 pageblock_bytes)
{
	return (memmap_bytes + pageblock_bytes - 1) & ~(pageblock_bytes - 1);
}

/*
 * The rule of mm/memory_hotplug.c before v6.8 for a single block: the memmap
 * fills whole PMDs, and what remains fills whole pageblocks.
 */
static inline bool kmem_memmap_is_hostable(u64 block_size, u64 memmap_bytes,
					   u64 pmd_size, u64 pageblock_bytes)
{
	return memmap_bytes < block_size &&
	       !(memmap_bytes & (pmd_size - 1)) &&
	       !((block_size - memmap_bytes) & (pageblock_bytes - 1));
}

#endif
