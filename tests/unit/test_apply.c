// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs on a kernel made of files: they do what policy wants, and undo it when a step fails. */
#include "apply-machine.h"

/* --- what policy wants
 * ------------------------------------------------------------------------------------------- */

static void an_expander_comes_online_and_is_drained(void **state)
{
	static const char *const auto_onlines[] = {"offline\n", "online\n", "online_kernel\n",
						   "online_movable\n"};

	for (size_t i = 0; i < array_size(auto_onlines); i++) {
		struct machine machine = boot(*state, auto_onlines[i], RAM_POLICY);

		assert_done(&machine, apply(&machine, NULL));
		assert_blocks_are(WINDOW_START, "online", "Movable");
		assert_string_equal(text_of(cxl("region0", "commit")), "1");
		assert_int_equal(told.counts[KMEMD_EVENT_DONE], 1);
		assert_int_equal(told.counts[KMEMD_EVENT_STEP], 3);
		assert_contains(told.messages, "mem0: system-ram by test.conf, 3 steps");
		assert_contains(auto_onlines[i],
				text_of(sysfs("devices/system/memory/auto_online_blocks")));
		/* Again: nothing to do, nothing written. */
		fault.writes = 0;
		assert_done(&machine, apply(&machine, NULL));
		assert_int_equal(fault.writes, 0);
		assert_done(&machine, drain(&machine, "0x1234"));
		assert_as_before(&machine);
		assert_true(has_record(&machine, "cxl-ram:0x1234", "held"));
		/* Held against policy, until a person asks for it. */
		assert_done(&machine, apply(&machine, NULL));
		assert_as_before(&machine);
		assert_done(&machine, apply(&machine, "mem0"));
		assert_blocks_are(WINDOW_START, "online", "Movable");
		assert_false(has_record(&machine, "cxl-ram:0x1234", "held"));
		power_off(&machine);
		folder_remove(at(*state, "sys"));
		folder_remove(at(*state, "run"));
	}
}

static void an_expander_comes_online_in_the_kernel_zone(void **state)
{
	struct machine machine = boot(*state, "online_movable\n", RAM_POLICY "Zone=kernel\n");

	assert_done(&machine, apply(&machine, "mem0"));
	assert_blocks_are(WINDOW_START, "online", "Normal");
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
			    "online_movable");
	power_off(&machine);
}

static void an_nvdimm_becomes_system_ram_and_devdax_again(void **state)
{
	struct machine machine = boot(*state, "online\n", NVDIMM_POLICY("system-ram"));

	assert_done(&machine, apply(&machine, NULL));
	assert_blocks_are(NVDIMM_START, "online", "Movable");
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "kmem");
	assert_string_equal(text_of(sysfs("bus/dax/devices/dax1.0/memmap_on_memory")), "1");
	kmemd_policy_free(machine.policy);
	machine.policy = policy_of(NVDIMM_POLICY("devdax"));
	assert_done(&machine, apply(&machine, NULL));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	write_text(sysfs("bus/dax/devices/dax1.0/memmap_on_memory"), "0\n");
	assert_as_before(&machine);
	power_off(&machine);
}

static void the_shipped_policy_touches_nothing_persistent(void **state)
{
	struct machine machine = boot(*state, "online\n", text_of("policy/50-cxl-ram.conf"));

	assert_done(&machine, apply(&machine, NULL));
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	power_off(&machine);
}

static void the_memmap_switch_is_set(void **state)
{
	struct machine machine = boot(*state, "offline\n", NVDIMM_POLICY("system-ram"));

	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, true, &job, &machine.error), 0);
	assert_string_equal(text_of(sysfs("bus/dax/devices/dax1.0/memmap_on_memory")), "1");
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, false, &job, &machine.error), 0);
	assert_as_before(&machine);
	assert_done(&machine, apply(&machine, UUID));
	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, false, &job, &machine.error),
			 -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_int_equal(kmemd_memmap_set(machine.kmemd, "mem9", false, &job, &machine.error),
			 -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_int_equal(kmemd_memmap_set(machine.kmemd, "mem0", false, &job, &machine.error),
			 -ENXIO);
	power_off(&machine);
}

static void an_unknown_device_is_told(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	assert_int_equal(apply(&machine, "mem7"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_contains(machine.error.message, "mem7");
	assert_int_equal(drain(&machine, ""), -ENODEV);
	assert_as_before(&machine);
	power_off(&machine);
}

static void a_refusal_is_told_once(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_number_to(cxl("decoder0.0", "size"), 256 * MIB);
	assert_int_equal(apply(&machine, NULL), -EOPNOTSUPP);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_contains(machine.error.message, "mem0: no free HPA for a region of 512 MiB");
	assert_true(has_record(&machine, "cxl-ram:0x1234", "refused"));
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 1);
	assert_int_equal(apply(&machine, NULL), 0);
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 1);
	assert_int_equal(apply(&machine, "mem0"), -EOPNOTSUPP);
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 2);
	/* When there is room it goes on by itself. */
	write_number_to(cxl("decoder0.0", "size"), 4 * GIB);
	assert_done(&machine, apply(&machine, NULL));
	assert_blocks_are(WINDOW_START, "online", "Movable");
	assert_false(has_record(&machine, "cxl-ram:0x1234", "refused"));
	power_off(&machine);
}

/* A policy that wants nothing of the device any more: neither does what is known of it. */
static void a_refusal_is_forgotten_when_nothing_is_wanted(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	write_number_to(cxl("decoder0.0", "size"), 256 * MIB);
	assert_int_equal(apply(&machine, NULL), -EOPNOTSUPP);
	assert_true(has_record(&machine, "cxl-ram:0x1234", "refused"));
	kmemd_policy_free(machine.policy);
	machine.policy = policy_of("[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n");
	assert_done(&machine, apply(&machine, NULL));
	assert_false(exists(at(machine.kmemd->run, "devices/cxl-ram:0x1234.json")));
	power_off(&machine);
}

/* A job takes no longer than who calls it waits for it. */
static void the_time_that_a_job_took_is_told(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);
	int64_t began = monotonic_ms();

	told.duration_usec = UINT64_MAX;
	assert_done(&machine, apply(&machine, "mem0"));
	assert_true(told.duration_usec <= (uint64_t)(monotonic_ms() - began) * 1000);
	power_off(&machine);
}

/* Each step is told when it begins, with which of how many it is. */
static void steps_are_counted(void **state)
{
	struct machine machine = boot(*state, "offline\n", RAM_POLICY);

	assert_done(&machine, apply(&machine, "mem0"));
	assert_string_equal(told.steps, "1/3 2/3 3/3 ");
	told.steps[0] = '\0';
	assert_done(&machine, drain(&machine, "mem0"));
	assert_string_equal(told.steps, "1/3 2/3 3/3 ");
	power_off(&machine);
}

/* --- the machine's own setting
 * ------------------------------------------------------------------------------------ */

static void change_setting(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "memory256/state") || strstr(path, "cxl_region/bind"))
		write_text(sysfs("devices/system/memory/auto_online_blocks"), "online_kernel\n");
}

/* auto_online_blocks is held during a job; what somebody else sets meanwhile is newer and stays. */
static void somebody_elses_setting_stays(void **state)
{
	struct machine machine = boot(*state, "online\n", RAM_POLICY);

	fault.before = change_setting;
	assert_done(&machine, apply(&machine, NULL));
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
			    "online_kernel");
	power_off(&machine);
}

static char seen[64];

static void see_setting(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "cxl_region/bind") || strstr(path, "kmem/bind") ||
	    strstr(path, "kmem/new_id"))
		snprintf(seen, sizeof(seen), "%s",
			 text_of(sysfs("devices/system/memory/auto_online_blocks")));
}

/* A drain adds no memory: others' is not to wait for it, nor to come online otherwise. */
static void note_setting_write(const char *path, const char *value)
{
	(void)value;
	fault.counted += strstr(path, "auto_online_blocks") != NULL;
}

static void a_drain_leaves_the_setting_alone(void **state)
{
	struct machine machine = boot(*state, "online\n", RAM_POLICY);

	fault.before = note_setting_write;
	assert_done(&machine, apply(&machine, NULL));
	assert_int_equal(fault.counted, 2); /* held, and given back */
	assert_done(&machine, drain(&machine, "mem0"));
	assert_int_equal(fault.counted, 2);
	power_off(&machine);
}

static void the_setting_is_held_while_memory_is_added(void **state)
{
	static const struct {
		const char *before, *policy, *during;
	} cases[] = {
		{"online\n", RAM_POLICY, "online_movable"},
		{"online\n", RAM_POLICY "Zone=kernel\n", "online_kernel"},
		{"online\n", RAM_POLICY "MemmapOnMemory=no\n", "offline"},
		{"online_movable\n", RAM_POLICY, "online_movable"},
		{"offline\n", RAM_POLICY, "offline"},
		{"online\n", NVDIMM_POLICY("system-ram"), "online_movable"},
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct machine machine = boot(*state, cases[i].before, cases[i].policy);

		fault.before = see_setting;
		seen[0] = '\0';
		assert_done(&machine, apply(&machine, NULL));
		assert_string_equal(seen, cases[i].during);
		assert_contains(cases[i].before,
				text_of(sysfs("devices/system/memory/auto_online_blocks")));
		power_off(&machine);
		folder_remove(at(*state, "sys"));
		folder_remove(at(*state, "run"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_expander_comes_online_and_is_drained),
		with_folder_without_input(an_expander_comes_online_and_is_drained),
		with_folder(an_expander_comes_online_in_the_kernel_zone),
		with_folder(steps_are_counted),
		with_folder(the_time_that_a_job_took_is_told),
		with_folder(an_nvdimm_becomes_system_ram_and_devdax_again),
		with_folder(the_shipped_policy_touches_nothing_persistent),
		with_folder(the_memmap_switch_is_set),
		with_folder(an_unknown_device_is_told),
		with_folder(a_refusal_is_told_once),
		with_folder(a_refusal_is_forgotten_when_nothing_is_wanted),
		with_folder(somebody_elses_setting_stays),
		with_folder(a_drain_leaves_the_setting_alone),
		with_folder(the_setting_is_held_while_memory_is_added),
	};

	return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
