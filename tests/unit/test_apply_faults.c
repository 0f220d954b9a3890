// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs whose every write fails once, and jobs that are killed before every write: the machine is
 * then as it was, or as it should be, never in between.
 */
#include "faulty-job.h"

#include "job/drain-job.h"
#include "job/policy-job.h"
#include "policy/policy.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define RAM_POLICY                                                                                 \
	"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Lifecycle]\nDrainTimeoutSec=60\n"           \
	"[Memory]\nMode=system-ram\n"
#define NVDIMM_POLICY                                                                              \
	"[Match]\nUuid=" UUID "\n[Lifecycle]\nDrainTimeoutSec=60\n[Memory]\nMode=system-ram\n"

static const struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled, .retry = true};

static struct machine boot(const char *folder, const char *auto_online, const char *policy)
{
	clear_folder(folder);
	kernel_boot(folder, auto_online);
	return start_kmemd(folder, policy);
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

static int run_trial(struct machine *machine, const void *data)
{
	const struct trial *trial = data;

	if (!trial->drains)
		return apply(machine, trial->device);
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_drain(machine->kmemd, machine->policy, DRAIN(trial->device), &job,
			   &machine->error);
}

/* Boots, and brings the machine to where the trial begins. */
static struct machine begin(const char *folder, const void *data)
{
	const struct trial *trial = data;
	struct machine machine = boot(folder, trial->auto_online, trial->policy);

	if (trial->set)
		kernel_plug_second();
	if (trial->drains && apply(&machine, trial->device) < 0)
		fail_msg("%s", machine.error.message);
	fault.writes = 0;
	return machine;
}

static struct faulty_job job_of(const struct trial *trial)
{
	return (struct faulty_job){
		.name = trial->drains ? "drain" : "apply",
		.auto_online = trial->auto_online,
		.trial = trial,
		.begin = begin,
		.run = run_trial,
	};
}

static void a_job_whose_write_fails_leaves_the_machine_as_it_was(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(failures); i++) {
		struct faulty_job faulty = job_of(&failures[i]);

		failed += fail_each_write(*state, &faulty);
	}
	assert_true(failed >= 40);
}

/*
 * What a job says of a read that fails is its own business: it may be one that it can do without.
 */
static void a_job_whose_read_fails_says_only_what_is_so(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(kills); i++) {
		struct faulty_job faulty = job_of(&kills[i]);

		failed += fail_each_read(*state, &faulty);
	}
	assert_true(failed >= 40);
}

static void a_job_that_is_cancelled_is_undone(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(kills); i++) {
		struct faulty_job faulty = job_of(&kills[i]);

		failed += cancel_after_each_write(*state, &faulty);
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
		char when[64];
		bool lived;

		machine = begin(folder, trial);
		messages[0] = '\0';
		recovered = 0;
		lived = survives(&machine, trial, n);
		if (!lived && run_trial(&machine, trial) < 0)
			fail_msg("killed before write %u, then: %s\n%s", n, machine.error.message,
				 messages);
		snprintf(when, sizeof(when), "killed before write %u", n);
		assert_same_tree(wanted, &machine, when);
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
		with_folder(a_job_that_is_cancelled_is_undone),
		with_folder(a_job_that_is_killed_is_finished_by_the_next_one),
		with_folder(what_a_killed_job_left_is_told),
		with_folder(a_journal_that_is_garbage_is_told_and_ignored),
	};

	return cmocka_run_group_tests_name("apply_faults", tests, NULL, NULL);
}
