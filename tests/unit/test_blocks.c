// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory blocks: which ones lie in a device's ranges, and what sysfs says of them. */
#include "fixture.h"

#include "inventory/memory-block.h"
#include "inventory/names.h"
#include "step/transition.h"

#define NODE 1

static void assert_blocks(uint64_t start, uint64_t size, uint64_t first, uint64_t count)
{
	struct range range = {start, size};
	uint64_t got_first = 99, got_count = 99;

	blocks_of_range(&range, BLOCK, &got_first, &got_count);
	assert_int_equal(got_count, count);
	if (count)
		assert_int_equal(got_first, first);
}

static void an_aligned_range_is_all_blocks(void **state)
{
	(void)state;
	assert_blocks(4 * GIB, GIB, 32, 8);
	assert_blocks(0, BLOCK, 0, 1);
	assert_blocks(BLOCK, 0, 0, 0);
}

static void an_unaligned_range_is_cut_inwards(void **state)
{
	(void)state;
	assert_blocks(4 * GIB + 2 * MIB, GIB - 2 * MIB, 33, 7);
	assert_blocks(4 * GIB, GIB + 5, 32, 8);
	assert_blocks(4 * GIB, GIB - 1, 32, 7);
	assert_blocks(4 * GIB - 1, BLOCK + 1, 32, 1);
	assert_blocks(4 * GIB + 1, GIB, 33, 7);
}

static void a_range_smaller_than_a_block_has_none(void **state)
{
	(void)state;
	assert_blocks(4 * GIB, BLOCK - 1, 0, 0);
	assert_blocks(4 * GIB + 1, BLOCK, 0, 0);
	/* Nearly two blocks long, and no whole one inside. */
	assert_blocks(4 * GIB + 1, 2 * BLOCK - 2, 0, 0);
}

static void a_range_that_wraps_around_has_none(void **state)
{
	struct range range = {4 * GIB, GIB};
	uint64_t first = 99, count = 99;

	(void)state;
	assert_blocks(UINT64_MAX - BLOCK + 2, BLOCK, 0, 0);
	assert_blocks(UINT64_MAX, UINT64_MAX, 0, 0);
	assert_blocks(UINT64_MAX - 1, 1, 0, 0);
	assert_blocks(UINT64_MAX - 2 * BLOCK + 1, 2 * BLOCK - 1, UINT64_MAX / BLOCK - 1, 1);
	blocks_of_range(&range, 0, &first, &count);
	assert_int_equal(count, 0);
}

static void add_range(struct dax_device *dax, uint64_t start, uint64_t size)
{
	struct range *range = array_add(&dax->ranges);

	assert_non_null(range);
	*range = (struct range){start, size};
}

static void release(struct dax_device *dax)
{
	free(dax->ranges.items);
	free(dax->blocks.items);
}

static void blocks_of_several_ranges_are_ascending(void **state)
{
	static const uint64_t wanted[] = {8, 9, 16, 33, 34, 80};
	struct dax_device dax = {0};

	(void)state;
	add_range(&dax, 10 * GIB, BLOCK);
	add_range(&dax, GIB, 2 * BLOCK + MIB);
	add_range(&dax, 4 * GIB + MIB, 3 * BLOCK);
	add_range(&dax, 7 * GIB, MIB);
	add_range(&dax, 2 * GIB, BLOCK);
	assert_int_equal(blocks_find(&dax, BLOCK), 0);
	assert_int_equal(dax.blocks.count, array_size(wanted));
	for (size_t i = 0; i < array_size(wanted); i++) {
		assert_int_equal(dax.blocks.items[i].index, wanted[i]);
		assert_int_equal(dax.blocks.items[i].state, BLOCK_ABSENT);
	}
	release(&dax);
}

static void a_device_without_ranges_has_no_blocks(void **state)
{
	struct dax_device dax = {0};

	(void)state;
	assert_int_equal(blocks_find(&dax, BLOCK), 0);
	assert_int_equal(dax.blocks.count, 0);
	assert_int_equal(dax_block_counts(&dax).total, 0);
}

/* A memory block in the fake sysfs; NULL for an attribute that is not there. */
static void make_block(const char *folder, unsigned int index, const char *state_text,
		       const char *zones)
{
	const char *block = at(folder, "devices/system/memory/memory%u", index);

	make_folders(block);
	if (state_text)
		write_text(at(block, "state"), state_text);
	if (zones)
		write_text(at(block, "valid_zones"), zones);
}

static void assert_touched(uint64_t start, uint64_t size, uint64_t first, uint64_t count)
{
	struct range range = {start, size};
	uint64_t got_first = 99, got_count = 99;

	blocks_touching_range(&range, BLOCK, &got_first, &got_count);
	assert_int_equal(got_count, count);
	if (count)
		assert_int_equal(got_first, first);
}

static void blocks_at_the_edges_are_touched(void **state)
{
	(void)state;
	assert_touched(4 * GIB, GIB, 32, 8);
	assert_touched(4 * GIB, GIB + 1, 32, 9);
	assert_touched(4 * GIB - 1, GIB + 1, 31, 9);
	assert_touched(4 * GIB + 1, 1, 32, 1);
	assert_touched(4 * GIB + BLOCK - 1, 2, 32, 2);
	assert_touched(4 * GIB, 0, 0, 0);
	/* A range that wraps around ends with the last block. */
	assert_touched(UINT64_MAX - 1, UINT64_MAX, UINT64_MAX / BLOCK, 1);
	assert_touched(UINT64_MAX, 1, UINT64_MAX / BLOCK, 1);
}

static void assert_online(const char *folder, const struct range *ranges, size_t count,
			  unsigned int online, uint64_t first)
{
	unsigned int got = 99;
	uint64_t got_first = 99;

	assert_int_equal(blocks_count_online(folder, ranges, count, BLOCK, &got, &got_first), 0);
	assert_int_equal(got, online);
	if (online)
		assert_int_equal(got_first, first);
}

static void the_kernel_is_asked_what_is_online_by_address(void **state)
{
	const struct range whole[] = {{32 * BLOCK, 4 * BLOCK}};
	const struct range parts[] = {{100 * BLOCK, BLOCK}, {33 * BLOCK + 7, 1}, {33 * BLOCK, 2}};
	const struct range nothing[] = {{34 * BLOCK, 2 * BLOCK}, {0, 0}};

	make_block(*state, 31, "online\n", "Normal\n");
	make_block(*state, 33, "online\n", NULL);
	make_block(*state, 34, "offline\n", "Normal Movable\n");
	make_block(*state, 100, "going-offline\n", NULL);
	make_block(*state, 101, NULL, NULL); /* being removed */
	assert_online(*state, whole, 1, 1, 33);
	assert_online(*state, parts, 3, 2, 33); /* once each, the lowest first */
	assert_online(*state, nothing, 2, 0, 0);
	assert_online(*state, NULL, 0, 0, 0);
	assert_online(*state, (struct range[]){{101 * BLOCK, BLOCK}}, 1, 0, 0);
}

/* Who is going to unbind something has to know, and not to guess. */
static void blocks_that_cannot_be_asked_are_an_error(void **state)
{
	const struct range range = {32 * BLOCK, BLOCK};
	unsigned int online = 77;
	uint64_t first = 77;

	assert_int_equal(blocks_count_online(*state, &range, 1, BLOCK, &online, &first), -ENOENT);
	make_block(*state, 32, "a state that is far too long to be any of the kernel's words\n",
		   NULL);
	assert_int_equal(blocks_count_online(*state, &range, 1, BLOCK, &online, &first), -EMSGSIZE);
	assert_int_equal(online, 77);
	assert_int_equal(first, 77);
}

static void assert_state(const char *folder, unsigned int index, enum block_state wanted)
{
	_cleanup_close_ int directory = blocks_open(folder);
	enum block_state state = BLOCK_STATE_COUNT;

	assert_true(directory >= 0);
	assert_int_equal(block_read(directory, NODE, index, &state), 0);
	if (state != wanted)
		fail_msg("memory%u is %s and should be %s", index, block_state_names[state],
			 block_state_names[wanted]);
}

static void the_state_of_a_block_is_its_zone(void **state)
{
	make_block(*state, 32, "online\n", "Movable\n");
	assert_state(*state, 32, BLOCK_MOVABLE);
	make_block(*state, 33, "online\n", "Normal\n");
	assert_state(*state, 33, BLOCK_KERNEL);
	make_block(*state, 34, "online\n", "DMA32\n");
	assert_state(*state, 34, BLOCK_KERNEL);
	make_block(*state, 35, "online\n", "none\n");
	assert_state(*state, 35, BLOCK_MIXED);
}

static void a_block_that_is_not_online_is_offline(void **state)
{
	make_block(*state, 32, "offline\n", "Normal Movable\n");
	assert_state(*state, 32, BLOCK_OFFLINE);
	make_block(*state, 33, "going-offline\n", "Movable Normal\n");
	assert_state(*state, 33, BLOCK_OFFLINE);
	make_block(*state, 34, "offline\n", "DMA32 Normal Movable\n");
	assert_state(*state, 34, BLOCK_OFFLINE);
}

/* As the kernel does it when the block has its node. */
static void put_in_node(const char *folder, unsigned int index)
{
	const char *node = at(folder, "devices/system/node/node%d", NODE);

	make_folders(node);
	assert_int_equal(symlink(at(folder, "devices/system/memory/memory%u", index),
				 at(node, "memory%u", index)),
			 0);
}

static void in_its_node_one_attribute_is_enough(void **state)
{
	make_block(*state, 32, NULL, "Movable\n");
	put_in_node(*state, 32);
	assert_state(*state, 32, BLOCK_MOVABLE);
	make_block(*state, 33, NULL, "Normal Movable\n");
	put_in_node(*state, 33);
	assert_state(*state, 33, BLOCK_OFFLINE);
}

/* Reading valid_zones of a block that is being added kills the reader: here it would say otherwise.
 */
static void without_a_node_the_zones_are_left_alone(void **state)
{
	make_block(*state, 32, "offline\n", "Movable\n");
	assert_state(*state, 32, BLOCK_OFFLINE);
	put_in_node(*state, 32);
	assert_state(*state, 32, BLOCK_MOVABLE);
}

/* A kernel that cannot remove memory has no valid_zones: which zone it is, nobody says. */
static void without_valid_zones_the_zone_is_not_known(void **state)
{
	make_block(*state, 32, "online\n", NULL);
	assert_state(*state, 32, BLOCK_MIXED);
	make_block(*state, 33, "offline\n", NULL);
	assert_state(*state, 33, BLOCK_OFFLINE);
	make_block(*state, 34, "online\n", "\n");
	assert_state(*state, 34, BLOCK_MIXED);
	make_block(*state, 35, "ONLINE of a kind\n", "");
	assert_state(*state, 35, BLOCK_OFFLINE);
}

static void a_block_without_a_folder_is_absent(void **state)
{
	make_block(*state, 32, "online\n", "Movable\n");
	assert_state(*state, 31, BLOCK_ABSENT);
	make_block(*state, 33, NULL, NULL);
	assert_state(*state, 33, BLOCK_ABSENT);
}

static void a_text_that_is_too_long_is_an_error(void **state)
{
	_cleanup_close_ int directory = -1;
	enum block_state block = BLOCK_KERNEL;
	char text[300];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	make_block(*state, 32, text, NULL);
	make_block(*state, 33, "online\n", text);
	directory = blocks_open(*state);
	assert_int_equal(block_read(directory, NODE, 32, &block), -EMSGSIZE);
	assert_int_equal(block_read(directory, NODE, 33, &block), -EMSGSIZE);
	assert_int_equal(block, BLOCK_KERNEL);
}

static void a_kernel_without_memory_blocks_is_an_error(void **state)
{
	assert_int_equal(blocks_open(*state), -ENOENT);
}

static void all_blocks_of_a_device_are_read_and_counted(void **state)
{
	_cleanup_close_ int directory = -1;
	struct dax_device dax = {0};
	struct block_counts counts;

	make_block(*state, 32, "online\n", "Movable\n");
	make_block(*state, 33, "online\n", "Normal\n");
	make_block(*state, 34, "offline\n", "Normal Movable\n");
	make_block(*state, 36, "online\n", "Movable\n");
	make_block(*state, 37, "online\n", "none\n");
	make_block(*state, 38, "online\n", "Movable\n"); /* somebody else's */
	add_range(&dax, 4 * GIB, 6 * BLOCK);
	assert_int_equal(blocks_find(&dax, BLOCK), 0);
	directory = blocks_open(*state);
	assert_int_equal(blocks_read(directory, &dax), 0);
	counts = dax_block_counts(&dax);
	assert_int_equal(counts.total, 6);
	assert_int_equal(counts.online, 4);
	assert_int_equal(counts.in[BLOCK_MOVABLE], 2);
	assert_int_equal(counts.in[BLOCK_KERNEL], 1);
	assert_int_equal(counts.in[BLOCK_OFFLINE], 1);
	assert_int_equal(counts.in[BLOCK_ABSENT], 1);
	assert_int_equal(counts.in[BLOCK_MIXED], 1);
	release(&dax);
}

static void assert_turns(size_t count, enum block_state to)
{
	bool seen[1024] = {false};

	for (size_t turn = 0; turn < count; turn++) {
		size_t block = transition_turn(count, to, turn);

		assert_true(block < count && !seen[block]);
		seen[block] = true;
	}
}

static void every_block_has_its_turn(void **state)
{
	static const size_t counts[] = {1, 2, 3, 63, 64, 503};

	(void)state;
	for (size_t i = 0; i < array_size(counts); i++) {
		assert_turns(counts[i], BLOCK_MOVABLE);
		assert_turns(counts[i], BLOCK_OFFLINE);
	}
}

static void blocks_come_upwards_and_go_downwards(void **state)
{
	(void)state;
	for (size_t turn = 0; turn < 63; turn++) {
		assert_int_equal(transition_turn(63, BLOCK_KERNEL, turn), turn);
		assert_int_equal(transition_turn(63, BLOCK_OFFLINE, turn), 62 - turn);
	}
	assert_int_equal(transition_turn(64, BLOCK_MOVABLE, 0), 0);
	for (size_t turn = 1; turn < 63; turn++)
		assert_int_equal(transition_turn(64, BLOCK_MOVABLE, turn), turn + 1);
	assert_int_equal(transition_turn(64, BLOCK_MOVABLE, 63), 1);
	for (size_t turn = 0; turn < 64; turn++)
		assert_int_equal(transition_turn(64, BLOCK_OFFLINE, turn),
				 transition_turn(64, BLOCK_MOVABLE, 63 - turn));
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_aligned_range_is_all_blocks),
		cmocka_unit_test(an_unaligned_range_is_cut_inwards),
		cmocka_unit_test(a_range_smaller_than_a_block_has_none),
		cmocka_unit_test(a_range_that_wraps_around_has_none),
		cmocka_unit_test(blocks_of_several_ranges_are_ascending),
		cmocka_unit_test(every_block_has_its_turn),
		cmocka_unit_test(blocks_come_upwards_and_go_downwards),
		cmocka_unit_test(a_device_without_ranges_has_no_blocks),
		cmocka_unit_test(blocks_at_the_edges_are_touched),
		with_folder(the_kernel_is_asked_what_is_online_by_address),
		with_folder(blocks_that_cannot_be_asked_are_an_error),
		with_folder(the_state_of_a_block_is_its_zone),
		with_folder(a_block_that_is_not_online_is_offline),
		with_folder(in_its_node_one_attribute_is_enough),
		with_folder(without_a_node_the_zones_are_left_alone),
		with_folder(without_valid_zones_the_zone_is_not_known),
		with_folder(a_block_without_a_folder_is_absent),
		with_folder(a_text_that_is_too_long_is_an_error),
		with_folder(a_kernel_without_memory_blocks_is_an_error),
		with_folder(all_blocks_of_a_device_are_read_and_counted),
	};

	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
