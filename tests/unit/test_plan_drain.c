// SPDX-License-Identifier: GPL-2.0-or-later
/* What a drain takes away, in which order, and what keeps it from being taken away. */
#include "plan-fixture.h"

#include "plan/plan-drain.h"

/* mem0 with these endpoint decoders; their ids are their places in it. */
#define MEMDEV(decoders) "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'decoders': [" decoders "]}"
#define HOLDS(id, mode, region)                                                                    \
	"{'decoder': 'decoder2." id "', 'id': " id ", 'dpa_size': 268435456, 'mode': '" mode       \
	"', 'region': '" region "'}"
#define STRANDED(id) HOLDS(id, "ram", "")
#define MORE(id, more)                                                                             \
	"{'decoder': 'decoder2." id "', 'id': " id ", 'dpa_size': 268435456, 'mode': 'ram', " more \
	"}"
#define AT(name, start, more)                                                                      \
	"{'region': '" name "', 'root_decoder': 'decoder0.0', 'start': " start                     \
	", 'size': 268435456, 'ways': 1, 'committed': true, 'enabled': true, 'targets': "          \
	"[{'memdev': 'mem0'}]" more "}"
#define DAX(name, origin, driver, more)                                                            \
	"{'dax': '" name "', 'parent': 'cxl', 'origin': '" origin "', 'driver': '" driver          \
	"', 'size': 268435456" more "}"
#define TWO_ONLINE ", 'blocks': [{'index': 8, 'state': 'movable'}, {'index': 9, 'state': 'kernel'}]"

static void drains(const struct machine *machine, const char *steps)
{
	assert_plan(machine, RAM_POLICY, "mem0", GOAL_DRAIN, steps);
}

static void is_refused(const struct machine *machine, const char *device, const char *why)
{
	struct planned planned = make(machine, RAM_POLICY, device, GOAL_DRAIN);

	assert_contains(planned.plan.refusal, why);
	assert_string_equal(steps_text(&planned.plan), "");
	release(&planned);
}

/* --- dax devices --- */

static void a_driver_is_taken_away_and_the_region_after_it(void **state)
{
	struct machine machine = {.regions = AT("region0", "1073741824", "")};

	(void)state;
	machine.dax = DAX("dax0.0", "region0", "device_dax", "");
	drains(&machine, "unbind dax0.0; destroy-region region0");
	machine.dax = DAX("dax0.0", "region0", "", "");
	drains(&machine, "destroy-region region0");
	machine.dax = DAX("dax0.0", "region0", "kmem", TWO_ONLINE);
	drains(&machine, "offline dax0.0; unbind dax0.0; destroy-region region0");
}

static void what_is_no_expanders_becomes_devdax(void **state)
{
	struct machine machine = {.memdevs = ""};

	(void)state;
	machine.dax = "{'dax': 'dax0.0', 'parent': 'hmem', 'driver': '', 'size': 268435456}";
	assert_plan(&machine, RAM_POLICY, "dax0.0", GOAL_DRAIN, "bind dax0.0");
	machine.dax = "{'dax': 'dax0.0', 'parent': 'hmem', 'driver': 'device_dax', "
		      "'size': 268435456}";
	assert_plan(&machine, RAM_POLICY, "dax0.0", GOAL_DRAIN, "");
}

static void the_steps_say_what_they_take_away(void **state)
{
	struct machine machine = {.regions = AT("region0", "1073741824", ""),
				  .dax = DAX("dax0.0", "region0", "kmem", TWO_ONLINE)};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].blocks.count, 2);
	assert_string_equal(planned.plan.steps.items[1].unbind.driver, "kmem");
	release(&planned);
	machine.dax = DAX("dax0.0", "region0", "device_dax", "");
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);
	assert_string_equal(planned.plan.steps.items[0].unbind.driver, "device_dax");
	release(&planned);
}

static void memory_that_is_online_without_kmem_is_refused(void **state)
{
	struct machine machine = {.regions = AT("region0", "1073741824", "")};

	(void)state;
	machine.dax = DAX("dax0.0", "region0", "device_dax", TWO_ONLINE);
	is_refused(&machine, "mem0",
		   "2 memory blocks of dax0.0 are online although it is bound to device_dax");
	machine.dax = DAX("dax0.0", "region0", "", TWO_ONLINE);
	is_refused(&machine, "mem0", "although it is bound to no driver");
}

/* The first refusal is the last word: nothing of the device is touched. */
static void one_device_that_is_refused_keeps_the_others(void **state)
{
	struct machine machine = {.memdevs = MEMDEV(STRANDED("0")),
				  .regions = AT("region0", "1073741824", ""),
				  .dax = DAX("dax0.0", "region0", "fsdev_dax",
					     "") ", " DAX("dax0.1", "region0", "kmem", TWO_ONLINE)};

	(void)state;
	is_refused(&machine, "mem0", "dax0.0 is held by the driver fsdev_dax");
}

/* --- regions --- */

static void what_is_online_beside_the_dax_devices_is_refused(void **state)
{
	struct machine machine = {
		.regions = AT("region0", "1073741824",
			      ", 'online_blocks': 5, 'first_online': 8") ", " AT("region1",
										 "2147483648", ""),
		.dax = DAX("dax0.0", "region0", "kmem", TWO_ONLINE) ", " DAX("dax1.0", "region1",
									     "kmem", TWO_ONLINE)};

	(void)state;
	is_refused(&machine, "mem0",
		   "3 memory blocks of region0 are online and belong to no dax device of it, "
		   "memory8 first");
	machine.regions = AT("region0", "1073741824", ", 'online_blocks': 2");
	machine.dax = DAX("dax0.0", "region0", "kmem", TWO_ONLINE);
	drains(&machine, "offline dax0.0; unbind dax0.0; destroy-region region0");
}

static void a_refused_region_frees_no_decoder(void **state)
{
	struct machine machine = {.memdevs = MEMDEV(STRANDED("0")),
				  .regions = AT("region0", "1073741824", ", 'online_blocks': 1")};

	(void)state;
	is_refused(&machine, "mem0", "1 memory blocks of region0 are online");
}

static void without_decoders_the_highest_address_goes_first(void **state)
{
	struct machine machine = {
		.regions = AT("region1", "1073741824", "") ", " AT(
			"region0", "2147483648", "") ", " AT("region2", "1073741824", "")};

	(void)state;
	drains(&machine, "destroy-region region0; destroy-region region2; destroy-region region1");
}

/* --- the order of capacity --- */

static void only_what_lies_behind_buries_a_region(void **state)
{
	struct machine machine = {.regions = AT("region1", "1073741824", "")};

	(void)state;
	machine.memdevs = MEMDEV(HOLDS("0", "pmem", "region7") ", " HOLDS("1", "ram", "region1"));
	drains(&machine, "destroy-region region1");
	machine.memdevs = MEMDEV(HOLDS("0", "ram", "region1") ", {'decoder': 'decoder2.1', 'id': "
							      "1, 'region': 'region7'}");
	drains(&machine, "destroy-region region1");
	machine.memdevs = MEMDEV(HOLDS("0", "ram", "region1") ", " HOLDS("1", "ram", "region7"));
	drains(&machine, "");
}

/* What no region has, and is volatile, is freed on the way; persistent capacity is not ours. */
static void what_a_decoder_keeps_without_a_region_buries_too(void **state)
{
	struct machine machine = {.regions = AT("region1", "1073741824", "")};
	struct planned planned;

	(void)state;
	machine.memdevs = MEMDEV(HOLDS("0", "ram", "region1") ", " STRANDED("1"));
	drains(&machine, "free-decoder decoder2.1; destroy-region region1");
	machine.memdevs = MEMDEV(HOLDS("0", "ram", "region1") ", " HOLDS("1", "pmem", ""));
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);
	assert_string_equal(steps_text(&planned.plan), "");
	assert_contains(planned.plan.note, "its capacity lies before that of decoder2.1");
	release(&planned);
}

static void stranded_capacity_is_freed_in_its_place(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV(STRANDED("0") ", " HOLDS("1", "ram", "region1") ", " STRANDED(
			"2") ", " HOLDS("3", "ram", "region3") ", " STRANDED("4")),
		.regions = AT("region1", "1073741824", "") ", " AT("region3", "2147483648", "")};

	(void)state;
	drains(&machine, "free-decoder decoder2.4; destroy-region region3; free-decoder "
			 "decoder2.2; destroy-region region1; free-decoder decoder2.0");
}

static void only_volatile_capacity_that_nothing_uses_is_freed(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV(
			HOLDS("0", "mixed", "") ", " MORE("1", "'locked': true") ", " MORE(
				"2", "'size': 268435456, 'start': 4294967296") ", {'decoder': "
									       "'decoder2.3', "
									       "'id': 3}")};

	(void)state;
	drains(&machine, "");
}

static void a_freed_decoder_says_how_much_it_held(void **state)
{
	struct machine machine = {.memdevs = MEMDEV(STRANDED("0"))};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].shape.size, 256 * MIB);
	release(&planned);
}

/* --- one region of several --- */

static struct planned make_region(const struct machine *machine, const char *name, enum goal goal)
{
	struct planned planned = {.inventory = build(machine), .policy = policy_of(RAM_POLICY)};
	const struct region *region;
	const struct device *device;
	struct decision decision;
	struct kmemd_error error;

	assert_int_equal(drain_find_region(planned.inventory, name, &device, &region, &error), 0);
	policy_decide(planned.policy, &planned.inventory->host, device, &decision);
	assert_int_equal(plan_make_of_region(planned.inventory, device, region, &decision, goal,
					     &planned.plan),
			 0);
	return planned;
}

static void assert_region(const struct machine *machine, const char *name, enum goal goal,
			  const char *steps, const char *refusal, const char *note)
{
	struct planned planned = make_region(machine, name, goal);

	assert_string_equal(steps_text(&planned.plan), steps);
	assert_string_equal(planned.plan.refusal, refusal);
	assert_string_equal(planned.plan.note, note);
	release(&planned);
}

static void one_region_goes_and_the_others_stay(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV(HOLDS("0", "ram", "region0") ", " HOLDS(
			"1", "ram", "region1") ", " STRANDED("2")),
		.regions = AT("region0", "1073741824", "") ", " AT("region1", "2147483648", ""),
		.dax = DAX("dax0.0", "region0", "kmem", TWO_ONLINE) ", " DAX("dax1.0", "region1",
									     "kmem", ""),
	};

	(void)state;
	/* Capacity without a region lies behind both. */
	assert_region(&machine, "region1", GOAL_DESTROY_REGION, "",
		      "region1 cannot be destroyed before decoder2.2, which holds capacity behind "
		      "it",
		      "");
	machine.memdevs = MEMDEV(HOLDS("0", "ram", "region0") ", " HOLDS("1", "ram", "region1"));
	assert_region(&machine, "region1", GOAL_DESTROY_REGION,
		      "unbind dax1.0; destroy-region region1", "", "");
	assert_region(&machine, "region1", GOAL_DRAIN_REGION,
		      "unbind dax1.0; destroy-region region1", "", "");
	assert_region(&machine, "region0", GOAL_DRAIN_REGION, "offline dax0.0; unbind dax0.0", "",
		      "region0 stays, offline and without a driver: its capacity lies before that "
		      "of region1, which stays");
	assert_region(&machine, "region0", GOAL_DESTROY_REGION, "",
		      "2 memory blocks of dax0.0 are online: with --force they are taken offline "
		      "first",
		      "");
	machine.dax = DAX("dax0.0", "region0", "fsdev_dax", "") ", " DAX("dax1.0", "region1",
									 "kmem", "");
	assert_region(&machine, "region1", GOAL_DESTROY_REGION,
		      "unbind dax1.0; destroy-region region1", "", "");
	assert_region(&machine, "region0", GOAL_DRAIN_REGION, "",
		      "dax0.0 is held by the driver fsdev_dax, which is somebody else's", "");
}

static void a_locked_region_is_drained_and_not_destroyed(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV(HOLDS("0", "ram", "region0")),
		.regions = AT("region0", "1073741824", ", 'locked': true"),
		.dax = DAX("dax0.0", "region0", "kmem", ""),
	};

	(void)state;
	assert_region(&machine, "region0", GOAL_DESTROY_REGION, "",
		      "region0 is locked by firmware: it cannot be destroyed", "");
	assert_region(&machine, "region0", GOAL_DRAIN_REGION, "unbind dax0.0", "",
		      "region0 is locked by firmware: it stays, offline and without a driver");
}

static void a_persistent_region_is_not_kmemds_to_destroy(void **state)
{
	struct machine machine = {.regions = AT("region0", "1073741824", ", 'persistent': true")};
	struct kmemd_inventory *inventory = build(&machine);
	const struct device *device;
	const struct region *region;
	struct kmemd_error error;

	(void)state;
	assert_int_equal(drain_find_region(inventory, "region0", &device, &region, &error),
			 -EOPNOTSUPP);
	assert_contains(error.message, "'cxl destroy-region' does that");
	assert_int_equal(drain_find_region(inventory, "region1", &device, &region, &error),
			 -ENODEV);
	assert_contains(error.message, "no CXL region is called 'region1'");
	kmemd_inventory_free(inventory);
}

/* --- other roads --- */

#define OCCUPIED(name, start)                                                                      \
	"{" WINDOW_TEXT ", 'free': [], 'occupants': [{'name': '" name "', 'start': " start         \
	", 'size': 268435456}]}"

/* A decoder of 256 MiB from 4 GiB on. */
static void what_firmware_gave_as_ordinary_memory_is_refused(void **state)
{
	struct machine machine = {.memdevs = MEMDEV(MORE("0", "'size': 268435456, 'start': "
							      "4294967296"))};

	(void)state;
	machine.root_decoders = OCCUPIED("System RAM", "4294967296");
	is_refused(&machine, "mem0",
		   "firmware gave what decoder2.0 holds to the kernel as "
		   "ordinary System RAM (from 0x100000000)");
	machine.root_decoders = OCCUPIED("System RAM", "4563402751");
	is_refused(&machine, "mem0", "ordinary System RAM");
	machine.root_decoders = OCCUPIED("System RAM", "4026531841");
	is_refused(&machine, "mem0", "ordinary System RAM");
	/* What only touches it, or is something else, is not in it. */
	machine.root_decoders = OCCUPIED("System RAM", "4563402752");
	drains(&machine, "");
	machine.root_decoders = OCCUPIED("System RAM", "4026531840");
	drains(&machine, "");
	machine.root_decoders = OCCUPIED("Soft Reserved", "4294967296");
	drains(&machine, "");
}

/* A region's memory is System RAM, too, when it is online. */
static void a_regions_own_memory_is_not_firmwares(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV(MORE("0", "'size': 268435456, 'start': 4294967296, 'region': "
					    "'region0'")),
		.root_decoders = OCCUPIED("System RAM", "4294967296"),
		.regions = AT("region0", "4294967296", "")};

	(void)state;
	drains(&machine, "destroy-region region0");
}

/* Offline or not: a region that is gone would leave System RAM that nothing decodes. */
static void a_region_that_firmware_gave_as_memory_stays(void **state)
{
	struct machine machine = {
		.regions = AT("region0", "4294967296",
			      ", 'plain_ram': true, 'online_blocks': 4, 'first_online': 32")};
	struct planned planned;

	(void)state;
	is_refused(&machine, "mem0",
		   "firmware gave what region0 holds to the kernel as ordinary System RAM");
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	assert_contains(planned.plan.note, "firmware gave the memory of region0");
	release(&planned);
	machine.regions = AT("region0", "4294967296", ", 'plain_ram': true");
	is_refused(&machine, "mem0", "ordinary System RAM");
}

static void assert_drain_note(const struct machine *machine, const char *note)
{
	struct planned planned = make(machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	assert_string_equal(planned.plan.refusal, "");
	if (note[0])
		assert_contains(planned.plan.note, note);
	else
		assert_string_equal(planned.plan.note, "");
	release(&planned);
}

static void persistent_capacity_that_stays_in_use_is_told(void **state)
{
	struct machine machine = {
		.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 268435456, 'pmem_size': 268435456}, "
			   "{'memdev': 'mem1', 'serial': 5, 'pmem_size': 268435456}"};

	(void)state;
	machine.regions = AT("region7", "1073741824", ", 'persistent': true");
	assert_drain_note(&machine, "region7");
	machine.regions = AT("region7", "1073741824", "");
	assert_drain_note(&machine, "");
	machine.regions = "{'region': 'region7', 'persistent': true, 'targets': [{'memdev': "
			  "'mem1'}]}";
	assert_drain_note(&machine, "");
}

/* --- memory with nothing behind it --- */

/* Nothing is added by it: the kernel's lists of that zone are left alone. */
static void a_drain_is_possible_beside_memory_with_nothing_behind_it(void **state)
{
	struct machine machine = {
		.regions = AT("region0", "1073741824", "") ", {'region': 'region9', 'start': "
							   "8589934592, 'size': 268435456, "
							   "'lost_blocks': 2}",
		.dax = DAX("dax0.0", "region0", "kmem", TWO_ONLINE)};

	(void)state;
	drains(&machine, "offline dax0.0; unbind dax0.0; destroy-region region0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_is_taken_away_and_the_region_after_it),
		cmocka_unit_test(what_is_no_expanders_becomes_devdax),
		cmocka_unit_test(the_steps_say_what_they_take_away),
		cmocka_unit_test(memory_that_is_online_without_kmem_is_refused),
		cmocka_unit_test(one_device_that_is_refused_keeps_the_others),
		cmocka_unit_test(what_is_online_beside_the_dax_devices_is_refused),
		cmocka_unit_test(a_refused_region_frees_no_decoder),
		cmocka_unit_test(without_decoders_the_highest_address_goes_first),
		cmocka_unit_test(only_what_lies_behind_buries_a_region),
		cmocka_unit_test(what_a_decoder_keeps_without_a_region_buries_too),
		cmocka_unit_test(stranded_capacity_is_freed_in_its_place),
		cmocka_unit_test(only_volatile_capacity_that_nothing_uses_is_freed),
		cmocka_unit_test(a_freed_decoder_says_how_much_it_held),
		cmocka_unit_test(one_region_goes_and_the_others_stay),
		cmocka_unit_test(a_locked_region_is_drained_and_not_destroyed),
		cmocka_unit_test(a_persistent_region_is_not_kmemds_to_destroy),
		cmocka_unit_test(what_firmware_gave_as_ordinary_memory_is_refused),
		cmocka_unit_test(a_regions_own_memory_is_not_firmwares),
		cmocka_unit_test(a_region_that_firmware_gave_as_memory_stays),
		cmocka_unit_test(persistent_capacity_that_stays_in_use_is_told),
		cmocka_unit_test(a_drain_is_possible_beside_memory_with_nothing_behind_it),
	};

	return cmocka_run_group_tests_name("plan_drain", tests, NULL, NULL);
}
