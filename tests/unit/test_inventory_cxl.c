// SPDX-License-Identifier: GPL-2.0-or-later
/* What a CXL window has free, by the kernel's resource tree; locks; firmware's table of windows. */
#include "fixture.h"

#include "inventory/cedt.h"
#include "inventory/find-locks.h"
#include "inventory/free-space.h"
#include "inventory/inventory.h"
#include "inventory/resources.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>

/* --- the resource tree --- */

/* 6.12 with one expander's region in kmem, and 4 GiB of window. */
static const char one_region[] = "00000000-00000fff : Reserved\n"
				 "00001000-0009fbff : System RAM\n"
				 "fee00000-fee00fff : Local APIC\n"
				 "190000000-28fffffff : CXL Window 0\n"
				 "  190000000-1afffffff : region0\n"
				 "    190000000-1afffffff : dax0.0\n"
				 "      190000000-1afffffff : System RAM (kmem)\n"
				 "  200000000-20fffffff : Soft Reserved\n"
				 "380000000000-38ffffffffff : PCI Bus 0000:00\n";

static struct resources parse(const char *text)
{
	struct resources resources;

	memset(&resources, 0x5a, sizeof(resources));
	assert_int_equal(resources_parse(text, &resources), 0);
	return resources;
}

#define RESOURCES(variable, text)                                                                  \
	_cleanup_(resources_release) struct resources variable = parse(text)

static void lines_have_a_depth(void **state)
{
	RESOURCES(resources, one_region);
	const struct resource_line *lines = resources.lines.items;

	(void)state;
	assert_true(resources.known);
	assert_int_equal(resources.lines.count, 9);
	assert_string_equal(lines[3].name, "CXL Window 0");
	assert_int_equal(lines[3].range.start, 0x190000000);
	assert_int_equal(lines[3].range.size, 4 * GIB);
	assert_int_equal(lines[3].depth, 0);
	assert_int_equal(lines[5].depth, 2);
	assert_string_equal(lines[6].name, "System RAM (kmem)");
	assert_int_equal(lines[6].depth, 3);
	assert_int_equal(lines[7].depth, 1);
}

/* What others than root are shown. */
static void a_tree_of_zeros_is_not_known(void **state)
{
	RESOURCES(hidden, "00000000-00000000 : Reserved\n"
			  "00000000-00000000 : CXL Window 0\n"
			  "  00000000-00000000 : region0\n");
	RESOURCES(empty, "");

	(void)state;
	assert_false(hidden.known);
	assert_int_equal(hidden.lines.count, 0);
	assert_false(empty.known);
}

static void lines_that_are_none_are_left_out(void **state)
{
	RESOURCES(resources,
		  "\n\nnonsense\n"
		  "10-0f : backwards\n"
		  "0-ffffffffffffffff : everything\n"
		  "20- : \n"
		  "1000-1fff : one\n"
		  "2000-2000 : one byte\n"
		  " : no range\n"
		  "  1000-17ff : a name that is longer than the sixty-three characters that "
		  "are kept of it");

	(void)state;
	assert_int_equal(resources.lines.count, 3);
	assert_string_equal(resources.lines.items[0].name, "one");
	assert_string_equal(resources.lines.items[1].name, "one byte");
	assert_int_equal(resources.lines.items[1].range.size, 1);
	assert_int_equal(resources.lines.items[2].depth, 1);
	assert_int_equal(strlen(resources.lines.items[2].name), 63);
}

static void a_tree_that_cannot_be_read_is_not_known(void **state)
{
	struct resources resources;

	assert_int_equal(resources_read(*state, &resources), 0);
	assert_false(resources.known);
	write_text(at(*state, "iomem"), one_region);
	assert_int_equal(resources_read(*state, &resources), 0);
	assert_true(resources.known);
	assert_int_equal(resources.lines.count, 9);
	resources_release(&resources);
	assert_int_equal(resources.lines.count, 0);
}

/* A service that may not see addresses is handed the file open, and may read it many times. */
static void a_tree_that_somebody_else_opened_is_read(void **state)
{
	const char *path = at(*state, "iomem");
	_cleanup_free_ char *large = malloc(200000);
	char *end = large;
	struct resources resources;
	int fd;

	assert_non_null(large);
	for (unsigned int i = 0; i < 3000; i++)
		end += sprintf(end, "%x000-%xfff : line %u of the tree\n", i, i, i);
	write_text(path, large);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(resources_read_open(fd, &resources), 0);
		assert_true(resources.known);
		assert_int_equal(resources.lines.count, 3000);
		assert_string_equal(resources.lines.items[2999].name, "line 2999 of the tree");
		resources_release(&resources);
	}
	close(fd);
	assert_int_equal(resources_read_open(-1, &resources), 0);
	assert_false(resources.known);
}

/* A process that can open nothing more, with a file as its standard input. */
static struct resources read_with_input(const char *procfs, const char *input)
{
	struct resources resources;
	struct rlimit before, none;
	int kept = dup(STDIN_FILENO), fd = open(input, O_RDONLY | O_CLOEXEC), r;

	assert_true(kept > STDERR_FILENO && fd > STDERR_FILENO);
	assert_true(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = STDERR_FILENO + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = resources_read(procfs, &resources);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(dup2(kept, STDIN_FILENO) == STDIN_FILENO);
	close(kept);
	assert_int_equal(r, 0);
	return resources;
}

/* The service is handed the tree as its standard input. Whatever else that is, it is not read. */
static void the_tree_is_read_from_the_standard_input_if_it_is_that(void **state)
{
	struct resources resources;

	write_text(at(*state, "iomem"), one_region);
	write_text(at(*state, "copy"), one_region);
	resources = read_with_input(*state, at(*state, "iomem"));
	assert_true(resources.known);
	assert_int_equal(resources.lines.count, 9);
	resources_release(&resources);
	resources = read_with_input(*state, at(*state, "copy"));
	assert_false(resources.known);
	assert_int_equal(unlink(at(*state, "iomem")), 0);
	resources = read_with_input(*state, at(*state, "copy"));
	assert_false(resources.known);
}

/* --- free space --- */

struct window {
	struct root_decoder decoder;
};

static void window_release(struct window *window)
{
	free(window->decoder.free.items);
	free(window->decoder.occupants.items);
}

#define WINDOW(variable, begin, length)                                                            \
	_cleanup_(window_release) struct window variable = {                                       \
		.decoder = {.name = "decoder0.0", .start = begin, .size = length}}

static void assert_free(const struct window *window, const char *wanted)
{
	char text[512] = "", *end = text;

	array_foreach(range, &window->decoder.free)
		end += sprintf(end, "%s%#" PRIx64 "+%#" PRIx64, end == text ? "" : " ",
			       range->start, range->size);
	assert_string_equal(text, wanted);
}

static void occupy(struct window *window, uint64_t start, uint64_t size)
{
	struct occupant *occupant = array_add(&window->decoder.occupants);

	assert_non_null(occupant);
	occupant->range = (struct range){start, size};
}

static void holes_are_what_nothing_lies_in(void **state)
{
	WINDOW(window, 0x1000, 0x1000);

	(void)state;
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "0x1000+0x1000");
	occupy(&window, 0x1800, 0x100);
	occupy(&window, 0x1100, 0x100);
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "0x1000+0x100 0x1200+0x600 0x1900+0x700");
	assert_int_equal(free_space_largest(&window.decoder), 0x700);
	occupy(&window, 0x1000, 0x100);
	occupy(&window, 0x1900, 0x700);
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "0x1200+0x600");
	occupy(&window, 0x1200, 0x600);
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "");
	assert_int_equal(free_space_largest(&window.decoder), 0);
}

static void occupants_may_overlap_and_reach_out(void **state)
{
	WINDOW(window, 0x1000, 0x1000);

	(void)state;
	occupy(&window, 0x1400, 0x400);
	occupy(&window, 0x1500, 0x100); /* inside of the last */
	occupy(&window, 0x1700, 0x200);
	occupy(&window, 0x0, 0x1100);	 /* from before the window */
	occupy(&window, 0x1f00, 0x1000); /* beyond its end */
	occupy(&window, 0x5000, 0x10);	 /* elsewhere */
	occupy(&window, 0x1a00, 0);
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "0x1100+0x300 0x1900+0x600");
}

static void what_wraps_around_ends_with_the_addresses(void **state)
{
	WINDOW(window, UINT64_MAX - 0xfff, 0x2000);
	WINDOW(none, 0x1000, 0);

	(void)state;
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "0xfffffffffffff000+0xfff");
	occupy(&window, UINT64_MAX - 0xff, UINT64_MAX);
	assert_int_equal(free_space_find(&window.decoder), 0);
	assert_free(&window, "0xfffffffffffff000+0xf00");
	assert_int_equal(free_space_find(&none.decoder), 0);
	assert_free(&none, "");
}

static void the_children_of_a_window_are_in_the_way(void **state)
{
	RESOURCES(resources, one_region);
	WINDOW(window, 0x190000000, 4 * GIB);
	const struct occupant *occupants;

	(void)state;
	assert_int_equal(free_space_by_resources(&resources, &window.decoder), 0);
	assert_true(window.decoder.free_is_known);
	assert_free(&window, "0x1b0000000+0x50000000 0x210000000+0x80000000");
	assert_int_equal(window.decoder.occupants.count, 2);
	occupants = window.decoder.occupants.items;
	assert_string_equal(occupants[0].name, "region0");
	assert_int_equal(occupants[0].range.size, 512 * MIB);
	assert_string_equal(occupants[1].name, "Soft Reserved");
	/* Once more: nothing is added to what was found before. */
	assert_int_equal(free_space_by_resources(&resources, &window.decoder), 0);
	assert_int_equal(window.decoder.occupants.count, 2);
	assert_int_equal(window.decoder.free.count, 2);
}

/* The kernel has a resource of the same range as a window's as its child. */
static void a_window_may_be_taken_whole(void **state)
{
	RESOURCES(resources, "190000000-28fffffff : CXL Window 0\n"
			     "  190000000-28fffffff : Soft Reserved\n"
			     "    190000000-28fffffff : hmem.0\n"
			     "290000000-38fffffff : CXL Window 1\n");
	WINDOW(taken, 0x190000000, 4 * GIB);
	WINDOW(other, 0x290000000, 4 * GIB);

	(void)state;
	assert_int_equal(free_space_by_resources(&resources, &taken.decoder), 0);
	assert_free(&taken, "");
	assert_string_equal(taken.decoder.occupants.items[0].name, "Soft Reserved");
	assert_int_equal(free_space_by_resources(&resources, &other.decoder), 0);
	assert_free(&other, "0x290000000+0x100000000");
}

/* kmem's memory is no firmware's; what begins where the range ends is not in it. */
static void ordinary_memory_is_found_at_any_depth(void **state)
{
	RESOURCES(resources, "00001000-0009fbff : System RAM\n"
			     "190000000-28fffffff : CXL Window 0\n"
			     "  190000000-19fffffff : region0\n"
			     "    198000000-19fffffff : System RAM\n"
			     "  1a0000000-1afffffff : region1\n"
			     "    1a0000000-1afffffff : dax1.0\n"
			     "      1a0000000-1afffffff : System RAM (kmem)\n");

	(void)state;
	assert_true(resources_have_plain_ram(&resources, &(struct range){0x190000000, 256 * MIB}));
	assert_true(resources_have_plain_ram(&resources, &(struct range){0x19fffffff, 1}));
	assert_false(resources_have_plain_ram(&resources, &(struct range){0x190000000, 128 * MIB}));
	assert_false(resources_have_plain_ram(&resources, &(struct range){0x1a0000000, 256 * MIB}));
}

/* What a window lies in is not in its way. */
static void a_window_in_a_larger_resource_is_free(void **state)
{
	RESOURCES(resources, "100000000-3ffffffff : Soft Reserved\n"
			     "  190000000-28fffffff : CXL Window 0\n"
			     "    190000000-19fffffff : region3\n"
			     "  290000000-29fffffff : dax0.0\n");
	WINDOW(window, 0x190000000, 4 * GIB);

	(void)state;
	assert_int_equal(free_space_by_resources(&resources, &window.decoder), 0);
	assert_free(&window, "0x1a0000000+0xf0000000");
}

static void a_window_without_a_line_is_looked_at_all_the_same(void **state)
{
	RESOURCES(resources, "100000000-3ffffffff : PCI Bus 0000:00\n"
			     "  180000000-19fffffff : System RAM\n"
			     "  280000000-2ffffffff : Persistent Memory\n"
			     "  300000000-30fffffff : System RAM\n"
			     "500000000-500000fff : Reserved\n");
	WINDOW(window, 0x190000000, 4 * GIB);

	(void)state;
	assert_int_equal(free_space_by_resources(&resources, &window.decoder), 0);
	assert_free(&window, "0x1a0000000+0xe0000000");
	assert_int_equal(window.decoder.occupants.count, 2);
}

static void without_the_tree_the_regions_are_in_the_way(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 1}, 'root_decoders': [{'decoder': "
		"'decoder0.0', 'start': 4096, 'size': 4096}], 'regions': [{'region': 'region0', "
		"'root_decoder': 'decoder0.0', 'start': 4352, 'size': 256}, {'region': 'region1', "
		"'root_decoder': 'decoder0.1', 'start': 6000, 'size': 256}, {'region': 'region2', "
		"'root_decoder': 'decoder0.0', 'start': 18446744073709551615, 'size': 256}, "
		"{'region': 'region3', 'root_decoder': 'decoder0.0', 'start': 7000}]}");
	WINDOW(window, 0x1000, 0x1000);

	(void)state;
	window.decoder.free_is_known = true;
	assert_int_equal(free_space_by_regions(inventory, &window.decoder), 0);
	assert_false(window.decoder.free_is_known);
	assert_free(&window, "0x1000+0x100 0x1200+0xe00");
	assert_int_equal(window.decoder.occupants.count, 1);
	assert_string_equal(window.decoder.occupants.items[0].name, "region0");
}

/* --- locks --- */

#define REGIONS                                                                                    \
	"{'version': 1, 'host': {'block_size': 1}, 'regions': [{'region': 'region0', "             \
	"'root_decoder': 'decoder0.0'}, {'region': 'region1', 'root_decoder': 'decoder0.1'}], "

static void assert_locked(const char *text, bool first, bool second)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(text);

	find_locks(inventory);
	assert_int_equal(inventory->regions.items[0].locked, first);
	assert_int_equal(inventory->regions.items[1].locked, second);
}

static void a_region_is_locked_by_any_of_its_decoders(void **state)
{
	(void)state;
	assert_locked(REGIONS "'root_decoders': [{'decoder': 'decoder0.0'}]}", false, false);
	assert_locked(REGIONS "'root_decoders': [{'decoder': 'decoder0.0', 'locked': true}, "
			      "{'decoder': 'decoder0.1'}]}",
		      true, false);
	assert_locked(REGIONS "'memdevs': [{'decoders': [{'region': 'region0'}, {'region': "
			      "'region1', 'locked': true}, {'region': '', 'locked': true}]}]}",
		      false, true);
	assert_locked(REGIONS "'ports': [{'decoders': []}, {'decoders': [{'region': 'region0', "
			      "'locked': true}, {'region': 'region1'}]}]}",
		      true, false);
	assert_locked("{'version': 1, 'host': {'block_size': 1}, 'regions': [{'region': 'region0', "
		      "'locked': true}, {'region': 'region1'}]}",
		      true, false);
}

/* --- firmware's table --- */

static size_t add_window(unsigned char *table, size_t at, uint64_t start, unsigned char arithmetic)
{
	unsigned char *window = memset(table + at, 0, 40);

	window[0] = 1;
	window[2] = 40;
	for (unsigned int i = 0; i < 8; i++)
		window[8 + i] = (unsigned char)(start >> (8 * i));
	window[25] = arithmetic;
	return at + 40;
}

static void the_arithmetic_of_a_window_is_firmwares(void **state)
{
	unsigned char table[256] = {0};
	size_t length = 36;

	(void)state;
	table[36] = 0; /* a host bridge, of 32 bytes */
	table[38] = 32;
	length += 32;
	length = add_window(table, length, 0x190000000, 0);
	length = add_window(table, length, 0x9a8000000123, 1);
	length = add_window(table, length, 0x100000000, 2);
	assert_int_equal(cedt_arithmetic(table, length, 0x190000000), ARITHMETIC_MODULO);
	assert_int_equal(cedt_arithmetic(table, length, 0x9a8000000123), ARITHMETIC_XOR);
	assert_int_equal(cedt_arithmetic(table, length, 0x100000000), ARITHMETIC_UNKNOWN);
	assert_int_equal(cedt_arithmetic(table, length, 0x200000000), ARITHMETIC_UNKNOWN);
}

/* Whatever firmware wrote, and wherever it ends. */
static void a_broken_table_says_nothing(void **state)
{
	unsigned char whole[36 + 40 + 40] = {0};
	size_t length = add_window(whole, add_window(whole, 36, 1, 0), 0x190000000, 1);

	(void)state;
	assert_int_equal(cedt_arithmetic(NULL, 0, 0), ARITHMETIC_UNKNOWN);
	for (size_t cut = 0; cut < length; cut++) {
		unsigned char *table = malloc(cut ? cut : 1);

		memcpy(table, whole, cut);
		assert_int_equal(cedt_arithmetic(table, cut, 0x190000000), ARITHMETIC_UNKNOWN);
		free(table);
	}
	whole[36 + 2] = 3; /* a structure shorter than its header */
	assert_int_equal(cedt_arithmetic(whole, length, 0x190000000), ARITHMETIC_UNKNOWN);
	whole[36 + 2] = 0;
	assert_int_equal(cedt_arithmetic(whole, length, 0x190000000), ARITHMETIC_UNKNOWN);
	whole[36 + 2] = 255;
	assert_int_equal(cedt_arithmetic(whole, length, 0x190000000), ARITHMETIC_UNKNOWN);
}

static void the_table_is_read_for_all_windows(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 1}, 'root_decoders': [{'decoder': "
		"'decoder0.0', 'start': 1}, {'decoder': 'decoder0.1', 'start': 2}]}");
	struct kmemd kmemd = {.sysfs = *state};
	unsigned char table[36 + 40] = {0};

	assert_int_equal(read_arithmetic(&kmemd, inventory), 0);
	assert_int_equal(inventory->root_decoders.items[0].arithmetic, ARITHMETIC_UNKNOWN);
	add_window(table, 36, 2, 1);
	write_bytes(at(*state, "firmware/acpi/tables/CEDT"), (char *)table, sizeof(table));
	assert_int_equal(read_arithmetic(&kmemd, inventory), 0);
	assert_int_equal(inventory->root_decoders.items[0].arithmetic, ARITHMETIC_UNKNOWN);
	assert_int_equal(inventory->root_decoders.items[1].arithmetic, ARITHMETIC_XOR);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_a_depth),
		cmocka_unit_test(a_tree_of_zeros_is_not_known),
		cmocka_unit_test(lines_that_are_none_are_left_out),
		with_folder(a_tree_that_cannot_be_read_is_not_known),
		with_folder(a_tree_that_somebody_else_opened_is_read),
		with_folder(the_tree_is_read_from_the_standard_input_if_it_is_that),
		cmocka_unit_test(holes_are_what_nothing_lies_in),
		cmocka_unit_test(occupants_may_overlap_and_reach_out),
		cmocka_unit_test(what_wraps_around_ends_with_the_addresses),
		cmocka_unit_test(the_children_of_a_window_are_in_the_way),
		cmocka_unit_test(a_window_may_be_taken_whole),
		cmocka_unit_test(a_window_in_a_larger_resource_is_free),
		cmocka_unit_test(ordinary_memory_is_found_at_any_depth),
		cmocka_unit_test(a_window_without_a_line_is_looked_at_all_the_same),
		cmocka_unit_test(without_the_tree_the_regions_are_in_the_way),
		cmocka_unit_test(a_region_is_locked_by_any_of_its_decoders),
		cmocka_unit_test(the_arithmetic_of_a_window_is_firmwares),
		cmocka_unit_test(a_broken_table_says_nothing),
		with_folder(the_table_is_read_for_all_windows),
	};

	return cmocka_run_group_tests_name("inventory_cxl", tests, NULL, NULL);
}
