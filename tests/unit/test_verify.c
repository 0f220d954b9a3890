// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel shows after a job against what was wanted, block by block. */
#include "fixture.h"

#include "base/error.h"
#include "inventory/inventory.h"
#include "plan/verify-policy.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "policy/policy.h"

#define RAM_POLICY  "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n"
#define DRIVER_KMEM "'driver': 'kmem', 'memmap_on_memory': true, "

/* One expander whose capacity is in region0, and dax0.0 of it with these members and these two
 * blocks. */
static struct kmemd_inventory *machine(const char *dax, const char *first, const char *second)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "{'version': 1, 'host': {'block_size': 134217728, 'memmap_on_memory': true, "
		 "'memory_available': 1073741824}, 'memdevs': [{'memdev': 'mem0', 'serial': 4660, "
		 "'ram_size': 268435456, 'ram_allocated': 268435456, 'enabled': true}], "
		 "'regions': [{'region': 'region0', 'committed': true, 'enabled': true, "
		 "'targets': [{'memdev': 'mem0'}]}], "
		 "'dax': [{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': "
		 "268435456, "
		 "%s 'blocks': [{'index': 32, 'state': '%s'}, {'index': 33, 'state': '%s'}]}]}",
		 dax, first, second);
	return inventory_of(text);
}

static int check(const struct kmemd_inventory *inventory, const char *text, const char *identity,
		 enum goal goal, struct kmemd_error *error)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(text);
	struct decision decision = {.settings = default_settings};

	if (inventory->devices.count)
		policy_decide(policy, &inventory->host, inventory->devices.items, &decision);
	/* All of the device, as after a part that made everything of it. */
	char names[][DEVICE_NAME_MAX] = {"region0", "dax0.0"};
	const struct verify_scope scope = {names, array_size(names), true};

	return verify_policy(inventory, identity, &decision, goal, &scope, error);
}

static void assert_good(struct kmemd_inventory *inventory, const char *policy, enum goal goal)
{
	struct kmemd_error error = {0};

	if (check(inventory, policy, "cxl-ram:0x1234", goal, &error) < 0)
		fail_msg("%s", error.message);
	kmemd_inventory_free(inventory);
}

static void assert_bad(struct kmemd_inventory *inventory, const char *policy, enum goal goal,
		       const char *message)
{
	struct kmemd_error error = {0};

	assert_int_equal(check(inventory, policy, "cxl-ram:0x1234", goal, &error), -EIO);
	assert_int_equal(error.result, KMEMD_FAILED);
	assert_contains(error.message, message);
	kmemd_inventory_free(inventory);
}

static void all_blocks_in_the_zone_are_good(void **state)
{
	(void)state;
	assert_good(machine(DRIVER_KMEM, "movable", "movable"), RAM_POLICY, GOAL_POLICY);
	assert_good(machine(DRIVER_KMEM, "kernel", "kernel"), RAM_POLICY "Zone=kernel\n",
		    GOAL_POLICY);
	assert_good(machine(DRIVER_KMEM, "movable", "absent"), RAM_POLICY, GOAL_POLICY);
}

/* Mixed zones never pass as success. */
static void a_block_in_another_zone_is_named(void **state)
{
	(void)state;
	assert_bad(machine(DRIVER_KMEM, "movable", "kernel"), RAM_POLICY, GOAL_POLICY,
		   "memory33 of dax0.0 is kernel and should be movable");
	assert_bad(machine(DRIVER_KMEM, "offline", "movable"), RAM_POLICY, GOAL_POLICY,
		   "memory32 of dax0.0 is offline and should be movable");
	assert_bad(machine(DRIVER_KMEM, "kernel", "mixed"), RAM_POLICY "Zone=kernel\n", GOAL_POLICY,
		   "memory33 of dax0.0 is mixed and should be kernel");
	assert_bad(machine(DRIVER_KMEM, "movable", "movable"), RAM_POLICY "Zone=kernel\n",
		   GOAL_POLICY, "memory32 of dax0.0 is movable and should be kernel");
}

static void a_device_without_any_block_is_not_good(void **state)
{
	(void)state;
	assert_bad(machine(DRIVER_KMEM, "absent", "absent"), RAM_POLICY, GOAL_POLICY,
		   "dax0.0 has no memory blocks in kmem");
}

static void another_driver_is_named(void **state)
{
	(void)state;
	assert_bad(machine("'driver': 'device_dax',", "absent", "absent"), RAM_POLICY, GOAL_POLICY,
		   "dax0.0 is bound to device_dax and should be to kmem");
	assert_bad(machine("", "absent", "absent"), RAM_POLICY, GOAL_POLICY,
		   "dax0.0 is bound to no driver and should be to kmem");
}

#define IN_DRAM	  "'kmem': {'memmap_dram_bytes': 4194304, 'memmap_device_bytes': 0}, "
#define ON_DEVICE "'kmem': {'memmap_dram_bytes': 0, 'memmap_device_bytes': 4194304}, "

static void a_memmap_in_the_wrong_place_is_named(void **state)
{
	(void)state;
	assert_bad(machine(DRIVER_KMEM IN_DRAM, "movable", "movable"),
		   RAM_POLICY "MemmapOnMemory=yes\n", GOAL_POLICY,
		   "the memmap of dax0.0 is in DRAM (counted by the driver) and should be on the "
		   "device");
	assert_bad(machine(DRIVER_KMEM ON_DEVICE, "movable", "movable"),
		   RAM_POLICY "MemmapOnMemory=no\n", GOAL_POLICY,
		   "the memmap of dax0.0 is on the device (counted by the driver) and should be in "
		   "DRAM");
	assert_good(machine(DRIVER_KMEM ON_DEVICE, "movable", "movable"),
		    RAM_POLICY "MemmapOnMemory=yes\n", GOAL_POLICY);
	assert_good(machine(DRIVER_KMEM IN_DRAM, "movable", "movable"), RAM_POLICY, GOAL_POLICY);
}

static void a_device_that_is_gone_is_told(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = machine(
		DRIVER_KMEM, "movable", "movable");
	struct kmemd_error error = {0};

	(void)state;
	assert_int_equal(check(inventory, RAM_POLICY, "cxl-ram:0x9999", GOAL_POLICY, &error),
			 -ENODEV);
	assert_int_equal(error.result, KMEMD_NO_DEVICE);
	assert_string_equal(error.message, "cxl-ram:0x9999 is gone");
}

/* A region that the plan made and that is not there is not forgotten, though there is no block to
 * look at. */
static void what_is_left_to_plan_was_not_done(void **state)
{
	static const char fresh[] =
		"{'version': 1, 'host': {'block_size': 134217728, 'memmap_on_memory': true}, "
		"'memdevs': [{'memdev': 'mem0', 'serial': 4660, 'ram_size': 268435456, 'enabled': "
		"true, 'free_decoder': 'decoder2.0'}], 'root_decoders': [{'decoder': 'decoder0.0', "
		"'volatile_capable': true, 'creates_ram': true, 'ways': 1, 'largest_free': "
		"%s, 'memdevs': ['mem0']}]}";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), fresh, "4294967296");
	assert_bad(inventory_of(text), RAM_POLICY, GOAL_POLICY,
		   "the kernel still shows work to do: create a region of 256 MiB on mem0");
	snprintf(text, sizeof(text), fresh, "0");
	assert_bad(inventory_of(text), RAM_POLICY, GOAL_POLICY, "no free HPA");
	assert_bad(machine(DRIVER_KMEM, "offline", "offline"),
		   "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n", GOAL_POLICY,
		   "still shows work to do: bind dax0.0 to device_dax");
}

/* What another part of the plan was about, or nobody, is not this one's failure. */
static void what_is_out_of_scope_is_not_looked_at(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(RAM_POLICY);
	char others[][DEVICE_NAME_MAX] = {"region9", "dax9.0"}, own[][DEVICE_NAME_MAX] = {"dax0.0"};
	const struct verify_scope other = {others, array_size(others), false};
	const struct verify_scope ours = {own, array_size(own), false};
	struct kmemd_inventory *inventory = machine("'driver': '', ", "absent", "absent");
	struct decision decision = {.settings = default_settings};
	struct kmemd_error error = {0};

	(void)state;
	policy_decide(policy, &inventory->host, inventory->devices.items, &decision);
	assert_int_equal(
		verify_policy(inventory, "cxl-ram:0x1234", &decision, GOAL_POLICY, &other, &error),
		0);
	assert_int_equal(
		verify_policy(inventory, "cxl-ram:0x1234", &decision, GOAL_POLICY, &ours, &error),
		-EIO);
	assert_contains(error.message, "dax0.0 is bound to no driver");
	kmemd_inventory_free(inventory);
}

static void a_drained_device_has_nothing_left(void **state)
{
	static const char drained[] =
		"{'version': 1, 'host': {'block_size': 134217728}, 'memdevs': [{'memdev': 'mem0', "
		"'serial': 4660, 'ram_size': 268435456, 'enabled': true}]}";

	(void)state;
	assert_good(inventory_of(drained), RAM_POLICY, GOAL_DRAIN);
	assert_bad(machine(DRIVER_KMEM, "offline", "movable"), RAM_POLICY, GOAL_DRAIN,
		   "still shows work to do: offline 1 memory blocks of dax0.0");
	assert_bad(machine("", "absent", "absent"), RAM_POLICY, GOAL_DRAIN,
		   "still shows work to do: destroy region0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_blocks_in_the_zone_are_good),
		cmocka_unit_test(a_block_in_another_zone_is_named),
		cmocka_unit_test(a_device_without_any_block_is_not_good),
		cmocka_unit_test(another_driver_is_named),
		cmocka_unit_test(a_memmap_in_the_wrong_place_is_named),
		cmocka_unit_test(a_device_that_is_gone_is_told),
		cmocka_unit_test(what_is_left_to_plan_was_not_done),
		cmocka_unit_test(what_is_out_of_scope_is_not_looked_at),
		cmocka_unit_test(a_drained_device_has_nothing_left),
	};

	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
