// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests by hand of every kind, each of whose writes and reads fails once, and that are killed
 * before each write or cancelled after it.
 */
#define HMEM_BLOCKS 3

#include "requests.h"

static struct faulty_job job_of(const struct trial *trial)
{
	return (struct faulty_job){
		.name = trial->title,
		.auto_online = "online\n",
		.trial = trial,
		.begin = boot_for,
		.run = ask_trial,
		.describe = describe_records,
		.once = trial->request.verb == KMEMD_CREATE_DEVICE ||
			trial->request.verb == KMEMD_DESTROY_DEVICE,
		.in_parts = trial->names[1] || trial->request.keep,
	};
}

static void a_request_whose_write_fails_is_undone(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(trials); i++) {
		struct faulty_job faulty = job_of(&trials[i]);

		failed += fail_each_write(*state, &faulty);
	}
	assert_true(failed >= 100);
}

static void a_request_whose_read_fails_says_only_what_is_so(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(trials); i++) {
		struct faulty_job faulty = job_of(&trials[i]);

		failed += fail_each_read(*state, &faulty);
	}
	assert_true(failed >= 100);
}

static void a_request_that_is_cancelled_is_undone(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(trials); i++) {
		struct faulty_job faulty = job_of(&trials[i]);

		failed += cancel_after_each_write(*state, &faulty);
	}
	assert_true(failed >= 30);
}

/* --- killed -------------------------------------------------------------------------------------
 */

struct trial_run {
	struct machine machine;
	const struct trial *trial;
};

static int ask_trial_of(void *data)
{
	struct trial_run *run = data;

	return ask_trial(&run->machine, run->trial);
}

/* Any job puts right what one that was killed has left, before it looks for its own device. */
static void recover(struct machine *machine)
{
	char *names[] = {"dax9.9", NULL};

	assert_int_equal(ask_all(machine, offline, names), -ENODEV);
}

/* Returns how often it was killed. */
static unsigned int kill_at_each_write(const char *folder, const struct trial *trial)
{
	struct faulty_job faulty = job_of(trial);
	struct outcome outcome = outcome_of(folder, &faulty);
	unsigned int n = 0;
	bool lived = false;

	while (!lived && n++ < WRITES_MAX) {
		struct machine machine = boot_for(folder, trial);
		struct trial_run run = {machine, trial};

		lived = survives_kill(n, ask_trial_of, &run);
		if (!lived)
			recover(&machine);
		/* Of several devices the first ones stay done. */
		if (!lived && trial->names[1])
			assert_done(&machine, ask_trial(&machine, trial));
		if (!is_tree(outcome.after) && (lived || !is_tree(outcome.before)))
			fail_msg("%s, killed before write %u: neither as wanted nor as before: "
				 "%s\n%s",
				 trial->title, n, first_difference(outcome.before), messages);
		power_off(&machine);
	}
	outcome_release(&outcome);
	assert_true(lived);
	return n - 1;
}

static void a_request_that_is_killed_is_undone_by_the_next_job(void **state)
{
	unsigned int killed = 0;

	for (size_t i = 0; i < array_size(trials); i++)
		killed += kill_at_each_write(*state, &trials[i]);
	assert_true(killed >= 60);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_request_whose_write_fails_is_undone),
		with_folder(a_request_whose_read_fails_says_only_what_is_so),
		with_folder(a_request_that_is_cancelled_is_undone),
		with_folder(a_request_that_is_killed_is_undone_by_the_next_job),
	};

	return cmocka_run_group_tests_name("request_faults", tests, NULL, NULL);
}
