// SPDX-License-Identifier: GPL-2.0-only
/* Unit test of cut.h in user space: make -C kmod check */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cut.h"

#define MIB	0x100000ULL
#define GIB	0x40000000ULL
#define BLOCK	(128 * MIB)

static void assert_cut(u64 start, u64 end, u64 first, u64 nr, u64 truncated)
{
	struct kmem_cut cut = kmem_cut_range(start, end, BLOCK);

	assert_int_equal(cut.nr_blocks, nr);
	assert_int_equal(cut.truncated, truncated);
	if (nr)
		assert_int_equal(cut.start, first);
}

static void whole_blocks_lose_nothing(void **state)
{
	(void)state;
	assert_cut(4 * GIB, 5 * GIB - 1, 4 * GIB, 8, 0);
	assert_cut(0, BLOCK - 1, 0, 1, 0);
}

static void both_ends_are_aligned_inwards(void **state)
{
	(void)state;
	/* What an NVDIMM namespace looks like: metadata in front. */
	assert_cut(4 * GIB + 2 * MIB, 5 * GIB - 1, 4 * GIB + BLOCK, 7,
		   BLOCK - 2 * MIB);
	assert_cut(4 * GIB, 5 * GIB + 5, 4 * GIB, 8, 6);
	assert_cut(4 * GIB - 1, 4 * GIB + BLOCK, 4 * GIB, 1, 2);
}

static void small_ranges_hold_no_block(void **state)
{
	(void)state;
	assert_cut(4 * GIB, 4 * GIB + BLOCK - 2, 0, 0, BLOCK - 1);
	assert_cut(4 * GIB + 1, 4 * GIB + BLOCK, 0, 0, BLOCK);
	/* Nearly two blocks long and still none inside. */
	assert_cut(4 * GIB + 1, 4 * GIB + 2 * BLOCK - 2, 0, 0, 2 * BLOCK - 2);
	assert_cut(4 * GIB + 1, 4 * GIB + 1, 0, 0, 1);
	assert_cut(5 * GIB, 4 * GIB, 0, 0, 0);
}

static void the_end_of_the_address_space_does_not_overflow(void **state)
{
	(void)state;
	assert_cut(UINT64_MAX - BLOCK + 1, UINT64_MAX, UINT64_MAX - BLOCK + 1,
		   1, 0);
	assert_cut(UINT64_MAX - BLOCK + 2, UINT64_MAX, 0, 0, BLOCK - 1);
	assert_cut(0, UINT64_MAX, 0, UINT64_MAX / BLOCK + 1, 0);
}

/* Every cut, compared with a walk from block to block. */
static void cuts_match_a_walk(void **state)
{
	const u64 block = 16;
	u64 start, end;

	(void)state;
	for (start = 0; start < 3 * block; start++) {
		for (end = start; end < 6 * block; end++) {
			struct kmem_cut cut = kmem_cut_range(start, end, block);
			u64 nr = 0, first = 0, at;

			for (at = 0; at + block - 1 <= end; at += block) {
				if (at < start)
					continue;
				if (!nr++)
					first = at;
			}
			assert_int_equal(cut.nr_blocks, nr);
			assert_int_equal(cut.truncated,
					 end - start + 1 - nr * block);
			if (nr)
				assert_int_equal(cut.start, first);
		}
	}
}

static void block_index_counts_from_the_first_block(void **state)
{
	(void)state;
	assert_int_equal(kmem_block_index(4 * GIB, 4 * GIB, BLOCK), 0);
	assert_int_equal(kmem_block_index(4 * GIB, 4 * GIB + BLOCK - 1, BLOCK), 0);
	assert_int_equal(kmem_block_index(4 * GIB, 4 * GIB + BLOCK, BLOCK), 1);
}

static void neighbours_do_not_overlap(void **state)
{
	(void)state;
	assert_false(kmem_ranges_overlap(0, 9, 10, 19));
	assert_false(kmem_ranges_overlap(10, 19, 0, 9));
	assert_true(kmem_ranges_overlap(0, 10, 10, 19));
	assert_true(kmem_ranges_overlap(0, 99, 10, 19));
	assert_true(kmem_ranges_overlap(10, 19, 0, 99));
}

static void a_memmap_is_hostable_when_it_fills_whole_units(void **state)
{
	u64 memmap = kmem_memmap_bytes(BLOCK, 4096, 64);

	(void)state;
	assert_int_equal(memmap, 2 * MIB);
	assert_true(kmem_memmap_is_hostable(BLOCK, memmap, 2 * MIB, 2 * MIB));
	/* 4 MiB pageblocks, or a struct page of 80 bytes. */
	assert_false(kmem_memmap_is_hostable(BLOCK, memmap, 2 * MIB, 4 * MIB));
	assert_false(kmem_memmap_is_hostable(BLOCK,
					     kmem_memmap_bytes(BLOCK, 4096, 80),
					     2 * MIB, 2 * MIB));
	/* Nothing would be left. */
	assert_false(kmem_memmap_is_hostable(BLOCK, BLOCK, 2 * MIB, 2 * MIB));
	assert_int_equal(kmem_memmap_reserved(memmap, 2 * MIB), 2 * MIB);
	assert_int_equal(kmem_memmap_reserved(memmap, 4 * MIB), 4 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_blocks_lose_nothing),
		cmocka_unit_test(both_ends_are_aligned_inwards),
		cmocka_unit_test(small_ranges_hold_no_block),
		cmocka_unit_test(the_end_of_the_address_space_does_not_overflow),
		cmocka_unit_test(cuts_match_a_walk),
		cmocka_unit_test(block_index_counts_from_the_first_block),
		cmocka_unit_test(neighbours_do_not_overlap),
		cmocka_unit_test(a_memmap_is_hostable_when_it_fills_whole_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
