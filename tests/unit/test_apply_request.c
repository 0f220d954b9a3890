// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked for by hand, on a kernel made of files: done, verified, held against policy,
 * undone. */
#include "requests.h"

#include "job/drain-job.h"
#include "job/engine.h"
#include "job/policy-job.h"
#include "plan/plan-request.h"
#include "step/run.h"

static const char *result_of(const struct machine *machine, size_t i)
{
	return json_text(json_member(machine->results, "devices", i), "result");
}

static void assert_as_before(const struct machine *machine)
{
	_cleanup_free_ char *now = kernel_tree();

	if (strcmp(now, machine->before))
		fail_msg("the tree is not as it was (%s)\n%s\n--- before\n%s\n--- now\n%s",
			 machine->error.message, messages, machine->before, now);
}

static void assert_blocks(uint64_t first, unsigned int count, const char *zones)
{
	for (uint64_t i = first; i < first + count; i++)
		assert_string_equal(
			text_of(sysfs("devices/system/memory/memory%" PRIu64 "/valid_zones", i)),
			zones);
}

static unsigned int held(const struct machine *machine)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	unsigned int count = 0;

	assert_int_equal(kmemd_report_status(machine->kmemd, &json, NULL), 0);
	for (size_t i = 0; i < json_count(json, "records"); i++)
		count += !strcmp(json_text(json_member(json, "records", i), "state"), "held");
	return count;
}

/* --- what is asked for is done
 * --------------------------------------------------------------------------------------- */

static void memory_goes_offline_and_is_held_until_it_is_back(void **state)
{
	struct machine machine = boot(*state, "online\n");

	assert_done(&machine, ask(&machine, offline, "dax2.0"));
	assert_blocks(FIRST, 16, OFFLINED);
	assert_string_equal(result_of(&machine, 0), "done");
	assert_int_equal(held(&machine), 1);
	/* Policy wants it online, and leaves it alone. */
	assert_int_equal(kmemd_apply(machine.kmemd, machine.policy, NULL, &job, &machine.error), 0);
	assert_blocks(FIRST, 16, OFFLINED);
	assert_done(&machine, ask(&machine, offline, "dax2.0"));
	assert_string_equal(result_of(&machine, 0), "unchanged");
	assert_int_equal(held(&machine), 1);
	assert_done(&machine, ask(&machine, online, "dax2.0"));
	assert_int_equal(held(&machine), 0);
	assert_as_before(&machine);
	assert_done(&machine, ask(&machine, online, "dax2.0"));
	assert_string_equal(result_of(&machine, 0), "unchanged");
	/* In the zone that policy does not want it in, it is held as well. */
	assert_done(&machine, ask(&machine, to_kernel_zone, "dax2.0"));
	assert_blocks(FIRST, 16, "Normal");
	assert_int_equal(held(&machine), 1);
	power_off(&machine);
}

static void note_order(const char *path, const char *value)
{
	size_t used = strlen(fault.noted);
	const char *block = strstr(path, "memory/memory");

	(void)value;
	if (block)
		snprintf(fault.noted + used, sizeof(fault.noted) - used, "%llu ",
			 strtoull(block + strlen("memory/memory"), NULL, 10) - FIRST);
}

/* Two ranges of one device with a neighbour between them, which nobody touches. */
static void all_ranges_and_no_neighbours(void **state)
{
	static const struct kmemd_range two[] = {
		{HMEM_START, HMEM_START + 2 * BLOCK - 1},
		{HMEM_START + 4 * BLOCK, HMEM_START + 6 * BLOCK - 1},
	};
	struct machine machine = boot(*state, "offline\n");
	struct kmemd_request request = create;

	assert_done(&machine, ask(&machine, destroy, "dax2.0"));
	request.mappings = two;
	request.mapping_count = 2;
	request.mode = KMEMD_MODE_SYSTEM_RAM;
	assert_done(&machine, ask(&machine, request, NULL));
	request = create;
	request.has_size = true;
	request.size = 2 * BLOCK;
	request.mode = KMEMD_MODE_SYSTEM_RAM;
	assert_done(&machine, ask(&machine, request, NULL));
	assert_string_equal(json_text(json_member(machine.results, "devices", 0), "device"),
			    "dax2.1");
	assert_blocks(FIRST, 6, "Movable");
	fault.noted[0] = '\0';
	fault.before = note_order;
	assert_done(&machine, ask(&machine, offline, "dax2.0"));
	assert_string_equal(fault.noted, "5 4 1 0 "); /* the highest first */
	assert_blocks(FIRST, 2, OFFLINED);
	assert_blocks(FIRST + 2, 2, "Movable");
	assert_blocks(FIRST + 4, 2, OFFLINED);
	fault.noted[0] = '\0';
	assert_done(&machine, ask(&machine, online, "dax2.0"));
	assert_string_equal(fault.noted, "0 1 4 5 ");
	power_off(&machine);
}

static void modes_change_whatever_the_kernel_does_by_itself(void **state)
{
	static const char *const settings[] = {"offline", "online", "online_kernel",
					       "online_movable"};
	struct kmemd_request left_offline = to_ram, normal = to_ram;

	left_offline.no_online = true;
	normal.no_movable = true;
	for (size_t i = 0; i < array_size(settings); i++) {
		struct machine machine = boot(*state, settings[i]);

		assert_done(&machine, ask(&machine, to_devdax, "dax2.0"));
		assert_string_equal(driver_of(sysfs("bus/dax/devices/dax2.0")), "device_dax");
		assert_done(&machine, ask(&machine, left_offline, "dax2.0"));
		assert_blocks(FIRST, 16, OFFLINED);
		assert_done(&machine, ask(&machine, to_devdax, "dax2.0"));
		assert_done(&machine, ask(&machine, normal, "dax2.0"));
		assert_blocks(FIRST, 16, "Normal");
		assert_done(&machine, ask(&machine, to_devdax, "dax2.0"));
		assert_done(&machine, ask(&machine, to_ram, "dax2.0"));
		assert_as_before(&machine);
		assert_int_equal(held(&machine), 0);
		assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
				    settings[i]);
		power_off(&machine);
	}
}

static void what_is_unplugged_is_plugged_in_again(void **state)
{
	struct machine machine = boot(*state, "online\n");
	struct kmemd_request into_kernel = to_ram, left_alone = to_ram;

	into_kernel.no_movable = true;
	left_alone.no_online = true;
	unplug(&machine);
	assert_done(&machine, ask(&machine, offline, "dax2.0"));
	assert_string_equal(result_of(&machine, 0), "unchanged");
	assert_done(&machine, ask(&machine, left_alone, "dax2.0"));
	assert_as_before(&machine);
	assert_done(&machine, ask(&machine, online, "dax2.0"));
	assert_string_equal(result_of(&machine, 0), "done");
	assert_contains(messages, "plug the 16 memory blocks of dax2.0 in again, online in the "
				  "movable zone");
	assert_blocks(FIRST, 16, "Movable");
	assert_string_equal(text_of(sysfs("bus/dax/devices/dax2.0/state")), "online_movable");
	assert_int_equal(held(&machine), 0);
	assert_done(&machine, ask(&machine, online, "dax2.0"));
	assert_string_equal(result_of(&machine, 0), "unchanged");
	unplug(&machine);
	assert_done(&machine, ask(&machine, into_kernel, "dax2.0"));
	assert_blocks(FIRST, 16, "Normal");
	/* A person who names it to policy, too. */
	unplug(&machine);
	write_text(sysfs("bus/dax/devices/dax2.0/memmap_on_memory"), "1\n");
	assert_done(&machine,
		    kmemd_apply(machine.kmemd, machine.policy, "dax2.0", &job, &machine.error));
	assert_blocks(FIRST, 16, "Movable");
	assert_string_equal(text_of(sysfs("bus/dax/devices/dax2.0/state")), "online_movable");
	power_off(&machine);
}

static void what_cannot_be_plugged_in_stays_unplugged(void **state)
{
	struct machine machine = boot(*state, "online\n");

	unplug(&machine);
	fault.path = "*/dax2.0/state";
	fault.value = "online_*";
	fault.errnum = ENOMEM;
	assert_int_equal(ask(&machine, online, "dax2.0"), -ENOMEM);
	assert_contains(machine.error.message,
			"dax2.0/state: Cannot allocate memory (dax2.0 is unplugged, and its "
			"blocks could not be added or put online: see the kernel log)");
	assert_as_before(&machine);
	power_off(&machine);
}

static void several_devices_have_a_result_each(void **state)
{
	struct machine machine = boot(*state, "offline\n");
	char *names[] = {"dax7.7", "dax2.0", "dax1.0", NULL};

	assert_int_equal(ask_all(&machine, offline, names), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_PARTLY);
	assert_int_equal(json_count(machine.results, "devices"), 3);
	assert_string_equal(result_of(&machine, 0), "failed");	/* nobody is called so */
	assert_string_equal(result_of(&machine, 1), "refused"); /* dax1.0, in devdax mode */
	assert_string_equal(result_of(&machine, 2), "done");
	assert_blocks(FIRST, 16, OFFLINED);
	/* None of them: the code is that of the first. */
	assert_int_equal(ask(&machine, online, "dax7.7"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_int_equal(ask(&machine, online, "dax1.0"), -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	power_off(&machine);
}

static void all_leaves_persistent_memory_alone(void **state)
{
	struct machine machine = boot(*state, "offline\n");

	assert_done(&machine, ask(&machine, to_ram, "all"));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	assert_contains(messages, "left alone, as nobody has named it");
	assert_as_before(&machine);
	assert_done(&machine, ask(&machine, to_ram, "namespace0.0"));
	assert_contains(messages, "what is on it is overwritten");
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "kmem");
	assert_blocks(NVDIMM_START / BLOCK, 4, "Movable");
	power_off(&machine);
}

static void devices_are_cut_resized_and_destroyed(void **state)
{
	struct machine machine = boot(*state, "online_movable\n");
	struct kmemd_request resize = {
		.verb = KMEMD_RECONFIGURE_DEVICE,
		.has_size = true,
		.size = 4 * BLOCK,
		.force = true,
	};

	assert_done(&machine, ask(&machine, resize, "dax2.0"));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax2.0")), "kmem");
	assert_blocks(FIRST, 4, "Movable");
	assert_false(exists(sysfs("devices/system/memory/memory%" PRIu64, FIRST + 4)));
	/* By the name that it has now, which is its range. */
	assert_contains(describe_records(&machine), "hmem:0x3000000000+0x20000000 is held");
	assert_done(&machine, ask(&machine, create, NULL));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax2.1")), "device_dax");
	assert_int_equal(number_of(sysfs("bus/dax/devices/dax2.1/size")), 12 * BLOCK);
	assert_int_equal(ask(&machine, create, NULL), -ENOSPC);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_done(&machine, ask(&machine, destroy, "dax2.1"));
	assert_false(exists(sysfs("bus/dax/devices/dax2.1")));
	resize.size = HMEM_SIZE;
	assert_done(&machine, ask(&machine, resize, "dax2.0"));
	assert_as_before(&machine);
	power_off(&machine);
}

/* --- what cannot be done is undone
 * ----------------------------------------------------------------------------------- */

static void a_stuck_block_is_named_and_the_others_come_back(void **state)
{
	struct machine machine = boot(*state, "offline\n");

	fault.path = "*/memory1541/state";
	fault.value = "offline";
	fault.errnum = EBUSY;
	assert_int_equal(ask(&machine, offline, "dax2.0"), -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_FAILED);
	assert_contains(machine.error.message,
			"memory1541 of dax2.0 stays movable after 15 of 16 blocks");
	assert_as_before(&machine);
	assert_int_equal(held(&machine), 0);
	power_off(&machine);
}

static void what_is_done_is_kept_on_request(void **state)
{
	struct machine machine = boot(*state, "offline\n");
	struct kmemd_request keep = offline;

	keep.keep = true;
	fault.path = "*/memory1541/state";
	fault.value = "offline";
	fault.errnum = EBUSY;
	assert_int_equal(ask(&machine, keep, "dax2.0"), -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_PARTLY);
	assert_string_equal(result_of(&machine, 0), "partly");
	assert_blocks(FIRST, 5, OFFLINED);
	assert_blocks(FIRST + 5, 1, "Movable");
	assert_blocks(FIRST + 6, 10, OFFLINED);
	power_off(&machine);
}

/* One zone too many, or both at once: that is nothing that could pass as done. */
static void steal_block(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "memory1540/state"))
		write_text(sysfs("devices/system/memory/memory1539/valid_zones"), "none\n");
}

static void mixed_zones_are_no_success(void **state)
{
	struct machine machine = boot(*state, "offline\n");

	/* A block that is mixed beforehand goes offline and comes back in one zone. */
	write_text(sysfs("devices/system/memory/memory1539/valid_zones"), "none\n");
	assert_done(&machine, ask(&machine, online, "dax2.0"));
	assert_blocks(FIRST, 16, "Movable");
	/* One that becomes so behind our back fails the comparison at the end. */
	assert_done(&machine, ask(&machine, to_devdax, "dax2.0"));
	fault.before = steal_block;
	assert_int_equal(ask(&machine, to_ram, "dax2.0"), -EIO);
	assert_contains(machine.error.message,
			"memory1539 of dax2.0 is mixed and should be movable");
	fault.before = NULL;
	power_off(&machine);
}

/* --- two at once
 * -----------------------------------------------------------------------------------------------------
 */

static void two_at_once_take_turns(void **state)
{
	struct machine machine = boot(*state, "offline\n");
	pid_t pids[4];

	for (size_t i = 0; i < array_size(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(ask(&machine, i % 2 ? online : offline, "dax2.0") < 0);
	}
	for (size_t i = 0; i < array_size(pids); i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	/* All one or all the other. */
	assert_blocks(FIRST, 16, is_online(FIRST) ? "Movable" : OFFLINED);
	power_off(&machine);
}

static void dry_runs_change_nothing(void **state)
{
	struct machine machine = boot(*state, "online\n");
	char *names[] = {"dax2.0", NULL};

	fault.writes = 0;
	for (size_t i = 0; i < array_size(trials); i++) {
		_cleanup_(json_object_putp) struct json_object *json = NULL;
		struct kmemd_request request = trials[i].request;

		if (request.verb == KMEMD_CREATE_DEVICE)
			continue; /* the region has nothing left */
		request.devices = names;
		assert_int_equal(
			kmemd_report_request(machine.kmemd, &request, &json, &machine.error), 0);
		assert_int_equal(json_count(json, "devices"), 1);
	}
	assert_int_equal(fault.writes, 0);
	assert_as_before(&machine);
	power_off(&machine);
}

/* Without a timeout it ends only when nothing has changed for a while. */
static void patience_is_the_time_given_or_as_long_as_blocks_change(void **state)
{
	struct patience limited = job_patience(&job);
	struct patience steady = job_patience(&(struct kmemd_job){.event = on_event});
	struct deadline deadline;

	(void)state;
	assert_int_equal(limited.total_sec, 1);
	assert_int_equal(limited.stall_sec, 0);
	assert_int_equal(steady.total_sec, 0);
	assert_in_range(steady.stall_sec, 10, 600);
	deadline_begin(&deadline, steady);
	assert_in_range(deadline_left(&deadline), 1, steady.stall_sec * 1000);
	deadline.stall_end = 0;
	assert_int_equal(deadline_left(&deadline), 0);
	deadline_touch(&deadline);
	assert_in_range(deadline_left(&deadline), 1, steady.stall_sec * 1000);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(memory_goes_offline_and_is_held_until_it_is_back),
		with_folder(all_ranges_and_no_neighbours),
		with_folder(modes_change_whatever_the_kernel_does_by_itself),
		with_folder(what_is_unplugged_is_plugged_in_again),
		with_folder(what_cannot_be_plugged_in_stays_unplugged),
		with_folder(several_devices_have_a_result_each),
		with_folder(all_leaves_persistent_memory_alone),
		with_folder(devices_are_cut_resized_and_destroyed),
		with_folder(a_stuck_block_is_named_and_the_others_come_back),
		with_folder(what_is_done_is_kept_on_request),
		with_folder(mixed_zones_are_no_success),
		with_folder(two_at_once_take_turns),
		with_folder(dry_runs_change_nothing),
		cmocka_unit_test(patience_is_the_time_given_or_as_long_as_blocks_change),
	};

	return cmocka_run_group_tests_name("apply_request", tests, NULL, NULL);
}
