// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for capacity that is not memory yet: new regions, and where the memmap goes. */
#include "plan-fixture.h"

/* --- new regions
 * -------------------------------------------------------------------------------------------------
 */

static void free_capacity_becomes_a_region_that_is_online(void **state)
{
	struct machine machine = {0};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	const struct step *steps = planned.plan.steps.items;

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "create-region mem0; bind; online");
	assert_string_equal(steps[0].create_region.root_decoder, "decoder0.0");
	assert_string_equal(steps[0].create_region.targets[0].decoder, "decoder2.0");
	assert_int_equal(steps[0].create_region.size, GIB);
	assert_int_equal(steps[0].lost_bytes, 0);
	assert_int_equal(steps[0].why, KEY_CREATE);
	assert_string_equal(steps[1].bind.driver, "kmem");
	assert_int_equal(steps[1].bind.memmap, TRISTATE_YES);
	assert_int_equal(steps[1].device_bytes, 16 * MIB);
	assert_int_equal(steps[1].dram_bytes, 0);
	assert_int_equal(steps[1].why, KEY_MODE);
	assert_int_equal(steps[2].blocks.zone, ZONE_MOVABLE);
	assert_int_equal(steps[2].blocks.count, 8);
	assert_int_equal(steps[2].why, KEY_ZONE);
	release(&planned);
}

static void what_is_no_multiple_of_256_mib_is_lost(void **state)
{
	struct machine machine = {.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1174405120}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].create_region.size, GIB);
	assert_int_equal(planned.plan.steps.items[0].lost_bytes, 96 * MIB);
	release(&planned);
	/* Of what is free: the rest of a memdev that holds a region already. */
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1174405120, 'ram_allocated': 268435456}";
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	assert_int_equal(planned.plan.steps.items[0].create_region.size, 768 * MIB);
	assert_int_equal(planned.plan.steps.items[0].lost_bytes, 96 * MIB);
	release(&planned);
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 268435455}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
}

static void only_what_is_free_becomes_a_region(void **state)
{
	struct machine machine = {
		.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 536870912}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].create_region.size, 512 * MIB);
	assert_int_equal(planned.plan.steps.items[2].blocks.count, 4);
	release(&planned);
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 1073741824}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 2147483648}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
}

static void a_region_is_created_only_when_the_policy_says_so(void **state)
{
	struct machine machine = {0};

	(void)state;
	assert_plan(&machine,
		    "[Match]\nKind=cxl-ram\n[Region]\nCreate=no\n[Memory]\nMode=system-ram\n",
		    "mem0", GOAL_POLICY, "");
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=system-ram\n", "mem0",
		    GOAL_POLICY, "create-region mem0; bind; online");
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n", "mem0", GOAL_POLICY,
		    "");
	assert_plan(&machine,
		    "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=ignore\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine,
		    "[Match]\nKind=hmem\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine,
		    "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=devdax\n", "mem0",
		    GOAL_POLICY, "create-region mem0; bind");
}

static void a_memdev_that_is_not_ready_is_waited_for(void **state)
{
	struct machine machine = {.memdevs = "{'memdev': 'mem0', 'serial': 1, 'ram_size': "
					     "1073741824, 'enabled': false}"};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "mem0 is not ready yet");
}

static void without_a_free_decoder_it_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = "{'memdev': 'mem0', 'serial': 1, 'ram_size': 1073741824, 'enabled': "
			   "true, 'free_decoder': '', 'ram_allocated': 536870912}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "mem0 has 512 MiB of free capacity and no free HDM decoder");
}

static void without_room_in_the_window_it_is_refused(void **state)
{
	struct machine machine = {
		.root_decoders =
			"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
			"'ways': 1, 'size': 8589934592, 'largest_free': 536870912, 'memdevs': "
			"['mem0']}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "no free HPA for a region of 1 GiB: the largest free part of the CXL window "
		       "decoder0.0 is 512 MiB of 8 GiB");
}

static void a_window_has_to_fit_in_every_way(void **state)
{
	static const char *const unfit[] = {
		"",
		"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
		"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem1']}",
		"{'decoder': 'decoder0.0', 'volatile_capable': false, 'creates_ram': true, "
		"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem0']}",
		"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
		"'ways': 2, 'largest_free': 4294967296, 'memdevs': ['mem0', 'mem1']}"};
	static const char *const why[] = {"no CXL window for volatile memory reaches mem0",
					  "no CXL window for volatile memory reaches mem0",
					  "no CXL window for volatile memory reaches mem0",
					  "decoder0.0, interleaves over 2 host bridges"};
	struct machine machine = {0};

	(void)state;
	for (size_t i = 0; i < array_size(unfit); i++) {
		machine.root_decoders = unfit[i];
		assert_refused(&machine, RAM_POLICY, "mem0", why[i]);
	}
}

static void the_first_window_with_room_is_taken(void **state)
{
	struct machine machine = {
		.root_decoders =
			"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
			"'ways': 1, 'largest_free': 0, 'memdevs': ['mem0']}, "
			"{'decoder': 'decoder0.1', 'volatile_capable': true, 'creates_ram': false, "
			"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem0']}, "
			"{'decoder': 'decoder0.2', 'volatile_capable': true, 'creates_ram': true, "
			"'ways': 1, 'largest_free': 1073741824, 'memdevs': ['mem1', 'mem0']}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(planned.plan.steps.items[0].create_region.root_decoder, "decoder0.2");
	release(&planned);
}

static void linux_6_1_cannot_create_volatile_regions(void **state)
{
	struct machine machine = {
		.host = "'kernel': '6.1.0-test', 'block_size': 134217728",
		.root_decoders =
			"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': false, "
			"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem0']}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "Linux 6.1.0-test cannot create volatile CXL regions (6.3 and later can)");
}

/* --- the memmap
 * --------------------------------------------------------------------------------------------------
 */

/* A dax device of a region in the given state, and the memmap that a plan wants for it. */
struct memmap_case {
	const char *host, *dax, *policy;
	enum tristate wanted;
};

static void assert_memmap_step(const struct memmap_case *one)
{
	struct machine machine = {
		.host = one->host,
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = one->dax,
	};
	struct planned planned = make(&machine, one->policy, "mem0", GOAL_POLICY);

	if (planned.plan.refusal[0])
		fail_msg("%s", planned.plan.refusal);
	assert_string_equal(steps_text(&planned.plan), "bind dax0.0; online dax0.0");
	assert_int_equal(planned.plan.steps.items[0].bind.memmap, one->wanted);
	assert_int_equal(planned.plan.steps.items[0].device_bytes,
			 one->wanted == TRISTATE_YES ? 8 * MIB : 0);
	assert_int_equal(planned.plan.steps.items[0].dram_bytes,
			 one->wanted == TRISTATE_YES ? 0 : 8 * MIB);
	assert_int_equal(planned.plan.steps.items[1].blocks.count, 4);
	release(&planned);
}

#define HOST_WITHOUT_PARAMETER                                                                     \
	"'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': false, 'kmem': "           \
	"'kmemd', 'memory_available': 1073741824"
#define DEVDAX(memmap)                                                                             \
	"{" DAX_TEXT ", 'driver': 'device_dax', 'memmap_on_memory': " memmap ", " ABSENT "}"
#define DEVDAX_WITHOUT_SWITCH "{" DAX_TEXT ", 'driver': 'device_dax', " ABSENT "}"

static void the_memmap_goes_where_the_policy_wants_it(void **state)
{
	static const struct memmap_case cases[] = {
		{NULL, DEVDAX("false"), WITH_MEMMAP("yes"), TRISTATE_YES},
		{NULL, DEVDAX("true"), WITH_MEMMAP("yes"), TRISTATE_YES},
		{NULL, DEVDAX("true"), WITH_MEMMAP("no"), TRISTATE_NO},
		{NULL, DEVDAX("false"), WITH_MEMMAP("no"), TRISTATE_NO},
		{NULL, DEVDAX("false"), WITH_MEMMAP("auto"), TRISTATE_YES},
		{NULL, DEVDAX("false"), RAM_POLICY, TRISTATE_YES},
		{NULL, DEVDAX_WITHOUT_SWITCH, RAM_POLICY, TRISTATE_UNKNOWN},
		{NULL, DEVDAX_WITHOUT_SWITCH, WITH_MEMMAP("no"), TRISTATE_UNKNOWN},
		{HOST_WITHOUT_PARAMETER, DEVDAX("true"), RAM_POLICY, TRISTATE_UNKNOWN},
		{HOST_WITHOUT_PARAMETER, DEVDAX("true"), WITH_MEMMAP("no"), TRISTATE_NO},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_memmap_step(&cases[i]);
}

static void a_memmap_that_cannot_be_had_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = DEVDAX_WITHOUT_SWITCH,
	};

	(void)state;
	assert_refused(
		&machine, WITH_MEMMAP("yes"), "mem0",
		"MemmapOnMemory=yes is not possible: dax0.0 has no memmap_on_memory switch on "
		"Linux 6.12 with the kmemd kmem");
	machine.host = HOST_WITHOUT_PARAMETER;
	machine.dax = DEVDAX("true");
	assert_refused(&machine, WITH_MEMMAP("yes"), "mem0",
		       "booted with memory_hotplug.memmap_on_memory off");
	machine = (struct machine){.host = HOST_WITHOUT_PARAMETER};
	assert_refused(&machine, WITH_MEMMAP("yes"), "mem0",
		       "booted with memory_hotplug.memmap_on_memory off");
}

static void a_memmap_that_does_not_fit_in_dram_is_refused(void **state)
{
	struct machine machine = {
		.host = "'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': true, "
			"'kmem': 'kmemd', 'memory_available': 8388607",
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = DEVDAX("false"),
	};

	(void)state;
	assert_refused(&machine, WITH_MEMMAP("no"), "mem0", "the memmap would take 8 MiB of DRAM");
	assert_refused(&machine, WITH_MEMMAP("no"), "mem0", "MemmapOnMemory=yes puts it");
	assert_plan(&machine, WITH_MEMMAP("yes"), "mem0", GOAL_POLICY,
		    "bind dax0.0; online dax0.0");
	machine.host = "'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': true, "
		       "'kmem': 'kmemd', 'memory_available': 8388608";
	assert_plan(&machine, WITH_MEMMAP("no"), "mem0", GOAL_POLICY, "bind dax0.0; online dax0.0");
	/* A region that is yet to be made: 1 GiB needs 16 MiB. */
	machine = (struct machine){
		.host = "'kernel': '6.12', 'block_size': 134217728, "
			"'memmap_on_memory': false, 'memory_available': 16777215"};
	assert_refused(&machine, RAM_POLICY, "mem0", "the memmap would take 16 MiB of DRAM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_capacity_becomes_a_region_that_is_online),
		cmocka_unit_test(what_is_no_multiple_of_256_mib_is_lost),
		cmocka_unit_test(only_what_is_free_becomes_a_region),
		cmocka_unit_test(a_region_is_created_only_when_the_policy_says_so),
		cmocka_unit_test(a_memdev_that_is_not_ready_is_waited_for),
		cmocka_unit_test(without_a_free_decoder_it_is_refused),
		cmocka_unit_test(without_room_in_the_window_it_is_refused),
		cmocka_unit_test(a_window_has_to_fit_in_every_way),
		cmocka_unit_test(the_first_window_with_room_is_taken),
		cmocka_unit_test(linux_6_1_cannot_create_volatile_regions),
		cmocka_unit_test(the_memmap_goes_where_the_policy_wants_it),
		cmocka_unit_test(a_memmap_that_cannot_be_had_is_refused),
		cmocka_unit_test(a_memmap_that_does_not_fit_in_dram_is_refused),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
