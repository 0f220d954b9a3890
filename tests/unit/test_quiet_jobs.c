// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs that write nothing to the kernel: refused, with nothing to do, or only asked about. */
#include "fake-dax-region.h"

#include "base/error.h"
#include "job/drain-job.h"
#include "job/policy-job.h"
#include "job/records.h"
#include "job/request-job.h"
#include "policy/policy.h"

#define RAM_POLICY "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n"
#define NVDIMM	   "nvdimm:01234567-89ab-cdef-0123-456789abcdef"

static struct told {
	unsigned int counts[KMEMD_EVENT_NOTICE + 1];
	char messages[4096];
	bool cancel;
} told;

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(told.messages);

	(void)userdata;
	told.counts[event->type]++;
	if (event->message)
		snprintf(told.messages + used, sizeof(told.messages) - used, "%s\n",
			 event->message);
}

static bool is_cancelled(void *userdata)
{
	(void)userdata;
	return told.cancel;
}

static const struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled};

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_error error;
	char *before;
};

static struct machine boot(const char *folder)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};
	struct machine machine = {.policy = policy_of(RAM_POLICY)};

	kernel_boot(folder, "offline\n");
	write_text(at(folder, "proc/meminfo"), "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n");
	add_dax_region(HMEM_SIZE);
	memset(&told, 0, sizeof(told));
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine.kmemd, &paths), 0);
	machine.before = kernel_tree();
	return machine;
}

/* Nothing of the kernel is another than it was. */
static void power_off(struct machine *machine)
{
	_cleanup_free_ char *after = kernel_tree();

	assert_string_equal(after, machine->before);
	assert_int_equal(access(at(machine->kmemd->run, "journal.json"), F_OK), -1);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
	free(machine->before);
}

static int drain(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, DRAIN(device), &job, &machine->error);
}

static bool is_held(const struct machine *machine, const char *identity)
{
	return strstr(text_of(at(machine->kmemd->run, "devices/%s.json", identity)), "\"held\"");
}

/* --- drain --- */

static void a_device_that_is_not_in_use_is_held_all_the_same(void **state)
{
	struct machine machine = boot(*state);

	assert_int_equal(drain(&machine, "mem0"), 0);
	assert_int_equal(told.counts[KMEMD_EVENT_DONE], 0);
	assert_contains(told.messages, "mem0: nothing of it is in use; policy leaves it alone");
	assert_true(is_held(&machine, "cxl-ram:0x1234"));
	assert_false(is_held(&machine, NVDIMM));
	power_off(&machine);
}

static void a_drain_that_is_refused_holds_nothing(void **state)
{
	struct machine machine = boot(*state);
	const char *link = sysfs("bus/dax/devices/dax1.0/driver");

	unlink(link);
	assert_int_equal(symlink("../../drivers/fsdev_dax", link), 0);
	free(machine.before);
	machine.before = kernel_tree();
	assert_int_equal(drain(&machine, NVDIMM), -EOPNOTSUPP);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_contains(machine.error.message, "is held by the driver fsdev_dax");
	assert_int_equal(told.counts[KMEMD_EVENT_FAILED], 1);
	assert_int_equal(told.counts[KMEMD_EVENT_DECIDED], 0);
	assert_false(is_held(&machine, NVDIMM));
	power_off(&machine);
}

static void a_drain_of_nothing_is_an_error(void **state)
{
	struct machine machine = boot(*state);

	assert_int_equal(drain(&machine, "mem7"), -ENODEV);
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	power_off(&machine);
}

/* --- apply --- */

static int apply(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	memset(&told, 0, sizeof(told));
	return kmemd_apply(machine->kmemd, machine->policy, device, &job, &machine->error);
}

/* What is none of policy's business is explained to who asks for it, and to nobody else. */
static void why_there_is_nothing_to_do_is_told_by_name(void **state)
{
	struct machine machine = boot(*state);

	kmemd_policy_free(machine.policy);
	machine.policy = policy_of("[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n");
	assert_int_equal(apply(&machine, NULL), 0);
	assert_int_equal(apply(&machine, "mem0"), 0);
	assert_int_equal(told.counts[KMEMD_EVENT_DECIDED], 0);
	assert_int_equal(told.counts[KMEMD_EVENT_DONE], 0);
	power_off(&machine);
}

static void a_job_that_is_cancelled_at_once_does_nothing(void **state)
{
	struct machine machine = boot(*state);
	struct kmemd_error error = {0};

	told.cancel = true;
	assert_int_equal(kmemd_apply(machine.kmemd, machine.policy, NULL, &job, &error),
			 -ECANCELED);
	power_off(&machine);
}

/* --- what a request would do --- */

static struct json_object *ask(struct machine *machine, const struct kmemd_request *request)
{
	struct json_object *json = NULL;

	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_report_request(machine->kmemd, request, &json, &machine->error) < 0 ? NULL
											 : json;
}

static void a_new_device_is_planned_where_there_is_room(void **state)
{
	struct kmemd_request request = {.verb = KMEMD_CREATE_DEVICE, .region = "2"};
	struct machine machine = boot(*state);
	struct json_object *json;

	write_number_to(region_file("dax_region/available_size"), GIB);
	free(machine.before);
	machine.before = kernel_tree();
	json = ask(&machine, &request);
	if (!json)
		fail_msg("%s", machine.error.message);
	assert_int_equal(json_count(json, "devices"), 1);
	assert_string_equal(
		json_text(json_member(json_member(json, "devices", 0), "steps", 0), "type"),
		"create-device");
	json_object_put(json);
	/* Of all regions, only those with room are candidates. */
	request.region = NULL;
	json = ask(&machine, &request);
	assert_non_null(json);
	assert_int_equal(json_count(json, "devices"), 1);
	json_object_put(json);
	power_off(&machine);
}

static void without_room_a_new_device_is_refused(void **state)
{
	const struct kmemd_request any = {.verb = KMEMD_CREATE_DEVICE};
	const struct kmemd_request named = {.verb = KMEMD_CREATE_DEVICE, .region = "2"};
	struct machine machine = boot(*state);
	struct json_object *json;

	assert_null(ask(&machine, &any));
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_contains(machine.error.message, "no dax region has room");
	/* Who names one hears why, as of a device. */
	json = ask(&machine, &named);
	assert_non_null(json);
	assert_contains(json_text(json_member(json, "devices", 0), "refused"),
			"nothing can be cut from the dax region 2");
	json_object_put(json);
	power_off(&machine);
}

static void a_request_for_a_device_that_is_not_there_is_an_error(void **state)
{
	char *names[] = {"dax7.0", NULL};
	const struct kmemd_request request = {.verb = KMEMD_OFFLINE_MEMORY, .devices = names};
	struct machine machine = boot(*state);

	assert_null(ask(&machine, &request));
	assert_int_equal(machine.error.result, KMEMD_NO_DEVICE);
	assert_contains(machine.error.message, "no dax device is called 'dax7.0'");
	power_off(&machine);
}

static void a_request_that_makes_no_sense_is_an_error(void **state)
{
	const struct kmemd_request request = {.verb = KMEMD_RECONFIGURE_DEVICE};
	struct machine machine = boot(*state);

	assert_null(ask(&machine, &request));
	assert_int_equal(machine.error.result, KMEMD_USAGE);
	assert_contains(machine.error.message, "nothing to reconfigure");
	power_off(&machine);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_device_that_is_not_in_use_is_held_all_the_same),
		with_folder(a_drain_that_is_refused_holds_nothing),
		with_folder(a_drain_of_nothing_is_an_error),
		with_folder(why_there_is_nothing_to_do_is_told_by_name),
		with_folder(a_job_that_is_cancelled_at_once_does_nothing),
		with_folder(a_new_device_is_planned_where_there_is_room),
		with_folder(without_room_a_new_device_is_refused),
		with_folder(a_request_for_a_device_that_is_not_there_is_an_error),
		with_folder(a_request_that_makes_no_sense_is_an_error),
	};

	return cmocka_run_group_tests_name("quiet_jobs", tests, NULL, NULL);
}
