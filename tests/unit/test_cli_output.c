/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kmemctl makes of JSON before it prints it as text, and who waits for the lock. */
#include "cli/lock-waiters.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "fixture.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

static void test_texts_are_made_printable(void **state)
{
	static const char text[] =
		"{\"a\": \"x\\u001b[2J\", \"list\": [\"\\u0007\", {\"deep\": \"\\n\"}, 7, null, "
		"true],"
		"\"policy_text\": \"[Match]\\nKind=hmem\\n\", \"fine\": \"Grüße\"}";
	_cleanup_(json_object_putp) struct json_object *json = json_tokener_parse(text);
	struct json_object *list;

	(void)state;
	cli_make_printable(json);
	assert_string_equal(json_text(json, "a"), "x\\x1b[2J");
	assert_string_equal(json_text(json, "fine"), "Grüße");
	assert_string_equal(json_text(json, "policy_text"), "[Match]\nKind=hmem\n");
	list = json_object_object_get(json, "list");
	assert_string_equal(json_object_get_string(json_object_array_get_idx(list, 0)), "\\x07");
	assert_string_equal(json_text(json_object_array_get_idx(list, 1), "deep"), "\\x0a");
	assert_int_equal(json_object_get_int(json_object_array_get_idx(list, 2)), 7);
}

static void test_problem_text(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	_cleanup_free_ char *without = NULL, *with = NULL;

	(void)state;
	json_put_text(json, "file", "/etc/x.conf");
	json_put_text(json, "message", "what is this");
	without = cli_problem_text(json);
	assert_string_equal(without, "/etc/x.conf: what is this");
	json_put_u64(json, "line", 7);
	with = cli_problem_text(json);
	assert_string_equal(with, "/etc/x.conf:7: what is this");
}

/* Those that wait for this file: not who holds it, not those of other files or kinds of locks. */
static void test_lock_waiters(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	_cleanup_(json_object_putp) struct json_object *array = json_object_new_array();
	char path[256], text[2048], where[64];
	struct stat lock;

	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.run = *state, .procfs = *state}),
			 0);
	lock_waiters(kmemd, array); /* neither lock nor list */
	assert_int_equal(json_object_array_length(array), 0);
	snprintf(path, sizeof(path), "%s/lock", (char *)*state);
	write_text(path, "kmemctl (pid 10)");
	assert_int_equal(stat(path, &lock), 0);
	snprintf(where, sizeof(where), "%02x:%02x:%lu", major(lock.st_dev), minor(lock.st_dev),
		 (unsigned long)lock.st_ino);
	snprintf(text, sizeof(text),
		 "1: POSIX  ADVISORY  WRITE 9 %s 0 EOF\n"
		 "1: -> POSIX  ADVISORY  WRITE 8 %s 0 EOF\n"
		 "2: FLOCK  ADVISORY  WRITE 10 %s 0 EOF\n"
		 "2: -> FLOCK  ADVISORY  WRITE 11 %s 0 EOF\n"
		 "2: -> FLOCK  ADVISORY  WRITE 12 %s 0 EOF\n"
		 "3: -> FLOCK  ADVISORY  WRITE 13 00:00:1 0 EOF\n"
		 "rubbish\n",
		 where, where, where, where, where);
	snprintf(path, sizeof(path), "%s/locks", (char *)*state);
	write_text(path, text);
	snprintf(path, sizeof(path), "%s/11", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/11/comm", (char *)*state);
	write_text(path, "kmemd-worker\n");
	lock_waiters(kmemd, array);
	assert_int_equal(json_object_array_length(array), 2);
	assert_int_equal(json_get_int(json_object_array_get_idx(array, 0), "pid"), 11);
	assert_string_equal(json_text(json_object_array_get_idx(array, 0), "program"),
			    "kmemd-worker");
	assert_int_equal(json_get_int(json_object_array_get_idx(array, 1), "pid"), 12);
	assert_string_equal(json_text(json_object_array_get_idx(array, 1), "program"), "");
}

/* Every row can be found by its name, and no name is there twice. */
static void test_verbs(void **state)
{
	unsigned int count = 0;

	(void)state;
	for (; verbs[count]; count++) {
		assert_ptr_equal(verb_find(verbs[count]->name), verbs[count]);
		assert_true(verbs[count]->run != NULL && verbs[count]->least <= verbs[count]->most);
	}
	assert_int_equal(count, 24);
	assert_null(verb_find("nonsense"));
	assert_null(verb_find(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_made_printable),
		cmocka_unit_test(test_problem_text),
		cmocka_unit_test_setup_teardown(test_lock_waiters, folder_setup, folder_teardown),
		cmocka_unit_test(test_verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
