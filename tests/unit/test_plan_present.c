// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for memory that is there: zones, modes, regions, NVDIMM, HMEM, drains. */
#include "inventory/inventory.h"
#include "plan-fixture.h"
#include "policy/decide.h"
#include "policy/policy.h"

/* --- memory that is there already
 * --------------------------------------------------------------------------------- */

static void what_is_done_already_needs_no_step(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " MOVABLE "}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_plan(&machine, WITH_MEMMAP("yes"), "mem0", GOAL_POLICY, "");
	machine.dax = "{" DAX_TEXT ", 'driver': 'device_dax', " ABSENT "}";
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n", "mem0", GOAL_POLICY,
		    "");
}

#define ONLINE_NO RAM_POLICY "Online=no\n"

/* Bound and left offline; from then on the blocks are another program's. */
static void with_online_no_nothing_is_put_online(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': '', " ABSENT "}",
	};
	struct planned planned = make(&machine, ONLINE_NO, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "bind dax0.0");
	assert_string_equal(planned.plan.auto_online, "offline");
	release(&planned);
	machine.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " MOVABLE "}";
	assert_plan(&machine, ONLINE_NO, "mem0", GOAL_POLICY, "");
	assert_plan(&machine, ONLINE_NO "Zone=kernel\nMemmapOnMemory=no\n", "mem0", GOAL_POLICY,
		    "");
	machine = (struct machine){0};
	planned = make(&machine, ONLINE_NO, "mem0", GOAL_POLICY);
	assert_string_equal(steps_text(&planned.plan), "create-region mem0; bind");
	assert_string_equal(planned.plan.auto_online, "offline");
	release(&planned);
}

static void blocks_in_the_wrong_zone_or_offline_are_onlined(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS(
			"movable", "kernel", "offline", "mixed") "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "online dax0.0");
	assert_int_equal(planned.plan.steps.items[0].blocks.count, 3);
	assert_int_equal(planned.plan.steps.items[0].blocks.zone, ZONE_MOVABLE);
	release(&planned);
	planned = make(&machine, RAM_POLICY "Zone=kernel\n", "mem0", GOAL_POLICY);
	assert_string_equal(steps_text(&planned.plan), "online dax0.0");
	assert_int_equal(planned.plan.steps.items[0].blocks.count, 3);
	assert_int_equal(planned.plan.steps.items[0].blocks.zone, ZONE_KERNEL);
	release(&planned);
}

static void blocks_that_the_driver_did_not_add_are_noted(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS(
			"movable", "movable", "movable", "absent") "}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "1 of 4 blocks of dax0.0 were not added");
}

static void another_memmap_takes_the_memory_out_and_in_again(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " MOVABLE "}",
	};

	(void)state;
	assert_plan(&machine, WITH_MEMMAP("no"), "mem0", GOAL_POLICY,
		    "offline dax0.0; bind dax0.0; online dax0.0");
	machine.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': false, " MOVABLE "}";
	assert_plan(&machine, WITH_MEMMAP("yes"), "mem0", GOAL_POLICY,
		    "offline dax0.0; bind dax0.0; online dax0.0");
	/* auto never takes memory out of use for that. */
	assert_plan(&machine, WITH_MEMMAP("auto"), "mem0", GOAL_POLICY, "");
	machine.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': false, " BLOCKS(
		"offline", "offline", "offline", "offline") "}";
	assert_plan(&machine, WITH_MEMMAP("auto"), "mem0", GOAL_POLICY,
		    "bind dax0.0; online dax0.0");
}

static void another_mode_takes_the_memory_out(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT
		       ", 'driver': 'kmem', " BLOCKS("movable", "offline", "kernel", "absent") "}",
	};
	struct planned planned = make(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n",
				      "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "offline dax0.0; bind dax0.0");
	assert_int_equal(planned.plan.steps.items[0].blocks.count, 2);
	assert_int_equal(planned.plan.steps.items[0].why, KEY_MODE);
	assert_string_equal(planned.plan.steps.items[1].bind.driver, "device_dax");
	release(&planned);
	machine.dax = "{" DAX_TEXT ", 'driver': '', " ABSENT "}";
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n", "mem0", GOAL_POLICY,
		    "bind dax0.0");
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "bind dax0.0; online dax0.0");
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n", "mem0", GOAL_POLICY,
		    "");
}

static void a_device_smaller_than_a_block_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 67108864, "
		       "'driver': 'device_dax', 'blocks': []}",
	};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "dax0.0 (64 MiB) holds no whole memory block of 128 MiB");
}

static void what_alignment_costs_is_told(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 538968064, "
		       "'driver': 'device_dax', 'memmap_on_memory': true, " ABSENT "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].lost_bytes, 2 * MIB);
	release(&planned);
}

/* --- regions
 * -----------------------------------------------------------------------------------------------------
 */

static void memory_with_nothing_behind_it_is_told_and_left(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.regions = "{'region': 'region1', 'size': 536870912, 'start': 4294967296, "
			   "'lost_blocks': 4}",
	};

	(void)state;
	for (enum goal goal = GOAL_POLICY; goal <= GOAL_DRAIN; goal++) {
		struct planned planned = make(&machine, RAM_POLICY, "region1", goal);

		assert_int_equal(planned.plan.steps.count, 0);
		assert_contains(planned.plan.refusal, "pulled out while 4 of its memory blocks");
		assert_contains(planned.plan.refusal, "take memory32 and up offline");
		release(&planned);
	}
}

static void no_memory_is_added_beside_memory_with_nothing_behind_it(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': true, 'enabled': false, 'size': "
			   "1073741824, 'targets': [{'memdev': 'mem0'}]}, {'region': 'region1', "
			   "'size': 536870912, 'start': 4294967296, 'lost_blocks': 4}",
	};
	struct planned planned;

	(void)state;
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	assert_int_equal(planned.plan.steps.count, 0);
	assert_contains(planned.plan.refusal, "region1 was pulled out");
	release(&planned);
}

static void a_region_without_a_driver_is_enabled(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': true, 'enabled': false, 'size': "
			   "1073741824, 'targets': [{'memdev': 'mem0'}]}",
	};
	struct planned planned;

	(void)state;
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	assert_string_equal(planned.plan.refusal, "");
	assert_int_equal(planned.plan.steps.count, 3);
	assert_int_equal(planned.plan.steps.items[0].type, STEP_ENABLE_REGION);
	assert_int_equal(planned.plan.steps.items[1].type, STEP_BIND);
	assert_int_equal(planned.plan.steps.items[2].type, STEP_ONLINE);
	assert_string_equal(planned.plan.steps.items[0].target.name, "region0");
	release(&planned);
}

static void a_region_that_is_not_committed_is_left_alone(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': false, 'enabled': false, 'targets': "
			   "[{'memdev': 'mem0'}]}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "region0 is not committed");
}

static void the_first_memdev_speaks_for_an_interleaved_region(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"interleaved.json");
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(RAM_POLICY);
	struct decision decision;
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		policy_decide(policy, &inventory->host, &inventory->devices.items[i], &decision);
		assert_int_equal(plan_make(inventory, &inventory->devices.items[i], &decision,
					   GOAL_POLICY, &plan),
				 0);
		assert_string_equal(plan.refusal, "");
		assert_string_equal(steps_text(&plan), i ? "" : "online dax0.0");
		if (i)
			assert_contains(plan.note, "region0 is interleaved; mem0 speaks for it");
		plan_release(&plan);
	}
}

/* --- NVDIMM, HMEM
 * ------------------------------------------------------------------------------------------------
 */

#define NAMED	  "[Match]\nUuid=" UUID "\n[Memory]\nMode=system-ram\n"
#define NAMESPACE "'namespace': 'namespace0.0', 'uuid': '" UUID "', 'size': 536870912"

static void a_devdax_namespace_becomes_system_ram_and_devdax_again(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.namespaces = "{" NAMESPACE ", 'mode': 'devdax', 'dax': 'dax1.0'}",
		.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'size': 536870912, 'driver': "
		       "'device_dax', 'memmap_on_memory': false, " ABSENT "}",
	};

	(void)state;
	assert_plan(&machine, NAMED, UUID, GOAL_POLICY, "bind dax1.0; online dax1.0");
	machine.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'size': 536870912, 'driver': 'kmem', "
		      "'memmap_on_memory': true, " MOVABLE "}";
	assert_plan(&machine, NAMED, UUID, GOAL_POLICY, "");
	assert_plan(&machine, "[Match]\nUuid=" UUID "\n[Memory]\nMode=devdax\n", UUID, GOAL_POLICY,
		    "offline dax1.0; bind dax1.0");
}

static void a_namespace_that_is_not_devdax_is_never_converted(void **state)
{
	static const char *const modes[] = {"fsdax", "sector", "raw"};
	struct machine machine = {.memdevs = ""};
	char namespace[256], why[64];

	(void)state;
	for (size_t i = 0; i < array_size(modes); i++) {
		snprintf(namespace, sizeof(namespace), "{" NAMESPACE ", 'mode': '%s'}", modes[i]);
		machine.namespaces = namespace;
		snprintf(why, sizeof(why), "namespace0.0 is a %s namespace", modes[i]);
		assert_refused(&machine, NAMED, UUID, why);
		assert_refused(&machine, NAMED, UUID, "would destroy what is on it");
		assert_refused(&machine, "[Match]\nUuid=" UUID "\n[Memory]\nMode=devdax\n", UUID,
			       why);
		assert_plan(&machine, NAMED, UUID, GOAL_DRAIN, "");
	}
}

static void a_namespace_that_is_disabled_is_called_so(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.namespaces = "{" NAMESPACE ", 'mode': 'raw', 'disabled': true}",
	};

	(void)state;
	assert_refused(&machine, NAMED, UUID, "'ndctl enable-namespace namespace0.0' enables it");
	assert_plan(&machine, NAMED, UUID, GOAL_DRAIN, "");
}

static void persistent_cxl_capacity_is_refused_even_by_name(void **state)
{
	struct machine machine = {.memdevs = "{" MEMDEV_TEXT ", 'pmem_size': 1073741824}"};

	(void)state;
	assert_refused(&machine,
		       "[Match]\nSerial=0x1234\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n",
		       "mem0", "persistent CXL capacity needs a region and a namespace first");
	assert_plan(&machine, "[Match]\nSerial=0x1234\n[Memory]\nMode=ignore\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "");
	/* A region of it that has no driver does not get one either. */
	machine.regions =
		"{'region': 'region0', 'persistent': true, 'root_decoder': 'decoder0.0', 'size': "
		"536870912, 'ways': 1, 'committed': true, 'enabled': false, 'targets': "
		"[{'memdev': 'mem0', 'decoder': 'decoder2.0'}]}";
	assert_refused(&machine, "[Match]\nSerial=0x1234\n[Memory]\nMode=system-ram\n", "mem0",
		       "persistent CXL capacity needs a region and a namespace first");
}

static void hmem_is_bound_and_onlined(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.dax = "{'dax': 'dax0.0', 'parent': 'hmem', 'size': 536870912, 'driver': "
		       "'device_dax', 'memmap_on_memory': false, " ABSENT "}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "dax0.0", GOAL_POLICY, "bind dax0.0; online dax0.0");
}

/* --- drain
 * -------------------------------------------------------------------------------------------------------
 */

static void draining_an_expander_frees_its_region(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT
		       ", 'driver': 'kmem', " BLOCKS("movable", "offline", "kernel", "mixed") "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	(void)state;
	assert_string_equal(steps_text(&planned.plan),
			    "offline dax0.0; unbind dax0.0; destroy-region region0");
	assert_int_equal(planned.plan.steps.items[0].blocks.count, 3);
	array_foreach(step, &planned.plan.steps)
		assert_int_equal(step->why, KEY_COUNT);
	release(&planned);
	machine.dax = "{" DAX_TEXT
		      ", 'driver': 'kmem', " BLOCKS("offline", "offline", "offline", "absent") "}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN,
		    "unbind dax0.0; destroy-region region0");
	machine.dax = "{" DAX_TEXT ", 'driver': '', " ABSENT "}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "destroy-region region0");
	machine.regions = machine.dax = NULL;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "");
}

/* What policy says does not count: a person wants the device out. */
static void draining_needs_no_policy(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', " MOVABLE "}",
	};

	(void)state;
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n", "mem0", GOAL_DRAIN,
		    "offline dax0.0; unbind dax0.0; destroy-region region0");
	assert_plan(&machine, "[Match]\nKind=dax\n[Memory]\nMode=ignore\n", "mem0", GOAL_DRAIN,
		    "offline dax0.0; unbind dax0.0; destroy-region region0");
}

static void draining_anything_else_makes_it_devdax(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.namespaces = "{" NAMESPACE ", 'mode': 'devdax', 'dax': 'dax1.0'}",
		.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'size': 536870912, 'driver': "
		       "'kmem', " MOVABLE
		       "}, {'dax': 'dax2.0', 'parent': 'hmem', 'size': 536870912, 'driver': "
		       "'kmem', " MOVABLE "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, UUID, GOAL_DRAIN);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "offline dax1.0; bind dax1.0");
	assert_string_equal(planned.plan.steps.items[1].bind.driver, "device_dax");
	release(&planned);
	assert_plan(&machine, RAM_POLICY, "dax2.0", GOAL_DRAIN, "offline dax2.0; bind dax2.0");
	machine.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'driver': 'device_dax', " ABSENT "}";
	assert_plan(&machine, RAM_POLICY, UUID, GOAL_DRAIN, "");
}

/* --- words
 * -------------------------------------------------------------------------------------------------------
 */

static void steps_are_told_in_words(void **state)
{
	static const struct {
		struct step step;
		const char *text;
	} cases[] = {
		{{.type = STEP_CREATE_REGION,
		  .target.name = "mem0",
		  .create_region = {.root_decoder = "decoder0.0",
				    .targets = {{.decoder = "decoder2.0"}},
				    .ways = 1,
				    .size = GIB}},
		 "create a region of 1 GiB on mem0 (window decoder0.0, decoder decoder2.0)"},
		{{.type = STEP_ENABLE_REGION, .target.name = "region0"}, "enable region0"},
		{{.type = STEP_OFFLINE, .target.name = "dax0.0", .blocks.count = 3},
		 "offline 3 memory blocks of dax0.0"},
		{{.type = STEP_BIND, .bind.driver = "kmem", .bind.memmap = TRISTATE_YES},
		 "bind the new dax device to kmem with its memmap on the device"},
		{{.type = STEP_BIND,
		  .target.name = "dax0.0",
		  .bind.driver = "kmem",
		  .bind.memmap = TRISTATE_NO},
		 "bind dax0.0 to kmem with its memmap in DRAM"},
		{{.type = STEP_BIND,
		  .target.name = "dax0.0",
		  .bind.driver = "device_dax",
		  .bind.memmap = TRISTATE_UNKNOWN},
		 "bind dax0.0 to device_dax"},
		{{.type = STEP_UNBIND, .target.name = "dax0.0"}, "unbind dax0.0 from kmem"},
		{{.type = STEP_ONLINE,
		  .target.name = "dax0.0",
		  .blocks = {.count = 8, .zone = ZONE_KERNEL}},
		 "online 8 memory blocks of dax0.0 in the kernel zone"},
		{{.type = STEP_DESTROY_REGION, .target.name = "region0"},
		 "destroy region0 and free its decoders"},
	};
	char text[192], tiny[8];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		step_text(&cases[i].step, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		step_text(&cases[i].step, tiny, sizeof(tiny));
		assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
		assert_non_null(step_operations(cases[i].step.type)->undo_text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_done_already_needs_no_step),
		cmocka_unit_test(with_online_no_nothing_is_put_online),
		cmocka_unit_test(blocks_in_the_wrong_zone_or_offline_are_onlined),
		cmocka_unit_test(blocks_that_the_driver_did_not_add_are_noted),
		cmocka_unit_test(another_memmap_takes_the_memory_out_and_in_again),
		cmocka_unit_test(another_mode_takes_the_memory_out),
		cmocka_unit_test(a_device_smaller_than_a_block_is_refused),
		cmocka_unit_test(what_alignment_costs_is_told),
		cmocka_unit_test(a_region_without_a_driver_is_enabled),
		cmocka_unit_test(memory_with_nothing_behind_it_is_told_and_left),
		cmocka_unit_test(no_memory_is_added_beside_memory_with_nothing_behind_it),
		cmocka_unit_test(a_region_that_is_not_committed_is_left_alone),
		cmocka_unit_test(the_first_memdev_speaks_for_an_interleaved_region),
		cmocka_unit_test(a_devdax_namespace_becomes_system_ram_and_devdax_again),
		cmocka_unit_test(a_namespace_that_is_not_devdax_is_never_converted),
		cmocka_unit_test(a_namespace_that_is_disabled_is_called_so),
		cmocka_unit_test(persistent_cxl_capacity_is_refused_even_by_name),
		cmocka_unit_test(hmem_is_bound_and_onlined),
		cmocka_unit_test(draining_an_expander_frees_its_region),
		cmocka_unit_test(draining_needs_no_policy),
		cmocka_unit_test(draining_anything_else_makes_it_devdax),
		cmocka_unit_test(steps_are_told_in_words),
	};

	return cmocka_run_group_tests_name("plan_present", tests, NULL, NULL);
}
