// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs about two expanders that make one region, on a kernel made of files. */
#include "two-expanders.h"

/* --- making, draining, bringing back ------------------------------------------------------------
 */

static void two_expanders_make_one_region(void **state)
{
	struct machine machine = boot(*state, POLICY(""));

	assert_applied(&machine, &by_daemon, NULL);
	assert_interleaved();
	assert_record(&machine, FIRST, "left");
	assert_record(&machine, SECOND, "left");
	assert_int_equal(told.waited, 0);
	assert_contains(told.messages, "create a region of 1 GiB on mem0, mem1 (2 ways of 256 "
				       "bytes, window decoder0.0)");
	/* The second look finds nothing to do, and nothing that another hand has changed. */
	told.messages[0] = '\0';
	assert_applied(&machine, &by_daemon, NULL);
	assert_string_equal(told.messages, "");
	power_off(&machine);
}

static void a_drain_takes_the_other_along_and_its_name_brings_both_back(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	struct kmemd_error error = {0};

	assert_applied(&machine, &by_hand, NULL);
	told.messages[0] = '\0';
	assert_int_equal(
		kmemd_drain(machine.kmemd, machine.policy, DRAIN("mem1"), &by_hand, &error), 0);
	assert_contains(told.messages,
			"region0 is interleaved over 2 memdevs: mem0 goes along, and is held too");
	assert_as_before(&machine);
	assert_record(&machine, FIRST, "held");
	assert_record(&machine, SECOND, "held");
	assert_applied(&machine, &by_daemon, NULL);
	assert_as_before(&machine);
	assert_applied(&machine, &by_hand, "mem1");
	assert_interleaved();
	assert_record(&machine, FIRST, "left");
	assert_record(&machine, SECOND, "left");
	power_off(&machine);
}

/* A region that is there is spoken for by its first memdev, whichever of them is named. */
static void any_member_brings_its_region_online(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	static const char *const names[] = {"mem0", "mem1"};

	assert_applied(&machine, &by_hand, NULL);
	for (size_t i = 0; i < array_size(names); i++) {
		for (unsigned int j = 0; j < 8; j++)
			write_block(sysfs("devices/system/memory/memory%" PRIu64,
					  WINDOW_START / BLOCK + j),
				    "offline");
		told.messages[0] = '\0';
		assert_applied(&machine, &by_hand, names[i]);
		assert_interleaved();
		assert_contains(told.messages, "mem0: done and verified");
	}
	power_off(&machine);
}

/* Other jobs keep away from all that a drain takes along, by any of its names. */
static char journal_text[4096];

static void read_journal(const char *path, const char *value)
{
	(void)value;
	if (strstr(path, "region0/commit"))
		snprintf(journal_text, sizeof(journal_text), "%s",
			 text_of(at(kernel, "../run/journal.json")));
}

static void a_job_says_what_it_is_busy_with(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	static const char *const busy[] = {FIRST, "dax0.0", SECOND, "dax0.0"};

	assert_applied(&machine, &by_hand, NULL);
	fault.before = read_journal;
	assert_int_equal(
		kmemd_drain(machine.kmemd, machine.policy, DRAIN("mem1"), &by_hand, &error), 0);
	json = json_tokener_parse(journal_text);
	assert_int_equal(json_count(json, "busy"), array_size(busy));
	for (size_t i = 0; i < array_size(busy); i++)
		assert_string_equal(json_object_get_string(json_member(json, "busy", i)), busy[i]);
	power_off(&machine);
}

static void what_is_held_is_in_no_set(void **state)
{
	struct machine machine = boot(*state, POLICY(""));
	struct kmemd_error error = {0};

	assert_int_equal(
		kmemd_drain(machine.kmemd, machine.policy, DRAIN("mem1"), &by_hand, &error), 0);
	assert_applied(&machine, &by_daemon, NULL);
	assert_int_equal(number_of(cxl("region0", "interleave_ways")), 1);
	assert_string_equal(text_of(cxl("region0", "target0")), "decoder2.0");
	assert_int_equal(number_of(cxl("decoder3.0", "dpa_size")), 0);
	assert_record(&machine, SECOND, "held");
	power_off(&machine);
}

static void a_set_that_fails_fails_as_a_whole_and_comes_back_as_one(void **state)
{
	struct machine machine = boot(*state, POLICY(""));

	fault.path = "*/region0/target1";
	fault.value = "decoder3.0";
	fault.errnum = ENXIO;
	assert_true(apply(&machine, &by_daemon, NULL) < 0);
	assert_contains(machine.error.message, "target1");
	assert_as_before(&machine);
	assert_record(&machine, FIRST, "failed");
	assert_record(&machine, SECOND, "failed");
	fault.path = fault.value = NULL;
	/* Neither is tried by itself, not even alone. */
	assert_applied(&machine, &by_daemon, NULL);
	assert_as_before(&machine);
	assert_applied(&machine, &by_hand, "mem0");
	assert_interleaved();
	power_off(&machine);
}

/* --- waiting ------------------------------------------------------------------------------------
 */

static void the_daemon_waits_for_an_incomplete_set_until_its_time_is_over(void **state)
{
	struct machine machine = boot(*state, POLICY("Interleave=4\nWaitSec=30\n"));
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	unsigned int retry_ms;

	assert_applied(&machine, &by_daemon, NULL);
	assert_as_before(&machine);
	assert_record(&machine, FIRST, "waiting");
	assert_record(&machine, SECOND, "waiting");
	assert_int_equal(told.waited, 2);
	retry_ms = told.retry_ms;
	assert_in_range(retry_ms, 1, 30000);
	assert_contains(told.messages, "mem0: it waits up to 30 s (WaitSec=) for the other "
				       "expanders of a set of 4");
	/* Told once, and the time does not begin again. */
	told.messages[0] = '\0';
	assert_applied(&machine, &by_daemon, NULL);
	assert_string_equal(told.messages, "");
	assert_in_range(told.retry_ms, 1, retry_ms);
	/* The first one's time decides for both. */
	assert_int_equal(json_read_file(record_path_of(&machine, FIRST), &json), 0);
	json_object_object_del(json, "until_ms");
	json_put_u64(json, "until_ms", 1);
	assert_int_equal(json_write_file(record_path_of(&machine, FIRST), json, 0600), 0);
	assert_applied(&machine, &by_daemon, NULL);
	assert_interleaved();
	assert_contains(told.messages,
			"Interleave=4 is not possible: there are too few expanders; it is 2 ways");
	assert_record(&machine, FIRST, "left");
	assert_record(&machine, SECOND, "left");
	power_off(&machine);
}

static void who_applies_by_hand_takes_what_is_there(void **state)
{
	struct machine machine = boot(*state, POLICY("Interleave=4\nWaitSec=1h\n"));

	assert_applied(&machine, &by_daemon, NULL);
	assert_record(&machine, FIRST, "waiting");
	assert_applied(&machine, &by_hand, NULL);
	assert_interleaved();
	assert_record(&machine, FIRST, "left");
	power_off(&machine);
}

static void each_makes_its_own_where_policy_says_so(void **state)
{
	struct machine machine = boot(*state, POLICY("Interleave=1\n"));

	assert_applied(&machine, &by_daemon, "mem0");
	assert_int_equal(number_of(cxl("region0", "interleave_ways")), 1);
	assert_int_equal(number_of(cxl("region0", "size")), 4 * BLOCK);
	assert_int_equal(number_of(cxl("decoder3.0", "dpa_size")), 0);
	power_off(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(two_expanders_make_one_region),
		with_folder(a_drain_takes_the_other_along_and_its_name_brings_both_back),
		with_folder(any_member_brings_its_region_online),
		with_folder(a_job_says_what_it_is_busy_with),
		with_folder(what_is_held_is_in_no_set),
		with_folder(a_set_that_fails_fails_as_a_whole_and_comes_back_as_one),
		with_folder(the_daemon_waits_for_an_incomplete_set_until_its_time_is_over),
		with_folder(who_applies_by_hand_takes_what_is_there),
		with_folder(each_makes_its_own_where_policy_says_so),
	};

	return cmocka_run_group_tests_name("apply-sets", tests, NULL, NULL);
}
