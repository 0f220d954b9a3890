// SPDX-License-Identifier: GPL-2.0-or-later
/* Attributes and files, error messages, growable arrays, JSON. */
#include "fixture.h"

#include "base/error.h"
#include "base/file.h"

#include <signal.h>
#include <sys/resource.h>

static void an_attribute_is_read_without_its_newline(void **state)
{
	const char *path = at(*state, "a");
	char text[16];

	write_text(path, "online\n");
	assert_int_equal(attribute_read(AT_FDCWD, path, text, sizeof(text)), 0);
	assert_string_equal(text, "online");
	write_text(path, "");
	assert_int_equal(attribute_read(AT_FDCWD, path, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	write_text(path, "two words\n\n");
	assert_int_equal(attribute_read(AT_FDCWD, path, text, sizeof(text)), 0);
	assert_string_equal(text, "two words");
}

static void an_attribute_is_read_below_a_directory(void **state)
{
	_cleanup_close_ int directory = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[16];

	write_text(at(*state, "memory8/state"), "offline\n");
	assert_int_equal(attribute_read(directory, "memory8/state", text, sizeof(text)), 0);
	assert_string_equal(text, "offline");
}

static void an_attribute_that_is_missing_or_too_long_is_an_error(void **state)
{
	const char *path = at(*state, "a");
	char text[8];

	assert_int_equal(attribute_read(AT_FDCWD, path, text, sizeof(text)), -ENOENT);
	write_text(path, "1234567");
	assert_int_equal(attribute_read(AT_FDCWD, path, text, sizeof(text)), 0);
	assert_string_equal(text, "1234567");
	write_text(path, "12345678");
	assert_int_equal(attribute_read(AT_FDCWD, path, text, sizeof(text)), -EMSGSIZE);
	assert_int_equal(attribute_read(AT_FDCWD, *state, text, sizeof(text)), -EISDIR);
}

static void an_attribute_holds_a_number_or_an_error(void **state)
{
	const char *path = at(*state, "a");
	uint64_t value = 7;

	write_text(path, "0x100000000\n");
	assert_int_equal(attribute_read_u64(AT_FDCWD, path, &value), 0);
	assert_int_equal(value, UINT64_C(0x100000000));
	write_text(path, "many\n");
	assert_int_equal(attribute_read_u64(AT_FDCWD, path, &value), -EINVAL);
	write_text(path, "123456789012345678901234567890123456\n");
	assert_int_equal(attribute_read_u64(AT_FDCWD, path, &value), -EMSGSIZE);
	assert_int_equal(value, UINT64_C(0x100000000));
}

static void an_attribute_is_written_and_never_created(void **state)
{
	const char *path = at(*state, "a");

	assert_int_equal(attribute_write(AT_FDCWD, path, "1"), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	write_text(path, "0");
	assert_int_equal(attribute_write(AT_FDCWD, path, "1"), 0);
	assert_string_equal(text_of(path), "1");
	assert_int_equal(attribute_write(AT_FDCWD, "/dev/full", "1"), -ENOSPC);
}

/* A file that may not grow beyond a few bytes takes a part of the value. */
static void a_short_write_is_an_error(void **state)
{
	const char *path = at(*state, "a");
	_cleanup_free_ char *value = NULL;
	struct rlimit before, limit = {.rlim_cur = 8, .rlim_max = RLIM_INFINITY};

	write_text(path, "");
	value = strdup("0123456789abcdef");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(attribute_write(AT_FDCWD, path, value), -EIO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
}

static void a_file_is_replaced_whole(void **state)
{
	const char *path = at(*state, "journal.json");
	struct stat before, after;

	assert_int_equal(file_replace(path, "old", 0600), 0);
	assert_string_equal(text_of(path), "old");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(file_replace(path, "new text", 0600), 0);
	assert_string_equal(text_of(path), "new text");
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino); /* renamed over, not written into */
	assert_int_equal(access(at(*state, "journal.json.new"), F_OK), -1);
}

static void a_file_that_cannot_be_replaced_stays(void **state)
{
	const char *path = at(*state, "journal.json");
	struct rlimit before, limit;

	write_text(path, "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 4;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(file_replace(path, "a longer text", 0600), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_string_equal(text_of(path), "old");
	assert_int_equal(access(at(*state, "journal.json.new"), F_OK), -1);
	assert_int_equal(file_replace(at(*state, "nowhere/x"), "text", 0600), -ENOENT);
}

static void the_name_of_a_link_is_the_last_part_of_its_target(void **state)
{
	_cleanup_close_ int directory = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[8];

	assert_int_equal(symlink("../../drivers/kmem", at(*state, "driver")), 0);
	assert_int_equal(link_name(directory, "driver", name, sizeof(name)), 0);
	assert_string_equal(name, "kmem");
	assert_int_equal(link_name(directory, "none", name, sizeof(name)), 0);
	assert_string_equal(name, "");
	assert_int_equal(symlink("much-too-long", at(*state, "long")), 0);
	assert_int_equal(link_name(directory, "long", name, sizeof(name)), -EMSGSIZE);
	write_text(at(*state, "file"), "");
	assert_int_equal(link_name(directory, "file", name, sizeof(name)), -EINVAL);
}

static void an_error_has_the_result_of_its_errno(void **state)
{
	static const struct {
		int errnum;
		enum kmemd_result result;
	} cases[] = {
		{EPERM, KMEMD_NOT_PERMITTED}, {EACCES, KMEMD_NOT_PERMITTED},
		{EROFS, KMEMD_NOT_PERMITTED}, {ENODEV, KMEMD_NO_DEVICE},
		{EBUSY, KMEMD_FAILED},	      {ENOENT, KMEMD_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct kmemd_error error = {0};

		assert_int_equal(error_errno(&error, cases[i].errnum, "%s is %d", "x", 7),
				 -cases[i].errnum);
		assert_int_equal(error.result, cases[i].result);
		assert_int_equal(error.errnum, cases[i].errnum);
		assert_string_equal(error.message, "x is 7");
	}
	assert_int_equal(error_set(NULL, KMEMD_FAILED, EIO, "nobody reads this"), -EIO);
	assert_int_equal(error_errno(NULL, EIO, "nor this"), -EIO);
	assert_int_equal(error_memory(NULL), -ENOMEM);
	error_prefix(NULL, "nor this");
}

static void a_prefix_goes_before_the_message(void **state)
{
	struct kmemd_error error = {0};

	(void)state;
	error_set(&error, KMEMD_REFUSED, EBUSY, "memory12 stays online");
	error_prefix(&error, "cannot %s", "offline dax0.0");
	error_prefix(&error, "mem0");
	assert_string_equal(error.message, "mem0: cannot offline dax0.0: memory12 stays online");
	assert_int_equal(error.result, KMEMD_REFUSED);
	assert_int_equal(error.errnum, EBUSY);
}

static void a_message_that_is_too_long_is_cut(void **state)
{
	struct {
		struct kmemd_error error;
		char guard[8];
	} box = {.guard = "guarded"};
	char text[2000], prefix[600];
	size_t length;

	(void)state;
	memset(text, 'm', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memset(prefix, 'p', sizeof(prefix));
	prefix[sizeof(prefix) - 1] = '\0';
	error_set(&box.error, KMEMD_FAILED, EIO, "%s", text);
	length = strlen(box.error.message);
	assert_int_equal(length, sizeof(box.error.message) - 1);
	for (int i = 0; i < 5; i++) {
		error_prefix(&box.error, "%s", prefix);
		assert_int_equal(strlen(box.error.message), length);
		assert_true(!strncmp(box.error.message, "pppp", 4));
		assert_non_null(strstr(box.error.message, "p: "));
	}
	assert_string_equal(box.guard, "guarded");
}

static void an_array_grows_and_keeps_what_it_has(void **state)
{
	ARRAY(uint64_t) numbers = {0};
	uint64_t sum = 0;

	(void)state;
	array_foreach(number, &numbers)
		fail();
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t *slot = array_add(&numbers);

		assert_non_null(slot);
		assert_int_equal(*slot, 0);
		*slot = i;
	}
	assert_int_equal(numbers.count, 1000);
	array_foreach(number, &numbers)
		sum += *number;
	assert_int_equal(sum, 999 * 1000 / 2);
	free(numbers.items);
}

static void json_of_another_type_reads_as_nothing(void **state)
{
	struct json_object *json = json_tokener_parse(
		"{\"text\": \"abcdef\", \"big\": 18446744073709551615, \"minus\": "
		"-3, \"yes\": true, \"list\": [{\"a\": 1}, 2], \"null\": null}");
	char text[4];

	(void)state;
	assert_non_null(json);
	assert_string_equal(json_text(json, "text"), "abcdef");
	assert_string_equal(json_text(json, "big"), "");
	assert_string_equal(json_text(json, "none"), "");
	assert_string_equal(json_text(NULL, "none"), "");
	json_get_text(json, "text", text, sizeof(text));
	assert_string_equal(text, "abc");
	assert_true(json_get_u64(json, "big") == UINT64_MAX);
	assert_int_equal(json_get_u64(json, "minus"), 0);
	assert_int_equal(json_get_int(json, "minus"), -3);
	assert_int_equal(json_get_u64(json, "text"), 0);
	assert_int_equal(json_get_u64(json, "null"), 0);
	assert_true(json_get_bool(json, "yes"));
	assert_false(json_get_bool(json, "big"));
	assert_int_equal(json_count(json, "list"), 2);
	assert_int_equal(json_count(json, "text"), 0);
	assert_int_equal(json_get_u64(json_member(json, "list", 0), "a"), 1);
	assert_int_equal(json_get_u64(json_member(json, "list", 1), "a"), 0);
	assert_null(json_member(json, "list", 2));
	json_object_put(json);
}

static void a_json_file_is_read_or_refused(void **state)
{
	const char *path = at(*state, "x.json");
	struct json_object *json = NULL;

	assert_int_equal(json_read_file(path, &json), -ENOENT);
	write_text(path, "{\"version\": 1, \"host\": {");
	assert_int_equal(json_read_file(path, &json), -EBADMSG);
	write_text(path, "");
	assert_int_equal(json_read_file(path, &json), -EBADMSG);
	write_text(path, "no json at all");
	assert_int_equal(json_read_file(path, &json), -EBADMSG);
	assert_null(json);
	write_text(path, "{\"a\": 1}");
	assert_int_equal(json_read_file(path, &json), 0);
	json_put_text(json, "b", "two");
	assert_int_equal(json_write_file(path, json, 0600), 0);
	json_object_put(json);
	assert_int_equal(json_read_file(path, &json), 0);
	assert_string_equal(json_text(json, "b"), "two");
	json_object_put(json);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_attribute_is_read_without_its_newline),
		with_folder(an_attribute_is_read_below_a_directory),
		with_folder(an_attribute_that_is_missing_or_too_long_is_an_error),
		with_folder(an_attribute_holds_a_number_or_an_error),
		with_folder(an_attribute_is_written_and_never_created),
		with_folder(a_short_write_is_an_error),
		with_folder(a_file_is_replaced_whole),
		with_folder(a_file_that_cannot_be_replaced_stays),
		with_folder(the_name_of_a_link_is_the_last_part_of_its_target),
		cmocka_unit_test(an_error_has_the_result_of_its_errno),
		cmocka_unit_test(a_prefix_goes_before_the_message),
		cmocka_unit_test(a_message_that_is_too_long_is_cut),
		cmocka_unit_test(an_array_grows_and_keeps_what_it_has),
		cmocka_unit_test(json_of_another_type_reads_as_nothing),
		with_folder(a_json_file_is_read_or_refused),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
