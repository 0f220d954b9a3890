/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A drain that waits for blocks in use: meanwhile others have the lock, and leave its device alone.
 */
#include "fake-kernel.h"

#include "base/json.h"
#include "context.h"
#include "job/parking.h"
#include "job/policy-job.h"
#include "job/request-job.h"
#include "json/status-json.h"

#define UUID	      "01234567-89ab-cdef-0123-456789abcdef"
#define RAM_POLICY    "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n"
#define NVDIMM_POLICY "[Match]\nUuid=" UUID "\n[Memory]\nMode=system-ram\n"
#define WAITING	      "waiting-cxl-ram:0x1234.json"
#define FIRST_BLOCK   (WINDOW_START / BLOCK)

static char messages[8192];
static bool cancelled;

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(messages);

	(void)userdata;
	if (event->message)
		snprintf(messages + used, sizeof(messages) - used, "%s\n", event->message);
}

static bool is_cancelled(void *userdata)
{
	(void)userdata;
	return cancelled;
}

static const struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled, .retry = true};

/* Its time is over when the lock is not free. */
static const struct kmemd_job other_job = {.event = on_event, .timeout_sec = 1};

static struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *ram, *nvdimm;
	struct kmemd_error error;
} machine;

/* mem0 is online, one of its blocks is in use, and an NVDIMM is in devdax mode. */
static void boot(const char *folder)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};

	cancelled = false;
	folder_remove(at(folder, "sys"));
	folder_remove(at(folder, "run"));
	kernel_boot(folder, "offline");
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine.kmemd, &paths), 0);
	machine.ram = policy_of(RAM_POLICY);
	machine.nvdimm = policy_of(NVDIMM_POLICY);
	if (kmemd_apply(machine.kmemd, machine.ram, "mem0", &job, &machine.error) < 0)
		fail_msg("%s", machine.error.message);
	messages[0] = '\0';
	fault.path = "*/memory512/state";
	fault.value = "offline";
	fault.errnum = EBUSY;
}

static void power_off(void)
{
	if (fault.violation)
		fail_msg("%s\n%s", fault.violation, messages);
	assert_int_equal(access(at(machine.kmemd->run, "journal.json"), F_OK), -1);
	assert_int_equal(access(at(machine.kmemd->run, WAITING), F_OK), -1);
	kmemd_free(machine.kmemd);
	kmemd_policy_free(machine.ram);
	kmemd_policy_free(machine.nvdimm);
}

static int drain(void)
{
	memset(&machine.error, 0, sizeof(machine.error));
	return kmemd_drain(machine.kmemd, machine.ram, DRAIN("mem0"), &job, &machine.error);
}

static void assert_online(bool wanted)
{
	for (uint64_t i = FIRST_BLOCK; i < FIRST_BLOCK + 4; i++)
		assert_true(is_online(i) == wanted);
}

/* --- what others do in a pause ------------------------------------------------------------------
 */

static void let_go(void)
{
	fault.path = NULL;
}

static int request(enum kmemd_verb verb, const char *device, struct kmemd_error *error)
{
	char *devices[] = {(char *)device, NULL};
	const struct kmemd_request wanted = {.verb = verb, .devices = devices, .force = true};
	_cleanup_(json_object_putp) struct json_object *results = NULL;

	return kmemd_request(machine.kmemd, NULL, &wanted, &other_job, &results, error);
}

static void assert_busy(int r, const struct kmemd_error *error)
{
	assert_int_equal(r, -EBUSY);
	assert_int_equal(error->result, KMEMD_REFUSED);
	assert_contains(error->message, "waits for memory of it that is in use");
}

static void meet_others(void)
{
	struct kmemd_error error = {0};
	int r;

	/* Another device is brought online in the pause. */
	let_go();
	r = kmemd_apply(machine.kmemd, machine.nvdimm, NULL, &other_job, &error);
	if (r < 0)
		fail_msg("%s", error.message);
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "kmem");
	/* The device itself is refused, or left alone. */
	assert_int_equal(kmemd_apply(machine.kmemd, machine.ram, NULL, &other_job, &error), 0);
	r = kmemd_apply(machine.kmemd, machine.ram, "mem0", &other_job, &error);
	assert_busy(r, &error);
	r = kmemd_drain(machine.kmemd, machine.ram, DRAIN("mem0"), &other_job, &error);
	assert_busy(r, &error);
	r = request(KMEMD_OFFLINE_MEMORY, "dax0.0", &error);
	assert_true(r < 0);
	assert_contains(messages, "dax0.0: drain by");
	fault.counted++;
	fault.asleep = NULL;
}

static void others_go_on_while_a_drain_waits(void **state)
{
	boot(*state);
	fault.asleep = meet_others;
	if (drain() < 0)
		fail_msg("%s\n%s", machine.error.message, messages);
	assert_int_equal(fault.counted, 1);
	assert_false(exists(sysfs("bus/cxl/devices/region0")));
	assert_contains(messages, "mem0: done and verified");
	power_off();
}

static void look_at_status(void)
{
	_cleanup_(json_object_putp) struct json_object *status = NULL;
	struct json_object *shown = NULL;

	assert_int_equal(kmemd_report_status(machine.kmemd, &status, NULL), 0);
	assert_true(json_object_object_get_ex(status, "job", &shown));
	assert_string_equal(json_text(shown, "type"), "drain");
	assert_true(json_get_bool(shown, "running"));
	assert_false(parking_has_orphan(machine.kmemd->run));
	fault.counted++;
	let_go();
}

static void status_shows_a_drain_that_waits(void **state)
{
	boot(*state);
	fault.asleep = look_at_status;
	assert_int_equal(drain(), 0);
	assert_true(fault.counted >= 1);
	power_off();
}

static void cancel(void)
{
	cancelled = true;
}

static void a_drain_that_is_cancelled_while_it_waits_is_undone(void **state)
{
	boot(*state);
	fault.asleep = cancel;
	assert_int_equal(drain(), -ECANCELED);
	let_go();
	assert_online(true);
	power_off();
}

static void die_asleep(void)
{
	_exit(KILLED);
}

/* In another process, which dies in the first pause. */
static void drain_and_die(void)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		drain();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == KILLED);
}

static void a_drain_that_is_killed_while_it_waits_is_undone_by_the_next_job(void **state)
{
	boot(*state);
	fault.asleep = die_asleep;
	drain_and_die();
	fault.asleep = NULL;
	let_go();
	assert_true(exists(at(machine.kmemd->run, WAITING)));
	assert_true(parking_has_orphan(machine.kmemd->run));
	if (kmemd_apply(machine.kmemd, machine.nvdimm, NULL, &job, &machine.error) < 0)
		fail_msg("%s", machine.error.message);
	assert_contains(messages, "job 'drain' of cxl-ram:0x1234");
	assert_contains(messages, "it is undone");
	assert_online(true);
	power_off();
}

static void kill_another(void)
{
	/* As another job leaves it that is killed while this one waits. */
	write_text(at(machine.kmemd->run, "journal.json"),
		   "{\"job\": \"apply\", \"device\": \"x\", \"pid\": 1}");
	fault.asleep = NULL;
	let_go();
}

static void what_another_job_left_meanwhile_is_put_right(void **state)
{
	boot(*state);
	fault.asleep = kill_another;
	if (drain() < 0)
		fail_msg("%s", machine.error.message);
	assert_contains(messages, "job 'apply' of x");
	assert_false(exists(sysfs("bus/cxl/devices/region0")));
	power_off();
}

static void pull_out(void)
{
	folder_remove(sysfs("bus/cxl/devices/mem0"));
	fault.asleep = NULL;
}

static void a_device_that_is_pulled_out_meanwhile_ends_the_drain(void **state)
{
	boot(*state);
	fault.asleep = pull_out;
	assert_int_equal(drain(), -ENODEV);
	assert_contains(machine.error.message, "mem0 is gone");
	power_off();
}

static void spoil(void)
{
	unlink(at(machine.kmemd->run, WAITING));
	fault.asleep = NULL;
	let_go();
}

static void a_journal_that_is_removed_meanwhile_is_written_again(void **state)
{
	boot(*state);
	fault.asleep = spoil;
	if (drain() < 0)
		fail_msg("%s", machine.error.message);
	assert_false(exists(sysfs("bus/cxl/devices/region0")));
	power_off();
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(others_go_on_while_a_drain_waits),
		with_folder(status_shows_a_drain_that_waits),
		with_folder(a_drain_that_is_cancelled_while_it_waits_is_undone),
		with_folder(a_drain_that_is_killed_while_it_waits_is_undone_by_the_next_job),
		with_folder(what_another_job_left_meanwhile_is_put_right),
		with_folder(a_device_that_is_pulled_out_meanwhile_ends_the_drain),
		with_folder(a_journal_that_is_removed_meanwhile_is_written_again),
	};

	return cmocka_run_group_tests_name("drain_waits", tests, NULL, NULL);
}
