/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmemctl drain with several devices and with --eject, on a kernel made of files. */
#include "fake-kernel.h"

#include "context.h"
#include "job/policy-job.h"
#include "job/records.h"

#define HOST   "0000:0d:00.0"
#define UUID   "01234567-89ab-cdef-0123-456789abcdef"
#define POLICY "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n"

static char messages[8192];

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(messages);

	(void)userdata;
	if (event->message)
		snprintf(messages + used, sizeof(messages) - used, "%s\n", event->message);
}

static const struct kmemd_job job = {.event = on_event, .retry = true};

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_error error;
};

/* The card leaves the bus when its slot loses power. */
static void lose_power(const char *path, const char *value)
{
	if (!strcmp(path, sysfs("bus/pci/slots/5/power")) && !strcmp(value, "0")) {
		folder_remove(sysfs("bus/pci/devices/" HOST));
		folder_remove(sysfs("bus/cxl/devices/mem0"));
	}
}

/* mem0 in slot 5 and online, and an NVDIMM. */
static struct machine boot(const char *folder)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};
	struct machine machine = {.policy = policy_of(POLICY)};

	folder_remove(at(folder, "sys"));
	folder_remove(at(folder, "run"));
	kernel_boot(folder, "offline");
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine.kmemd, &paths), 0);
	write_text(sysfs("bus/pci/devices/" HOST "/class"), "0x050210\n");
	write_text(sysfs("bus/pci/slots/5/address"), "0000:0d:00\n");
	write_text(sysfs("bus/pci/slots/5/power"), "1");
	write_text(sysfs("bus/pci/slots/6/address"), "0000:0e:00\n");
	write_text(sysfs("bus/pci/slots/6/power"), "1");
	if (kmemd_apply(machine.kmemd, machine.policy, NULL, &job, &machine.error) < 0)
		fail_msg("%s", machine.error.message);
	messages[0] = '\0';
	fault.before = lose_power;
	return machine;
}

static void power_off(struct machine *machine)
{
	if (fault.violation)
		fail_msg("%s\n%s", fault.violation, messages);
	assert_int_equal(access(at(machine->kmemd->run, "journal.json"), F_OK), -1);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
}

static int drain(struct machine *machine, bool eject, char *const *names)
{
	const struct kmemd_drain wanted = {.devices = names, .goal = eject ? GOAL_EJECT : GOAL_DRAIN};

	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, &wanted, &job, &machine->error);
}

#define drain_these(machine, eject, ...) drain(machine, eject, (char *[]){__VA_ARGS__, NULL})

static bool is_in_use(void)
{
	return exists(sysfs("bus/cxl/devices/region0"));
}

static bool is_held(const struct machine *machine, const char *identity)
{
	return strstr(text_of(at(machine->kmemd->run, "devices/%s.json", identity)), "held");
}

static void a_wrong_name_drains_nothing(void **state)
{
	struct machine machine = boot(*state);

	assert_int_equal(drain_these(&machine, false, "mem0", "mem9"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_contains(machine.error.message, "no device is called 'mem9'");
	assert_true(is_in_use());
	power_off(&machine);
}

static void several_are_drained_once_each(void **state)
{
	struct machine machine = boot(*state);

	if (drain_these(&machine, false, "mem0", UUID, "cxl-ram:0x1234") < 0)
		fail_msg("%s", machine.error.message);
	assert_false(is_in_use());
	assert_contains(messages, "mem0: done and verified");
	assert_null(strstr(strstr(messages, "mem0: done") + 1, "mem0: "));
	assert_contains(messages, "nothing of it is in use");
	assert_string_equal(text_of(sysfs("bus/pci/slots/5/power")), "1");
	power_off(&machine);
}

/* Ports free their decoders from the highest addresses down, in whatever order they are named. */
static void what_lies_highest_is_drained_first(void **state)
{
	static const char *const orders[2][2] = {{"mem0", "mem1"}, {"mem1", "mem0"}};

	for (size_t i = 0; i < 2; i++) {
		struct machine machine = boot(*state);

		kernel_plug_second();
		write_number_to(cxl("mem1", "ram_size"), 12 * BLOCK);
		folder_remove(sysfs("bus/dax/devices/dax1.0")); /* a region's gets that name */
		if (kmemd_apply(machine.kmemd, machine.policy, NULL, &job, &machine.error) < 0)
			fail_msg("%s", machine.error.message);
		assert_int_equal(number_of(cxl("region1", "resource")), WINDOW_START + 4 * BLOCK);
		messages[0] = '\0';
		if (drain_these(&machine, false, (char *)orders[i][0], (char *)orders[i][1]) < 0)
			fail_msg("%s\n%s", machine.error.message, messages);
		assert_contains(messages, "mem0: done and verified");
		assert_contains(strstr(messages, "mem1: done and verified"), "mem0: drain");
		assert_false(exists(cxl("region0", "size")) || exists(cxl("region1", "size")));
		power_off(&machine);
	}
}

static void one_that_fails_keeps_no_other_from_it(void **state)
{
	struct machine machine = boot(*state);

	assert_int_equal(drain_these(&machine, true, UUID, "mem0"), -EOPNOTSUPP);
	assert_int_equal(machine.error.result, KMEMD_PARTLY);
	assert_contains(machine.error.message, "is no CXL memdev");
	assert_false(is_in_use());
	assert_false(exists(sysfs("bus/pci/devices/" HOST)));
	power_off(&machine);
}

static void the_slot_is_powered_off_when_all_is_free(void **state)
{
	struct machine machine = boot(*state);

	if (drain_these(&machine, true, "mem0") < 0)
		fail_msg("%s\n%s", machine.error.message, messages);
	assert_false(is_in_use());
	assert_string_equal(text_of(sysfs("bus/pci/slots/5/power")), "0");
	assert_string_equal(text_of(sysfs("bus/pci/slots/6/power")), "1");
	assert_contains(messages, "power off PCI slot 5, which mem0 is in");
	assert_false(is_held(&machine, "cxl-ram:0x1234"));
	power_off(&machine);
}

static void a_slot_that_refuses_leaves_the_memdev_drained(void **state)
{
	struct machine machine = boot(*state);

	fault.path = "*/slots/5/power";
	fault.errnum = EIO;
	assert_int_equal(drain_these(&machine, true, "mem0"), -EIO);
	fault.path = NULL;
	assert_int_equal(machine.error.result, KMEMD_PARTLY);
	assert_contains(machine.error.message, "cannot power off PCI slot 5");
	assert_false(is_in_use());
	assert_true(is_held(&machine, "cxl-ram:0x1234"));
	power_off(&machine);
}

static void write_that_does_nothing(const char *path, const char *value)
{
	(void)path, (void)value;
}

static void a_card_that_stays_is_told(void **state)
{
	struct machine machine = boot(*state);

	fault.before = write_that_does_nothing;
	assert_int_equal(drain_these(&machine, true, "mem0"), -EIO);
	assert_contains(machine.error.message, HOST " is there although its slot 5 is off");
	power_off(&machine);
}

static void change_slot(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "delete_region"))
		write_text(sysfs("bus/pci/slots/5/address"), "0000:0e:00\n");
}

static void hold_capacity(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "journal.json") && !is_in_use())
		write_text(sysfs("bus/cxl/devices/decoder2.0/dpa_size"), "0x10000000\n");
}

static void what_another_program_did_meanwhile_is_seen(void **state)
{
	struct machine machine = boot(*state);

	fault.before = change_slot;
	assert_int_equal(drain_these(&machine, true, "mem0"), -EBUSY);
	assert_contains(machine.error.message, "mem0 is at " HOST " now and not in slot 5");
	assert_string_equal(text_of(sysfs("bus/pci/slots/5/power")), "1");
	power_off(&machine);
	machine = boot(*state);
	fault.before = hold_capacity;
	assert_int_equal(drain_these(&machine, true, "mem0"), -EBUSY);
	assert_contains(machine.error.message, "decoder2.0 still holds 256 MiB of mem0");
	assert_string_equal(text_of(sysfs("bus/pci/slots/5/power")), "1");
	power_off(&machine);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_wrong_name_drains_nothing),
		with_folder(several_are_drained_once_each),
		with_folder(what_lies_highest_is_drained_first),
		with_folder(one_that_fails_keeps_no_other_from_it),
		with_folder(the_slot_is_powered_off_when_all_is_free),
		with_folder(a_slot_that_refuses_leaves_the_memdev_drained),
		with_folder(a_card_that_stays_is_told),
		with_folder(what_another_program_did_meanwhile_is_seen),
	};

	return cmocka_run_group_tests_name("drain_several", tests, NULL, NULL);
}
