// SPDX-License-Identifier: GPL-2.0-or-later
/* What is in the steps of a plan for policy beside their order: switches, costs, notes, holds. */
#include "plan-fixture.h"

#define PRESENT(dax_text)                                                                          \
	{                                                                                          \
		.memdevs = FULL_MEMDEV, .regions = REGION, .dax = "{" DAX_TEXT ", " dax_text "}"   \
	}
#define UNBOUND_RAM "'driver': '', 'memmap_on_memory': false, " ABSENT
#define WITHOUT_PARAMETER                                                                          \
	"'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': false, "                   \
	"'memory_available': 1073741824"

static const struct step *find_step(const struct planned *planned, enum step_type type)
{
	array_foreach(step, &planned->plan.steps)
		if (step->type == type)
			return step;
	fail_msg("no such step: %s (%s)", steps_text(&planned->plan), planned->plan.refusal);
	return NULL;
}

/* --- the hold on the kernel's own onlining --- */

static void the_kernel_onlines_where_policy_wants_memory(void **state)
{
	static const struct {
		const char *policy, *word;
	} cases[] = {
		{RAM_POLICY, "online_movable"},
		{RAM_POLICY "Zone=kernel\n", "online_kernel"},
		{RAM_POLICY "Online=no\n", "offline"},
		{WITH_MEMMAP("yes"), "online_movable"},
		/* The memmap may have to move off the device. */
		{WITH_MEMMAP("no"), "offline"},
		{"[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n", "offline"},
	};
	struct machine machine = {0};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct planned planned = make(&machine, cases[i].policy, "mem0", GOAL_POLICY);

		assert_string_equal(planned.plan.auto_online, cases[i].word);
		release(&planned);
	}
}

/* --- the memmap's switch --- */

/* Of what is there, and of what a region is to make. */
static void only_who_says_yes_insists_on_the_switch(void **state)
{
	struct machine machines[] = {{0},
				     PRESENT("'driver': '', 'memmap_on_memory': true, " ABSENT)};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct planned yes = make(&machines[i], WITH_MEMMAP("yes"), "mem0", GOAL_POLICY);
		struct planned any = make(&machines[i], WITH_MEMMAP("auto"), "mem0", GOAL_POLICY);

		assert_true(find_step(&yes, STEP_BIND)->bind.insists);
		assert_int_equal(find_step(&yes, STEP_BIND)->bind.memmap, TRISTATE_YES);
		assert_false(find_step(&any, STEP_BIND)->bind.insists);
		release(&yes);
		release(&any);
	}
}

static void devdax_leaves_the_switch_alone(void **state)
{
	struct machine machine = PRESENT(UNBOUND_RAM);
	struct planned planned = make(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n",
				      "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(find_step(&planned, STEP_BIND)->bind.driver, "device_dax");
	assert_int_equal(find_step(&planned, STEP_BIND)->bind.memmap, TRISTATE_UNKNOWN);
	release(&planned);
}

/* Who asked for DRAM knows where it goes. */
static void the_cure_at_boot_is_told_where_nobody_chose_dram(void **state)
{
	struct machine machines[] = {{.host = WITHOUT_PARAMETER}, PRESENT(UNBOUND_RAM)};
	struct machine able = {0};

	(void)state;
	machines[1].host = WITHOUT_PARAMETER;
	for (unsigned int i = 0; i < 2; i++) {
		struct planned planned = make(&machines[i], WITH_MEMMAP("no"), "mem0", GOAL_POLICY);

		assert_string_equal(planned.plan.note, "");
		release(&planned);
		assert_note(&machines[i], WITH_MEMMAP("auto"), "mem0",
			    "boot with memory_hotplug.memmap_on_memory=on");
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct planned planned = make(&able, i ? WITH_MEMMAP("no") : WITH_MEMMAP("auto"),
					      "mem0", GOAL_POLICY);

		assert_string_equal(planned.plan.note, "");
		release(&planned);
	}
}

/* --- blocks --- */

/* What the kernel put online before may be stuck, and keeps nothing else from being done. */
static void what_was_online_elsewhere_may_stay(void **state)
{
	static const struct {
		const char *dax;
		unsigned int count;
		bool keep;
	} cases[] = {
		{"'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS("movable", "kernel",
								       "offline", "movable"),
		 2, true},
		{"'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS("movable", "offline",
								       "offline", "offline"),
		 3, false},
		{"'driver': '', 'memmap_on_memory': true, " ABSENT, 4, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char dax[1024];
		struct machine machine = {.memdevs = FULL_MEMDEV, .regions = REGION, .dax = dax};
		struct planned planned;

		snprintf(dax, sizeof(dax), "{" DAX_TEXT ", %s}", cases[i].dax);
		planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
		assert_int_equal(find_step(&planned, STEP_ONLINE)->blocks.count, cases[i].count);
		assert_int_equal(find_step(&planned, STEP_ONLINE)->blocks.keep, cases[i].keep);
		assert_string_equal(planned.plan.note, "");
		release(&planned);
	}
}

/* A region of 512 MiB that begins in the middle of a block has three whole ones. */
static void what_a_region_off_the_blocks_loses_is_told(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': true, 'start': 68786585600, 'size': "
			   "536870912, 'targets': [{'memdev': 'mem0'}]}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "enable-region region0; bind; online");
	assert_int_equal(find_step(&planned, STEP_BIND)->lost_bytes, BLOCK);
	assert_int_equal(find_step(&planned, STEP_ONLINE)->blocks.count, 3);
	release(&planned);
}

static void a_region_that_holds_no_block_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': true, 'size': 67108864, 'targets': "
			   "[{'memdev': 'mem0'}]}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "region0 (64 MiB) holds no whole memory block of 128 MiB");
}

/* --- what is left alone --- */

static void a_region_with_memory_and_without_a_driver_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': true, 'size': 536870912, "
			   "'online_blocks': 2, 'targets': [{'memdev': 'mem0'}]}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "2 memory blocks of region0 are online although it has no driver");
}

static void memory_without_a_node_is_refused_unless_kmem_has_it(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.dax = "{'dax': 'dax0.0', 'parent': 'hmem', 'size': 536870912, 'target_node': -1, "
		       "'driver': '', " ABSENT "}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "dax0.0", "dax0.0 has no memory node");
	machine.dax = "{'dax': 'dax0.0', 'parent': 'hmem', 'size': 536870912, 'target_node': -1, "
		      "'driver': 'kmem', " MOVABLE "}";
	assert_plan(&machine, RAM_POLICY, "dax0.0", GOAL_POLICY, "");
}

/* Of an interleaved region the first memdev decides about its dax devices, too. */
static void dax_devices_are_their_regions_speakers(void **state)
{
	struct machine machine = {
		.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 536870912, 'ram_allocated': 536870912}, "
			   "{'memdev': 'mem1', 'host': '0000:0e:00.0', 'serial': 2, 'ram_size': "
			   "536870912, 'ram_allocated': 536870912, 'enabled': true}",
		.regions = "{'region': 'region0', 'committed': true, 'enabled': true, 'size': "
			   "536870912, 'targets': [{'memdev': 'mem1'}, {'memdev': 'mem0'}]}",
		.dax = "{" DAX_TEXT ", " UNBOUND_RAM "}"};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem1", GOAL_POLICY, "bind dax0.0; online dax0.0");
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "region0 is interleaved; mem1 speaks for it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_onlines_where_policy_wants_memory),
		cmocka_unit_test(only_who_says_yes_insists_on_the_switch),
		cmocka_unit_test(devdax_leaves_the_switch_alone),
		cmocka_unit_test(the_cure_at_boot_is_told_where_nobody_chose_dram),
		cmocka_unit_test(what_was_online_elsewhere_may_stay),
		cmocka_unit_test(what_a_region_off_the_blocks_loses_is_told),
		cmocka_unit_test(a_region_that_holds_no_block_is_refused),
		cmocka_unit_test(a_region_with_memory_and_without_a_driver_is_refused),
		cmocka_unit_test(memory_without_a_node_is_refused_unless_kmem_has_it),
		cmocka_unit_test(dax_devices_are_their_regions_speakers),
	};

	return cmocka_run_group_tests_name("plan_details", tests, NULL, NULL);
}
