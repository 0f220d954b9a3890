// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs whose every write fails once, and jobs that are killed before every write: the machine is
 * then as it was, or as it should be, never in between.
 */
#include "base/error.h"
#include "context.h"
#include "fake-kernel.h"
#include "job/drain-job.h"
#include "job/event.h"
#include "job/policy-job.h"
#include "policy/policy.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define RAM_POLICY                                                                                 \
	"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Lifecycle]\nDrainTimeoutSec=60\n"           \
	"[Memory]\nMode=system-ram\n"
#define NVDIMM_POLICY                                                                              \
	"[Match]\nUuid=" UUID "\n[Lifecycle]\nDrainTimeoutSec=60\n[Memory]\nMode=system-ram\n"

#define READS_MAX  2000
#define WRITES_MAX 100 /* no job needs more; more means that it does not end */

static char messages[8192];
static unsigned int recovered;

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(messages);

	(void)userdata;
	recovered += event->type == KMEMD_EVENT_RECOVERED;
	if (event->message)
		snprintf(messages + used, sizeof(messages) - used, "%d: %s\n", event->type,
			 event->message);
}

static const struct kmemd_job job = {.event = on_event, .retry = true};

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_error error;
};

static struct machine boot(const char *folder, const char *auto_online, const char *policy)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};
	struct machine machine = {.policy = policy_of(policy)};

	folder_remove(at(folder, "sys"));
	folder_remove(at(folder, "run"));
	kernel_boot(folder, auto_online);
	messages[0] = '\0';
	recovered = 0;
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine.kmemd, &paths), 0);
	return machine;
}

static void power_off(struct machine *machine)
{
	if (fault.violation)
		fail_msg("%s\n%s", fault.violation, messages);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
}

/* One of the jobs that are tried. */
struct trial {
	const char *auto_online, *policy, *device;
	bool drains; /* what policy wants, before the faults begin */
	bool set;    /* of two expanders */
};

static const struct trial failures[] = {
	{"offline", RAM_POLICY, "mem0", false, false},
	{"offline", NVDIMM_POLICY, UUID, false, false},
	{"online", NVDIMM_POLICY, UUID, true, false},
	{"online", RAM_POLICY, "mem0", false, false},
	{"online", NVDIMM_POLICY, UUID, false, false},
	{"offline", RAM_POLICY, "mem0", true, false},
	{"offline", RAM_POLICY, "mem0", false, true},
	{"online", RAM_POLICY, "mem1", true, true},
};

static const struct trial kills[] = {
	{"online", RAM_POLICY, "mem0", false, false},
	{"online", NVDIMM_POLICY, UUID, false, false},
	{"offline", NVDIMM_POLICY, UUID, false, false},
	{"offline", RAM_POLICY, "mem0", false, false},
	{"online", RAM_POLICY, "mem0", true, false},
	{"online", NVDIMM_POLICY, UUID, true, false},
	{"online", RAM_POLICY, "mem1", false, true},
	{"offline", RAM_POLICY, "mem0", true, true},
};

static int apply(struct machine *machine, const char *device)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_apply(machine->kmemd, machine->policy, device, &job, &machine->error);
}

static int run_trial(struct machine *machine, const struct trial *trial)
{
	if (!trial->drains)
		return apply(machine, trial->device);
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, DRAIN(trial->device), &job,
			   &machine->error);
}

static void assert_same_tree(const char *before, const struct machine *machine,
			     unsigned int at_write)
{
	_cleanup_free_ char *now = kernel_tree();
	size_t same = 0;

	if (!strcmp(now, before))
		return;
	while (now[same] && now[same] == before[same])
		same++;
	while (same && now[same - 1] != '\n')
		same--;
	fail_msg("fault %u (%s, %d): the tree is not as it was: '%.*s' instead of '%.*s' (%s)\n%s",
		 at_write, fault.read_path, fault.read_errnum, (int)strcspn(now + same, "\n"),
		 now + same, (int)strcspn(before + same, "\n"), before + same,
		 machine->error.message, messages);
}

/* Boots, and brings the machine to where the trial begins. */
static struct machine begin(const char *folder, const struct trial *trial)
{
	struct machine machine = boot(folder, trial->auto_online, trial->policy);

	if (trial->set)
		kernel_plug_second();
	if (trial->drains && apply(&machine, trial->device) < 0)
		fail_msg("%s", machine.error.message);
	fault.writes = 0;
	return machine;
}

/* Fails the n-th write for every n, until a job runs through with fewer writes. Returns how many
 * failed. */
static unsigned int fail_each_write(const char *folder, const struct trial *trial, int errnum)
{
	unsigned int failed = 0;

	for (unsigned int n = 1; n < WRITES_MAX; n++) {
		struct machine machine = begin(folder, trial);
		_cleanup_free_ char *before = kernel_tree();
		int r;

		fault.errnum = errnum;
		fault.at = n;
		r = run_trial(&machine, trial);
		if (fault.writes < n) { /* there is no n-th write */
			assert_int_equal(r, 0);
			power_off(&machine);
			return failed;
		}
		fault.at = 0;
		failed += r < 0;
		if (r < 0) {
			assert_int_not_equal(machine.error.result, KMEMD_DONE);
			assert_true(machine.error.message[0]);
			/* Unless all is done, and only the record of it could not be written. */
			if (!strstr(machine.error.message, "/run/devices/"))
				assert_same_tree(before, &machine, n);
			/* Nothing is in the way of a second try. */
			if (run_trial(&machine, trial) < 0)
				fail_msg("write %u, second try: %s", n, machine.error.message);
		}
		assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
				    trial->auto_online);
		assert_int_equal(access(at(machine.kmemd->run, "journal.json"), F_OK), -1);
		power_off(&machine);
	}
	fail_msg("the job does not end");
	return 0;
}

static void a_job_whose_write_fails_leaves_the_machine_as_it_was(void **state)
{
	static const int errnums[] = {EBUSY, EIO, EPERM};
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(failures); i++)
		for (size_t j = 0; j < array_size(errnums); j++)
			failed += fail_each_write(*state, &failures[i], errnums[j]);
	assert_true(failed >= 40);
}

/* --- reads
 * -----------------------------------------------------------------------------------------------------
 */

static const int read_faults[] = {EIO, ENOENT, READ_SHORT, READ_NOTHING};

/*
 * What a job says of a read that fails is its own business: it may be one that it can do without.
 * But what it says is done is done, what it says is not is as it was, or is said, and the next try
 * finds nothing in its way. True when the job ended without an n-th read.
 */
static bool fail_read(const char *folder, const struct trial *trial, const char *wanted,
		      unsigned int n, int errnum, unsigned int *failed)
{
	struct machine machine = begin(folder, trial);
	_cleanup_free_ char *before = kernel_tree();
	bool ran_out;
	int r;

	messages[0] = '\0';
	fault.reads = 0;
	fault.read_errnum = errnum;
	fault.read_at = n;
	r = run_trial(&machine, trial);
	ran_out = fault.reads < n;
	fault.read_at = 0;
	*failed += r < 0;
	/* As it asks for. */
	if (strstr(messages, "auto_online_blocks cannot be put back"))
		write_text(sysfs("devices/system/memory/auto_online_blocks"), trial->auto_online);
	if (r == 0) {
		assert_same_tree(wanted, &machine, n);
	} else {
		assert_int_not_equal(machine.error.result, KMEMD_DONE);
		assert_true(machine.error.message[0]);
		if (machine.error.result != KMEMD_PARTLY &&
		    !strstr(machine.error.message, "undo") && !strstr(messages, "could not"))
			assert_same_tree(before, &machine, n);
		if (run_trial(&machine, trial) < 0)
			fail_msg("read %u (%s, %d), second try: %s\n%s", n, fault.read_path, errnum,
				 machine.error.message, messages);
	}
	/* A setting that could not be read stays in the journal for the next job. */
	if (exists(at(machine.kmemd->run, "journal.json")))
		run_trial(&machine, trial);
	assert_same_tree(wanted, &machine, n);
	assert_int_equal(access(at(machine.kmemd->run, "journal.json"), F_OK), -1);
	power_off(&machine);
	return ran_out;
}

static void a_job_whose_read_fails_says_only_what_is_so(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(kills); i++) {
		_cleanup_free_ char *wanted = NULL;
		struct machine machine = begin(*state, &kills[i]);

		assert_int_equal(run_trial(&machine, &kills[i]), 0);
		wanted = kernel_tree();
		power_off(&machine);
		for (size_t j = 0; j < array_size(read_faults); j++) {
			unsigned int n = 1;

			while (!fail_read(*state, &kills[i], wanted, n, read_faults[j], &failed))
				assert_true(n++ < READS_MAX);
		}
	}
	assert_true(failed >= 40);
}

struct trial_run {
	struct machine machine;
	const struct trial *trial;
};

static int run_trial_of(void *data)
{
	struct trial_run *run = data;

	return run_trial(&run->machine, run->trial);
}

static bool survives(const struct machine *machine, const struct trial *trial, unsigned int n)
{
	struct trial_run run = {*machine, trial};

	return survives_kill(n, run_trial_of, &run);
}

/* Kills a job before every write; the next one puts right what was left and brings it to its end.
 */
static unsigned int kill_before_each_write(const char *folder, const struct trial *trial)
{
	_cleanup_free_ char *wanted = NULL;
	struct machine machine = begin(folder, trial);

	assert_int_equal(run_trial(&machine, trial), 0);
	wanted = kernel_tree();
	power_off(&machine);
	for (unsigned int n = 1; n < WRITES_MAX; n++) {
		bool lived;

		machine = begin(folder, trial);
		messages[0] = '\0';
		recovered = 0;
		lived = survives(&machine, trial, n);
		if (!lived && run_trial(&machine, trial) < 0)
			fail_msg("killed before write %u, then: %s\n%s", n, machine.error.message,
				 messages);
		assert_same_tree(wanted, &machine, n);
		assert_int_equal(access(at(machine.kmemd->run, "journal.json"), F_OK), -1);
		/* Before the first write there is no journal that could be found. */
		if (!lived && n > 1 && strstr(messages, "steps"))
			assert_int_equal(recovered, 1);
		power_off(&machine);
		if (lived)
			return n - 1;
	}
	fail_msg("the job does not end");
	return 0;
}

static void a_job_that_is_killed_is_finished_by_the_next_one(void **state)
{
	unsigned int killed = 0;

	for (size_t i = 0; i < array_size(kills); i++)
		killed += kill_before_each_write(*state, &kills[i]);
	assert_true(killed >= 25);
}

/* Not the same job: policy for all devices, as the daemon does when it starts again. */
static void what_a_killed_job_left_is_told(void **state)
{
	struct machine machine = begin(*state, &kills[0]);

	assert_false(survives(&machine, &kills[0], 8));
	assert_string_not_equal(text_of(at(machine.kmemd->run, "journal.json")), "(none)");
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")),
			    "online_movable");
	if (apply(&machine, NULL) < 0)
		fail_msg("%s", machine.error.message);
	assert_int_equal(recovered, 1);
	assert_contains(messages, "job 'apply' of cxl-ram:0x1234");
	assert_contains(messages, "auto_online_blocks is 'online' again");
	assert_string_equal(text_of(sysfs("devices/system/memory/auto_online_blocks")), "online");
	power_off(&machine);
}

static void a_journal_that_is_garbage_is_told_and_ignored(void **state)
{
	struct machine machine = begin(*state, &kills[0]);

	write_text(at(machine.kmemd->run, "journal.json"), "{\"job\": \"app");
	if (apply(&machine, NULL) < 0)
		fail_msg("%s", machine.error.message);
	assert_int_equal(recovered, 0);
	assert_contains(messages, "is unreadable: ignored");
	assert_int_equal(access(at(machine.kmemd->run, "journal.json"), F_OK), -1);
	power_off(&machine);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_job_whose_write_fails_leaves_the_machine_as_it_was),
		with_folder(a_job_whose_read_fails_says_only_what_is_so),
		with_folder(a_job_that_is_killed_is_finished_by_the_next_one),
		with_folder(what_a_killed_job_left_is_told),
		with_folder(a_journal_that_is_garbage_is_told_and_ignored),
	};

	return cmocka_run_group_tests_name("apply_faults", tests, NULL, NULL);
}
