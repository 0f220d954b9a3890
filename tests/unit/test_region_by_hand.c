// SPDX-License-Identifier: GPL-2.0-or-later
/* Regions that a person makes, drains and destroys by name, on a kernel made of files. */
#include "two-expanders.h"

#include "job/region-job.h"

#define NO_POLICY "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n"

static const char *region_name(void)
{
	static char name[DEVICE_NAME_MAX];

	return name;
}

static int create(struct machine *machine, const struct kmemd_region_request *request)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_create_region(machine->kmemd, machine->policy, request, &by_hand,
				   (char *)region_name(), &machine->error);
}

#define create_of(machine, ...)                                                                    \
	create(machine, &(struct kmemd_region_request){.memdevs = (char *[]){__VA_ARGS__, NULL}})

static void assert_created(int r, const struct machine *machine)
{
	if (r < 0)
		fail_msg("%s\n%s", machine->error.message, told.messages);
	assert_int_equal(access(at(machine->kmemd->run, "journal.json"), F_OK), -1);
}

static void assert_refused(struct machine *machine, const struct kmemd_region_request *request,
			   const char *why)
{
	assert_true(create(machine, request) < 0);
	assert_int_not_equal(machine->error.result, KMEMD_DONE);
	assert_contains(machine->error.message, why);
	assert_as_before(machine);
}

static bool has_record(const struct machine *machine, const char *identity)
{
	return exists(record_path_of(machine, identity));
}

static int drain(struct machine *machine, enum goal goal, char *name)
{
	const struct kmemd_drain wanted = {.devices = (char *[]){name, NULL}, .goal = goal};

	told.messages[0] = '\0';
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, &wanted, &by_hand, &machine->error);
}

/* --- making -------------------------------------------------------------------------------------
 */

static void a_region_of_both_is_brought_into_use_as_policy_says(void **state)
{
	struct machine machine = boot(*state, POLICY(""));

	assert_created(create_of(&machine, "mem1", "mem0"), &machine);
	assert_string_equal(region_name(), "region0");
	assert_interleaved();
	assert_contains(told.messages, "region0: done and verified");
	assert_record(&machine, FIRST, "left");
	assert_record(&machine, SECOND, "left");
	told.messages[0] = '\0';
	assert_applied(&machine, &by_daemon, NULL);
	assert_string_equal(told.messages, "");
	power_off(&machine);
}

static void what_was_drained_comes_back_by_a_region(void **state)
{
	struct machine machine = boot(*state, POLICY(""));

	assert_applied(&machine, &by_hand, NULL);
	assert_int_equal(drain(&machine, GOAL_DRAIN, "mem0"), 0);
	assert_record(&machine, SECOND, "held");
	assert_created(create_of(&machine, "0x1234", SECOND), &machine);
	assert_interleaved();
	assert_record(&machine, FIRST, "left");
	assert_record(&machine, SECOND, "left");
	power_off(&machine);
}

static void policy_is_kept_from_the_rest_of_it(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	const struct kmemd_region_request request = {
		.memdevs = (char *[]){"mem0", NULL},
		.size = 256 * MIB,
		.granularity = 1024,
		.root_decoder = "decoder0.0",
	};

	assert_created(create(&machine, &request), &machine);
	assert_int_equal(number_of(cxl("region0", "size")), 256 * MIB);
	assert_int_equal(number_of(cxl("region0", "interleave_granularity")), 1024);
	assert_record(&machine, FIRST, "held");
	assert_false(has_record(&machine, SECOND));
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), 256 * MIB);
	power_off(&machine);
}

static void without_a_policy_it_is_left_as_the_kernel_has_it(void **state)
{
	struct machine machine = boot(*state, NO_POLICY);

	assert_created(create_of(&machine, "mem0"), &machine);
	assert_string_equal(text_of(cxl("region0", "commit")), "1");
	assert_null(strstr(told.messages, "online"));
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")), "offline");
	power_off(&machine);
}

static void one_that_cannot_be_made_changes_nothing(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	char *const one[] = {"mem0", NULL}, *const twice[] = {"mem0", "0x1234", NULL};
	char *const both[] = {"mem0", "mem1", NULL}, *const nobody[] = {"mem7", NULL};

	assert_refused(&machine, &(struct kmemd_region_request){.memdevs = nobody},
		       "no device is called 'mem7'");
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_refused(&machine, &(struct kmemd_region_request){.memdevs = twice},
		       "mem0 is named twice");
	assert_int_equal(machine.error.result, KMEMD_USAGE);
	assert_refused(&machine, &(struct kmemd_region_request){.memdevs = both, .size = 256 * MIB},
		       "a region of 256 MiB cannot lie on mem0, mem1: allowed are multiples of 512 "
		       "MiB up to 1 GiB");
	assert_refused(&machine, &(struct kmemd_region_request){.memdevs = one, .size = UINT64_MAX},
		       "allowed are multiples of 256 MiB up to 512 MiB");
	assert_refused(&machine,
		       &(struct kmemd_region_request){.memdevs = one, .root_decoder = "decoder0.9"},
		       "there is no root decoder 'decoder0.9'");
	write_text(cxl("decoder0.0", "size"), "0x10000000\n");
	free(machine.before);
	machine.before = kernel_tree();
	assert_refused(&machine, &(struct kmemd_region_request){.memdevs = both},
		       "no region can lie on mem0, mem1: no free HPA for a region of 1 GiB");
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	power_off(&machine);
}

static void one_that_fails_half_way_is_undone(void **state)
{
	struct machine machine = boot(*state, POLICY(""));

	fault.path = "*/memory*/state";
	fault.value = "online_movable";
	fault.errnum = ENOMEM;
	assert_true(create_of(&machine, "mem0", "mem1") < 0);
	fault.path = fault.value = NULL;
	assert_as_before(&machine);
	assert_false(has_record(&machine, FIRST));
	assert_string_equal(region_name(), "");
	assert_int_equal(access(at(machine.kmemd->run, "journal.json"), F_OK), -1);
	power_off(&machine);
}

/* --- destroying ---------------------------------------------------------------------------------
 */

static void a_region_in_use_is_destroyed_only_by_force(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	_cleanup_free_ char *online = NULL, *now = NULL;

	assert_applied(&machine, &by_hand, NULL);
	online = kernel_tree();
	assert_int_equal(drain(&machine, GOAL_DESTROY_REGION, "region0"), -EOPNOTSUPP);
	assert_contains(machine.error.message,
			"region0: 8 memory blocks of dax0.0 are online: with --force they are "
			"taken offline first");
	now = kernel_tree();
	assert_string_equal(now, online);
	assert_record(&machine, FIRST, "left");
	assert_int_equal(drain(&machine, GOAL_DRAIN_REGION, "region0"), 0);
	assert_as_before(&machine);
	assert_record(&machine, FIRST, "held");
	assert_record(&machine, SECOND, "held");
	assert_contains(told.messages, "region0: done and verified");
	/* Any of them brings both back. */
	assert_applied(&machine, &by_hand, "mem1");
	assert_interleaved();
	power_off(&machine);
}

static void an_idle_region_is_destroyed_without_force(void **state)
{
	struct machine machine = boot(*state, POLICY("Interleave=1\n") "Online=no\n");

	assert_applied(&machine, &by_hand, "mem0");
	assert_int_equal(drain(&machine, GOAL_DESTROY_REGION, "region0"), 0);
	assert_contains(told.messages, "region0: destroy-region, 2 steps");
	assert_false(exists(sysfs("bus/cxl/devices/region0")));
	assert_record(&machine, FIRST, "held");
	assert_false(has_record(&machine, SECOND));
	power_off(&machine);
}

static void only_regions_are_destroyed(void **state)
{
	struct machine machine = boot(*state, POLICY(""));

	assert_applied(&machine, &by_hand, NULL);
	assert_int_equal(drain(&machine, GOAL_DRAIN_REGION, "mem0"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_contains(machine.error.message, "no CXL region is called 'mem0'");
	assert_int_equal(drain(&machine, GOAL_DESTROY_REGION, "region7"), -ENODEV);
	assert_interleaved();
	power_off(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_region_of_both_is_brought_into_use_as_policy_says),
		with_folder(what_was_drained_comes_back_by_a_region),
		with_folder(policy_is_kept_from_the_rest_of_it),
		with_folder(without_a_policy_it_is_left_as_the_kernel_has_it),
		with_folder(one_that_cannot_be_made_changes_nothing),
		with_folder(one_that_fails_half_way_is_undone),
		with_folder(a_region_in_use_is_destroyed_only_by_force),
		with_folder(an_idle_region_is_destroyed_without_force),
		with_folder(only_regions_are_destroyed),
	};

	return cmocka_run_group_tests_name("region-by-hand", tests, NULL, NULL);
}
