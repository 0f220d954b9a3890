// SPDX-License-Identifier: GPL-2.0-or-later
/* Making a CXL region at a place, and making one again, on a kernel made of files. */
#include "step-bench.h"

#include "base/json.h"

#define SIZE (2 * BLOCK)

static char writes[4096];

/* The writes that a region's place depends on, one a line. */
static void note_write(const char *path, const char *value)
{
	size_t used = strlen(writes);
	const char *name = strstr(path, "/devices/");

	if (name && (strstr(path, "/size") || strstr(path, "_region") || strstr(path, "_ways")))
		snprintf(writes + used, sizeof(writes) - used, "%s=%s\n",
			 name + strlen("/devices/"), value);
}

static int setup_region(void **state)
{
	int r = setup(state);

	/* The second region's dax device is to have its name. */
	kernel_dax_unbind("dax1.0");
	folder_remove(sysfs("bus/dax/devices/dax1.0"));
	writes[0] = '\0';
	fault.writes = 0;
	fault.before = note_write;
	bench.step = (struct step){
		.type = STEP_CREATE_REGION,
		.target.name = "mem0",
		.create_region = {.root_decoder = "decoder0.0",
				  .targets = {{.memdev = "mem0", .decoder = "decoder2.0"}},
				  .ways = 1,
				  .granularity = 256,
				  .size = SIZE},
	};
	return r;
}

static int create_at(uint64_t start)
{
	bench.step.create_region.start = start;
	return do_step(STEP_CREATE_REGION, "mem0");
}

static unsigned int count_regions(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < REGIONS_MAX; i++)
		count += exists(sysfs("bus/cxl/devices/region%u", i));
	return count;
}

static void assert_only_region(const char *name, uint64_t start)
{
	assert_int_equal(count_regions(), 1);
	assert_string_equal(bench.made[0], name);
	assert_string_equal(text_of(cxl(name, "commit")), "1");
	assert_string_equal(text_of(cxl(name, "target0")), "decoder2.0");
	assert_int_equal(number_of(cxl(name, "resource")), start);
	assert_int_equal(number_of(cxl(name, "size")), SIZE);
	assert_int_equal(number_of(cxl(name, "interleave_ways")), 1);
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), SIZE);
	assert_true(exists(cxl(name, "driver")));
	/* Whose undo is the only one that is left. */
	assert_int_equal(undo_count(), 1);
	assert_string_equal(json_text(json_object_object_get(
					      json_object_array_get_idx(bench.run.undo, 0), "what"),
				      "region"),
			    name);
}

static void a_region_lies_where_the_kernel_puts_it(void **state)
{
	_cleanup_free_ char *before = kernel_tree(), *after = NULL;

	(void)state;
	assert_int_equal(create_at(0), 0);
	assert_only_region("region0", WINDOW_START);
	assert_true(run_undo_all(&bench.run));
	after = kernel_tree();
	assert_string_equal(after, before);
	assert_int_equal(create_at(WINDOW_START), 0);
	assert_only_region("region0", WINDOW_START);
}

/* The kernel hands out the lowest addresses: what lies lower is held meanwhile. */
static void a_region_gets_a_place_above_free_space(void **state)
{
	_cleanup_free_ char *before = kernel_tree(), *after = NULL;

	(void)state;
	assert_int_equal(create_at(WINDOW_START + SIZE), 0);
	assert_only_region("region1", WINDOW_START + SIZE);
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(count_regions(), 0);
	after = kernel_tree();
	assert_string_equal(after, before);
}

static void free_space_is_held_piece_by_piece(void **state)
{
	(void)state;
	assert_int_equal(create_at(WINDOW_START + 2 * SIZE + BLOCK), 0);
	assert_only_region("region3", WINDOW_START + 2 * SIZE + BLOCK);
	assert_contains(writes, "region1/size=268435456\n"
				"decoder0.0/create_ram_region=region2\n"
				"region2/interleave_ways=1\n"
				"region2/size=268435456\n"
				"region2/size=0\n"
				"region2/interleave_ways=1\n"
				"region2/size=134217728\n");
	assert_contains(writes, "decoder0.0/delete_region=region2\n"
				"decoder0.0/delete_region=region1\n"
				"decoder0.0/delete_region=region0\n");
}

/* A gap smaller than the region is held by one of the least ways that the window allows. */
static void a_small_gap_is_held_by_fewer_ways(void **state)
{
	(void)state;
	kernel_plug_second();
	bench.step.create_region.ways = 2;
	bench.step.create_region.targets[1] = (struct region_target){.memdev = "mem1",
								     .decoder = "decoder3.0"};
	assert_int_equal(create_at(WINDOW_START + BLOCK), 0);
	assert_contains(writes, "region0/interleave_ways=2\n"
				"region0/size=268435456\n"
				"region0/size=0\n"
				"region0/interleave_ways=1\n"
				"region0/size=134217728\n");
	assert_int_equal(number_of(cxl("region1", "resource")), WINDOW_START + BLOCK);
	assert_int_equal(number_of(cxl("region1", "interleave_ways")), 2);
	assert_int_equal(number_of(cxl("decoder3.0", "dpa_size")), BLOCK);
	assert_int_equal(count_regions(), 1);
	/* A window over two bridges has nothing of one way. */
	run_undo_all(&bench.run);
	writes[0] = '\0';
	write_number_to(cxl("decoder0.0", "interleave_ways"), 2);
	assert_int_equal(create_at(WINDOW_START + BLOCK), 0);
	assert_contains(writes, "region0/size=0\n"
				"region0/interleave_ways=2\n"
				"region0/size=134217728\n");
	assert_int_equal(count_regions(), 1);
}

static void a_place_that_was_taken_meanwhile_is_told(void **state)
{
	(void)state;
	make_folders(sysfs("bus/cxl/devices/region7"));
	write_number_to(cxl("region7", "resource"), WINDOW_START + BLOCK);
	write_number_to(cxl("region7", "size"), SIZE);
	assert_int_equal(create_at(WINDOW_START + SIZE), -EBUSY);
	assert_contains(bench.error.message,
			"region0 lies at 0x1018000000 and not at 0x1010000000: somebody else has "
			"taken that place meanwhile");
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(count_regions(), 1);
	assert_true(exists(cxl("region7", "size")));
}

/* It does not go on forever, and leaves nothing. */
static void a_place_too_far_away_is_given_up(void **state)
{
	(void)state;
	bench.step.create_region.size = BLOCK;
	assert_int_equal(create_at(WINDOW_START + 16 * BLOCK), 0);
	assert_int_equal(number_of(cxl("region16", "resource")), WINDOW_START + 16 * BLOCK);
	assert_int_equal(count_regions(), 1);
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(create_at(WINDOW_START + 17 * BLOCK), -EBUSY);
	assert_contains(bench.error.message, "no place at 0x1088000000 after 16 attempts");
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(count_regions(), 0);
}

/* A filler that cannot be destroyed is told; the undo knows it still. */
static void what_holds_a_place_is_not_forgotten(void **state)
{
	(void)state;
	fault.path = "*/delete_region";
	fault.errnum = EBUSY;
	assert_int_equal(create_at(WINDOW_START + SIZE), -EBUSY);
	assert_int_equal(count_regions(), 2);
	assert_int_equal(undo_count(), 2);
	fault.path = NULL;
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(count_regions(), 0);
}

/* --- the name is somebody else's --- */

static void take_name(const char *path, const char *value)
{
	(void)value;
	if (!strstr(path, "create_ram_region") || fault.counted)
		return;
	fault.counted++;
	write_text(cxl("region0", "commit"), "0\n");
	write_text(cxl("region0", "size"), "0x0\n");
	write_text(cxl("region0", "target0"), "decoder9.0\n");
	offer_region_name();
}

static void a_name_that_another_program_took_is_left_to_it(void **state)
{
	(void)state;
	fault.before = take_name;
	assert_int_equal(create_at(0), 0);
	assert_string_equal(bench.made[0], "region1");
	assert_int_equal(undo_count(), 1);
	assert_true(run_undo_all(&bench.run));
	assert_true(exists(cxl("region0", "commit")));
	assert_false(exists(cxl("region1", "commit")));
}

static void a_window_that_never_gives_a_name_is_given_up(void **state)
{
	(void)state;
	fault.path = "*/create_ram_region";
	fault.errnum = EBUSY;
	fault.writes = 0;
	assert_int_equal(create_at(0), -EBUSY);
	assert_int_equal(fault.writes, 3);
	assert_int_equal(undo_count(), 0);
	/* Another reason is no reason to try again. */
	fault.errnum = EPERM;
	fault.writes = 0;
	assert_int_equal(create_at(0), -EPERM);
	assert_int_equal(fault.writes, 1);
	assert_int_equal(undo_count(), 0);
}

/* --- a hypervisor --- */

static void assert_explained(const char *cpuinfo, bool explained)
{
	if (cpuinfo)
		write_text(at(bench.kmemd->procfs, "cpuinfo"), cpuinfo);
	assert_int_equal(create_at(0), -ENXIO);
	assert_int_equal(!!strstr(bench.error.message, "under a hypervisor"), explained);
	assert_true(run_undo_all(&bench.run));
}

static void why_a_hypervisor_commits_no_region(void **state)
{
	(void)state;
	fault.path = "*/commit";
	fault.value = "1";
	fault.errnum = ENXIO;
	assert_explained(NULL, false);
	assert_explained("processor: 0\nflags : fpu hypervisor sse\n", true);
	assert_explained("processor: 0\nflags : fpu sse\nbugs : hypervisor\n", false);
	assert_explained("model name : hypervisor hypervisor\n", false);
	fault.errnum = EBUSY;
	assert_int_equal(create_at(0), -EBUSY);
	assert_null(strstr(bench.error.message, "hypervisor"));
}

#define with_kernel(test) cmocka_unit_test_setup_teardown(test, setup_region, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_kernel(a_region_lies_where_the_kernel_puts_it),
		with_kernel(a_region_gets_a_place_above_free_space),
		with_kernel(free_space_is_held_piece_by_piece),
		with_kernel(a_small_gap_is_held_by_fewer_ways),
		with_kernel(a_place_that_was_taken_meanwhile_is_told),
		with_kernel(a_place_too_far_away_is_given_up),
		with_kernel(what_holds_a_place_is_not_forgotten),
		with_kernel(a_name_that_another_program_took_is_left_to_it),
		with_kernel(a_window_that_never_gives_a_name_is_given_up),
		with_kernel(why_a_hypervisor_commits_no_region),
	};

	return cmocka_run_group_tests_name("create_region", tests, NULL, NULL);
}
