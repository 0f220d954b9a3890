// SPDX-License-Identifier: GPL-2.0-or-later
/* The set that a person asks for by hand: which windows take it, and why not. */
#include "sets-machine.h"

#include "plan/choose-set.h"

static struct machine_of four_below_two_bridges(void)
{
	return (struct machine_of){
		.spots = {AT(0, 0), AT(0, 1), AT(1, 0), AT(1, 1)},
		.count = 4,
		.windows = {ONE(0), ONE(1), BOTH(1024)},
		.window_count = 3,
	};
}

static void assert_set(const struct machine_of *machine, const struct kmemd_region_request *request,
		       const char *expected, uint64_t size, unsigned int granularity)
{
	struct kmemd_inventory *inventory = make_machine(machine);
	struct kmemd_error error = {0};
	struct region_sets sets;

	if (set_of_request(inventory, request, &sets, &error) < 0)
		fail_msg("%s", error.message);
	assert_string_equal(sets_text(&sets), expected);
	assert_int_equal(sets.sets.items[0].place.size, size);
	assert_int_equal(sets.sets.items[0].granularity, granularity);
	for (unsigned int i = 0; i < sets.sets.items[0].ways; i++)
		assert_ptr_equal(set_of(&sets, sets.sets.items[0].members[i]), &sets.sets.items[0]);
	sets_release(&sets);
	kmemd_inventory_free(inventory);
}

static void assert_no_set(const struct machine_of *machine,
			  const struct kmemd_region_request *request, const char *why)
{
	struct kmemd_inventory *inventory = make_machine(machine);
	struct kmemd_error error = {0};
	struct region_sets sets;

	assert_true(set_of_request(inventory, request, &sets, &error) < 0);
	assert_contains(error.message, why);
	sets_release(&sets);
	kmemd_inventory_free(inventory);
}

#define REQUEST(...) (&(struct kmemd_region_request){.memdevs = (char *[]){__VA_ARGS__, NULL}})

static void exactly_these_and_in_the_order_of_the_kernel(void **state)
{
	const struct machine_of machine = four_below_two_bridges();

	(void)state;
	assert_set(&machine, REQUEST("mem1"), "decoder0.0: 0-1--1", GIB, 256);
	assert_set(&machine, REQUEST("mem3", "mem2"), "decoder0.1: 1-0--1 1-1--1", 2 * GIB, 256);
	assert_set(&machine, REQUEST("mem3", "mem0"), "decoder0.2: 0-0--1 1-1--1", 2 * GIB, 1024);
	assert_set(&machine, REQUEST("mem3", "mem1", "mem2", "mem0"),
		   "decoder0.2: 0-0--1 1-0--1 0-1--1 1-1--1", 4 * GIB, 1024);
}

static void the_smallest_says_how_large(void **state)
{
	struct machine_of machine = four_below_two_bridges();
	struct kmemd_region_request request = {.memdevs = (char *[]){"mem0", "mem1", NULL}};

	(void)state;
	machine.spots[1].mib = 768;
	assert_set(&machine, &request, "decoder0.0: 0-0--1 0-1--1", 1536 * MIB, 256);
	request.size = 512 * MIB;
	assert_set(&machine, &request, "decoder0.0: 0-0--1 0-1--1", 512 * MIB, 256);
	request.size = 768 * MIB;
	assert_no_set(&machine, &request, "allowed are multiples of 512 MiB up to 1.5 GiB");
	request.size = 2 * GIB;
	assert_no_set(&machine, &request, "a region of 2 GiB cannot lie on mem0, mem1");
}

static void the_window_and_the_granularity_can_be_said(void **state)
{
	const struct machine_of machine = four_below_two_bridges();
	struct kmemd_region_request request = {
		.memdevs = (char *[]){"mem0", "mem1", NULL},
		.granularity = 4096,
		.root_decoder = "decoder0.0",
	};

	(void)state;
	assert_set(&machine, &request, "decoder0.0: 0-0--1 0-1--1", 2 * GIB, 4096);
	request.root_decoder = "decoder0.1";
	assert_no_set(&machine, &request, "no CXL window for volatile memory reaches all of them");
	request.root_decoder = "decoder0.7";
	assert_no_set(&machine, &request, "there is no root decoder 'decoder0.7'");
	request.root_decoder = NULL;
	request.memdevs = (char *[]){"mem0", "mem2", NULL};
	assert_no_set(&machine, &request,
		      "a granularity of 4096 is not possible in their CXL window, 1024 is");
}

static void what_no_window_takes_is_refused_with_the_reason(void **state)
{
	struct machine_of machine = four_below_two_bridges();

	(void)state;
	/* Two below one bridge, and one below the other. */
	assert_no_set(&machine, REQUEST("mem0", "mem1", "mem2"),
		      "the CXL window decoder0.2 takes 2 of them, or that times a power of two");
	machine.window_count = 1;
	assert_no_set(&machine, REQUEST("mem0", "mem2"),
		      "no CXL window for volatile memory reaches all of them");
	machine = (struct machine_of){
		.spots = {AT(0, 0), AT(0, 1), AT(0, 2), AT(1, 0)},
		.count = 4,
		.windows = {BOTH(256)},
		.window_count = 1,
	};
	assert_no_set(&machine, REQUEST("mem0", "mem1", "mem2", "mem3"), "not spread evenly");
	machine.spots[3].absent = true;
	assert_no_set(&machine, REQUEST("mem0", "mem3"), "mem3 is not ready yet");
	machine.spots[3] = (struct spot){1, 0, NO_SWITCH, 128, false};
	assert_no_set(&machine, REQUEST("mem0", "mem3"), "mem3 has no free volatile capacity");
	assert_no_set(&machine, REQUEST("mem0", "mem9"), "no device is called 'mem9'");
	assert_no_set(&machine, REQUEST("mem0", "mem0"), "mem0 is named twice");
}

static void a_region_has_at_most_sixteen_members(void **state)
{
	struct machine_of machine = {.count = 17, .windows = {ONE(0)}, .window_count = 1};
	char names[17][8], *list[18] = {NULL};

	(void)state;
	for (int i = 0; i < 17; i++) {
		machine.spots[i] = (struct spot){0, i, NO_SWITCH, 1024, false};
		snprintf(names[i], sizeof(names[i]), "mem%d", i);
		list[i] = names[i];
	}
	assert_no_set(&machine, &(struct kmemd_region_request){.memdevs = list},
		      "a region lies on at most 16 memdevs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_these_and_in_the_order_of_the_kernel),
		cmocka_unit_test(the_smallest_says_how_large),
		cmocka_unit_test(the_window_and_the_granularity_can_be_said),
		cmocka_unit_test(what_no_window_takes_is_refused_with_the_reason),
		cmocka_unit_test(a_region_has_at_most_sixteen_members),
	};

	return cmocka_run_group_tests_name("choose-set", tests, NULL, NULL);
}
