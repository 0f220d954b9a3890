// SPDX-License-Identifier: GPL-2.0-or-later
/* What outlives a process: records, the journal, the lock. */
#include "base/error.h"
#include "context.h"
#include "fixture.h"
#include "inventory/inventory.h"
#include "job/event.h"
#include "job/journal.h"
#include "job/lock.h"
#include "job/records.h"
#include "json/status-json.h"

#include <signal.h>
#include <sys/wait.h>

/* A context whose run directory is the test's folder. */
static struct kmemd *context_of(const char *folder)
{
	const char *run = at(folder, "run");
	struct kmemd_paths paths = {.sysfs = folder, .run = run};
	struct kmemd_error error = {0};
	struct kmemd *kmemd = NULL;

	assert_int_equal(kmemd_new(&kmemd, &paths), 0);
	if (run_directory_prepare(kmemd, &error) < 0)
		fail_msg("%s", error.message);
	return kmemd;
}

static struct device device_called(const char *identity, uint64_t instance)
{
	return (struct device){.identity = (char *)identity, .instance = instance};
}

static void write_record(const struct kmemd *kmemd, const struct device *device,
			 enum record_state state, const char *message)
{
	struct kmemd_error error = {0};
	struct record record;

	record_make(&record, device, state, message, "dax0.0 kmem movable=8");
	if (record_write(kmemd, &record, &error) < 0)
		fail_msg("%s", error.message);
}

static void a_record_is_read_back(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct device device = device_called("cxl-ram:0x1234", 77);
	struct record record;

	assert_false(record_read(kmemd, &device, &record));
	for (int i = 0; i < RECORD_STATE_COUNT; i++) {
		write_record(kmemd, &device, (enum record_state)i, "it \"did\" not\n work");
		assert_true(record_read(kmemd, &device, &record));
		assert_int_equal(record.state, i);
		assert_int_equal(record.instance, 77);
		assert_string_equal(record.device, "cxl-ram:0x1234");
		assert_string_equal(record.message, "it \"did\" not\n work");
		assert_string_equal(record.left, "dax0.0 kmem movable=8");
		assert_contains(record.by, program_invocation_short_name);
		assert_true(record.since > 1000000000);
	}
	record_remove(kmemd, &device);
	assert_false(record_read(kmemd, &device, &record));
	record_remove(kmemd, &device);
}

static void a_record_of_another_life_says_nothing(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct device device = device_called("cxl-ram:0x1234", 77);
	struct device again = device_called("cxl-ram:0x1234", 78);
	struct record record;

	write_record(kmemd, &device, RECORD_HELD, "drained");
	assert_false(record_read(kmemd, &again, &record));
	assert_true(record_read(kmemd, &device, &record));
}

/* Names come from firmware: none of them leads out of the directory. */
static void odd_names_stay_in_the_directory(void **state)
{
	static const char *const names[] = {
		"nvdimm:../../../etc/passwd", "hmem:/",	      "dax:a b\nc",
		"cxl-ram:0000:0d:00.0",	      "dax:\xff\xfe", "nvdimm:"};
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct record record;

	for (size_t i = 0; i < array_size(names); i++) {
		struct device device = device_called(names[i], i);

		write_record(kmemd, &device, RECORD_FAILED, "x");
		if (i != 4) /* json-c hands invalid UTF-8 back as it is, or not at all */
			assert_true(record_read(kmemd, &device, &record));
	}
	assert_string_equal(text_of(at(*state, "etc/passwd")), "(none)");
	assert_int_equal(access(at(*state, "run/devices/nvdimm:.._.._.._etc_passwd.json"), F_OK),
			 0);
	assert_int_equal(access(at(*state, "run/devices/hmem:_.json"), F_OK), 0);
	assert_int_equal(access(at(*state, "run/devices/cxl-ram:0000:0d:00.0.json"), F_OK), 0);
}

/* Two names that give one file name are not mistaken for each other. */
static void a_record_of_another_name_says_nothing(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct device slash = device_called("dax:a/b", 1), line = device_called("dax:a_b", 1);
	struct record record;

	write_record(kmemd, &slash, RECORD_HELD, "drained");
	assert_true(record_read(kmemd, &slash, &record));
	assert_false(record_read(kmemd, &line, &record));
}

static void a_record_that_is_garbage_says_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"7",
		"{}",
		"{\"state\": \"held\"}",
		"{\"device\": \"dax:a\", \"instance\": 1, \"state\": \"frozen\"}",
		"{\"device\": \"dax:b\", \"instance\": 1, \"state\": \"held\"}",
		"{\"device\": \"dax:a\", \"instance\": \"1\", \"state\": \"held\"}",
		"{\"device\": \"dax:a\", \"instance\": 1, \"state\": \"he",
	};
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct device device = device_called("dax:a", 1);
	struct record record;

	for (size_t i = 0; i < array_size(texts); i++) {
		write_text(at(*state, "run/devices/dax:a.json"), texts[i]);
		if (record_read(kmemd, &device, &record))
			fail_msg("'%s' passed for a record", texts[i]);
	}
	write_text(at(*state, "run/devices/dax:a.json"),
		   "{\"device\": \"dax:a\", \"instance\": 1, \"state\": \"held\"}");
	assert_true(record_read(kmemd, &device, &record));
	assert_string_equal(record.message, "");
}

static void count_record(const struct record *record, void *userdata)
{
	(void)record;
	++*(unsigned int *)userdata;
}

static void records_of_devices_that_are_gone_are_removed(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 134217728}, 'memdevs': ["
		"{'memdev': 'mem0', 'serial': 1, 'ram_size': 1, 'instance': 10}, "
		"{'memdev': 'mem1', 'serial': 2, 'ram_size': 1, 'instance': 20}]}");
	struct device stays = device_called("cxl-ram:0x1", 10);
	struct device other_life = device_called("cxl-ram:0x2", 19);
	struct device gone = device_called("cxl-ram:0x3", 30);
	struct record record;
	unsigned int count = 0;

	write_record(kmemd, &stays, RECORD_HELD, "");
	write_record(kmemd, &other_life, RECORD_HELD, "");
	write_record(kmemd, &gone, RECORD_FAILED, "");
	assert_int_equal(records_each(kmemd, count_record, &count), 0);
	assert_int_equal(count, 3);
	records_prune(kmemd, inventory);
	count = 0;
	assert_int_equal(records_each(kmemd, count_record, &count), 0);
	assert_int_equal(count, 1);
	assert_true(record_read(kmemd, &stays, &record));
}

static void no_directory_is_no_record(void **state)
{
	const char *run = at(*state, "nowhere");
	struct kmemd_paths paths = {.run = run};
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	struct device device = device_called("dax:a", 1);
	struct json_object *json = NULL;
	struct kmemd_error error = {0};
	struct record record;
	unsigned int count = 0;

	assert_int_equal(kmemd_new(&kmemd, &paths), 0);
	assert_false(record_read(kmemd, &device, &record));
	assert_int_equal(records_each(kmemd, count_record, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(kmemd_report_status(kmemd, &json, &error), 0);
	assert_int_equal(json_count(json, "records"), 0);
	assert_false(json_object_object_get_ex(json, "job", NULL));
	json_object_put(json);
	record_make(&record, &device, RECORD_HELD, "", NULL);
	assert_int_equal(record_write(kmemd, &record, &error), -ENOENT);
	assert_contains(error.message, "nowhere/devices/dax:a.json");
}

/* --- the journal
 * -------------------------------------------------------------------------------------------------
 */

static unsigned int mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void the_journal_is_read_back(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct journal journal, again = {0};
	struct kmemd_error error = {0};

	assert_int_equal(journal_init(&journal), 0);
	snprintf(journal.job, sizeof(journal.job), "apply");
	snprintf(journal.device, sizeof(journal.device), "cxl-ram:0x1234");
	snprintf(journal.instance_path, sizeof(journal.instance_path), "bus/cxl/devices/mem0");
	journal.instance = 77;
	journal.pid = 4711;
	journal.forward = journal.done = true;
	json_put_text(json_append_object(journal.held), "setting", "a");
	json_put_text(json_append_object(journal.undo), "step", "bind");
	json_put_text(json_append_object(journal.undo), "step", "online");
	json_put_text(json_append_object(journal.records), "device", "b");
	assert_int_equal(journal_read(kmemd, &again), -ENOENT);
	assert_int_equal(journal_write(kmemd, &journal, &error), 0);
	assert_int_equal(journal_read(kmemd, &again), 0);
	assert_string_equal(again.job, "apply");
	assert_string_equal(again.device, "cxl-ram:0x1234");
	assert_int_equal(again.pid, 4711);
	assert_string_equal(again.instance_path, "bus/cxl/devices/mem0");
	assert_int_equal(again.instance, 77);
	assert_true(again.forward);
	assert_true(again.done);
	assert_string_equal(again.program, program_invocation_short_name);
	assert_int_equal(again.uid, getuid());
	assert_int_equal(json_object_array_length(again.held), 1);
	assert_int_equal(json_object_array_length(again.undo), 2);
	assert_string_equal(json_text(json_object_array_get_idx(again.undo, 1), "step"), "online");
	assert_int_equal(json_object_array_length(again.records), 1);
	assert_int_equal(mode_of(at(*state, "run/journal.json")), 0600);
	journal_release(&again);
	journal_release(&journal);
	journal_remove(kmemd);
	assert_int_equal(journal_read(kmemd, &again), -ENOENT);
	journal_remove(kmemd);
}

static void a_journal_that_is_garbage_is_an_error(void **state)
{
	static const char *const texts[] = {"", "{\"job\": \"app", "garbage", "null", "[]", "7"};
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct journal journal = {.pid = 5};

	for (size_t i = 0; i < array_size(texts); i++) {
		write_text(at(*state, "run/journal.json"), texts[i]);
		assert_int_equal(journal_read(kmemd, &journal), -EBADMSG);
	}
	assert_int_equal(journal.pid, 5);
	/* What is too long is cut, and what is of another type is nothing. */
	write_text(at(*state, "run/journal.json"), "{\"job\": \"a job with a name that is longer "
						   "than any\", \"pid\": \"x\", \"held\": 7, "
						   "\"undo\": null}");
	assert_int_equal(journal_read(kmemd, &journal), 0);
	assert_string_equal(journal.job, "a job with a name that is longe");
	assert_int_equal(journal.pid, 0);
	assert_int_equal(json_object_array_length(journal.held), 0);
	assert_int_equal(json_object_array_length(journal.undo), 0);
	journal_release(&journal);
}

static void a_journal_that_cannot_be_written_is_an_error(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct journal journal;
	struct kmemd_error error = {0};

	assert_int_equal(journal_init(&journal), 0);

	folder_remove(at(*state, "run"));
	assert_int_equal(journal_write(kmemd, &journal, &error), -ENOENT);
	assert_contains(error.message, "run/journal.json");
	journal_release(&journal);
}

static void status_tells_the_job_and_the_records(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct device device = device_called("cxl-ram:0x1234", 77);
	struct journal journal;
	struct json_object *json = NULL, *job = NULL;
	struct device quiet = device_called("cxl-ram:0x5678", 78);
	struct kmemd_error error = {0};

	assert_int_equal(journal_init(&journal), 0);
	snprintf(journal.job, sizeof(journal.job), "drain");
	journal.pid = 42;
	write_record(kmemd, &device, RECORD_FAILED, "it did not work");
	write_record(kmemd, &quiet, RECORD_LEFT, "");
	assert_int_equal(journal_write(kmemd, &journal, &error), 0);
	assert_int_equal(kmemd_report_status(kmemd, &json, &error), 0);
	assert_true(json_object_object_get_ex(json, "job", &job));
	assert_string_equal(json_text(job, "type"), "drain");
	assert_int_equal(json_get_u64(job, "pid"), 42);
	assert_int_equal(json_count(json, "records"), 1);
	assert_string_equal(json_text(json_member(json, "records", 0), "state"), "failed");
	assert_string_equal(json_text(json_member(json, "records", 0), "message"),
			    "it did not work");
	json_object_put(json);
	journal_release(&journal);
}

/* --- the lock
 * ----------------------------------------------------------------------------------------------------
 */

struct listener {
	char waiting[256];
	unsigned int events;
	bool cancel;
	int release; /* written to when the event comes, or -1 */
};

static void on_event(void *userdata, const struct kmemd_event *event)
{
	struct listener *listener = userdata;

	listener->events++;
	if (event->type == KMEMD_EVENT_WAITING)
		snprintf(listener->waiting, sizeof(listener->waiting), "%s", event->message);
	if (listener->release >= 0)
		assert_int_equal(write(listener->release, "x", 1), 1);
}

static bool is_cancelled(void *userdata)
{
	return ((struct listener *)userdata)->cancel;
}

static struct kmemd_job job_of(struct listener *listener)
{
	return (struct kmemd_job){
		.event = on_event, .userdata = listener, .cancelled = is_cancelled};
}

/* Another process takes the lock, says so, and keeps it until it is written to or killed. */
static pid_t hold_lock(const struct kmemd *kmemd, int *ret_release)
{
	int said[2], release[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(release), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct listener listener = {.release = -1};
		struct kmemd_job job = job_of(&listener);
		struct kmemd_error error = {0};
		int lock = lock_take(kmemd, &job, &error);

		close(release[1]);
		if (lock < 0 || write(said[1], "x", 1) != 1)
			_exit(1);
		_exit(read(release[0], &byte, 1) == 1 ? 0 : 2);
	}
	close(said[1]);
	close(release[0]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	*ret_release = release[1];
	return pid;
}

static void the_lock_is_closed_to_others(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct listener listener = {.release = -1};
	struct kmemd_job job = job_of(&listener);
	struct kmemd_error error = {0};

	for (int i = 0; i < 2; i++) { /* closing it gives it back */
		int lock = lock_take(kmemd, &job, &error);

		assert_true(lock >= 0);
		/* Who may open it may hold it. */
		assert_int_equal(mode_of(at(*state, "run/lock")), 0600);
		assert_int_equal(mode_of(at(*state, "run/devices")), 0700);
		assert_int_equal(mode_of(at(*state, "run")), 0711);
		assert_int_equal(chmod(at(*state, "run/lock"), 0666), 0);
		assert_int_equal(chmod(at(*state, "run"), 0777), 0);
		close(lock);
	}
	assert_int_equal(listener.events, 0);
}

static void a_second_process_waits_and_says_for_whom(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct listener listener = {0};
	struct kmemd_job job = job_of(&listener);
	struct kmemd_error error = {0};
	pid_t pid = hold_lock(kmemd, &listener.release);
	int lock, status;
	char part[32];

	lock = lock_take(kmemd, &job, &error); /* the event lets the other one go */
	assert_true(lock >= 0);
	assert_int_equal(listener.events, 1);
	snprintf(part, sizeof(part), "(pid %d), which holds the lock", (int)pid);
	assert_contains(listener.waiting, part);
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(listener.release);
}

/* Killed in the middle: the kernel gives the lock back. */
static void the_lock_of_a_process_that_died_is_free(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct listener listener = {.release = -1};
	struct kmemd_job job = job_of(&listener);
	struct kmemd_error error = {0};
	int release, lock;
	pid_t pid = hold_lock(kmemd, &release);

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	lock = lock_take(kmemd, &job, &error);
	assert_true(lock >= 0);
	assert_int_equal(listener.events, 0);
	close(lock);
	close(release);
}

static void interrupt_only(int number)
{
	(void)number;
}

static void waiting_for_the_lock_can_be_cancelled(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct sigaction action = {.sa_handler = interrupt_only};
	struct listener listener = {.release = -1, .cancel = true};
	struct kmemd_job job = job_of(&listener);
	struct kmemd_error error = {0};
	int release;
	pid_t pid = hold_lock(kmemd, &release);

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	ualarm(50 * 1000, 50 * 1000);
	assert_int_equal(lock_take(kmemd, &job, &error), -ECANCELED);
	ualarm(0, 0);
	signal(SIGALRM, SIG_DFL);
	assert_contains(error.message, "cancelled while waiting for the lock");
	assert_int_equal(write(release, "x", 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(release);
}

/* The time that was given counts from the first moment, and the message blames who has the lock. */
static void waiting_for_the_lock_ends_with_the_jobs_time(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	struct listener listener = {.release = -1};
	struct kmemd_job job = job_of(&listener);
	struct kmemd_error error = {0};
	char part[64];
	int release;
	pid_t pid = hold_lock(kmemd, &release);

	job.timeout_sec = 1;
	assert_int_equal(lock_take(kmemd, &job, &error), -ETIMEDOUT);
	snprintf(part, sizeof(part), "(pid %d) held the lock for all of the 1 seconds", (int)pid);
	assert_contains(error.message, part);
	assert_int_equal(write(release, "x", 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(release);
}

static void a_run_directory_that_cannot_be_made_is_told(void **state)
{
	const char *run = at(*state, "file/run");
	struct kmemd_paths paths = {.run = run};
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	struct listener listener = {.release = -1};
	struct kmemd_job job = job_of(&listener);
	struct kmemd_error error = {0};

	write_text(at(*state, "file"), "");
	assert_int_equal(kmemd_new(&kmemd, &paths), 0);
	assert_int_equal(lock_take(kmemd, &job, &error), -ENOTDIR);
	assert_contains(error.message, "file/run: Not a directory");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_record_is_read_back),
		with_folder(a_record_of_another_life_says_nothing),
		with_folder(odd_names_stay_in_the_directory),
		with_folder(a_record_of_another_name_says_nothing),
		with_folder(a_record_that_is_garbage_says_nothing),
		with_folder(records_of_devices_that_are_gone_are_removed),
		with_folder(no_directory_is_no_record),
		with_folder(the_journal_is_read_back),
		with_folder(a_journal_that_is_garbage_is_an_error),
		with_folder(a_journal_that_cannot_be_written_is_an_error),
		with_folder(status_tells_the_job_and_the_records),
		with_folder(the_lock_is_closed_to_others),
		with_folder(a_second_process_waits_and_says_for_whom),
		with_folder(the_lock_of_a_process_that_died_is_free),
		with_folder(waiting_for_the_lock_can_be_cancelled),
		with_folder(waiting_for_the_lock_ends_with_the_jobs_time),
		with_folder(a_run_directory_that_cannot_be_made_is_told),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
