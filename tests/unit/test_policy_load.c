// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy directories: which files are in force. */
#include "base/error.h"
#include "context.h"
#include "fixture.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/policy-json.h"

#define GOOD(mode) "[Match]\nKind=cxl-ram\n[Memory]\nMode=" mode "\n"

/* A context whose policy directories are etc, run and lib below the folder, in this order. */
static struct kmemd *context_of(const char *folder)
{
	struct kmemd_paths paths = {0};
	struct kmemd *kmemd = NULL;
	char directories[1024];

	snprintf(directories, sizeof(directories), "%s/etc:%s/run:%s/lib", folder, folder, folder);
	paths.policy_dirs = directories;
	assert_int_equal(kmemd_new(&kmemd, &paths), 0);
	return kmemd;
}

static struct kmemd_policy *load(const char *folder)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};

	if (kmemd_policy_load(kmemd, &policy, &error) < 0)
		fail_msg("%s", error.message);
	return policy;
}

static void assert_files(const char *folder, const struct kmemd_policy *policy,
			 const char *const *names)
{
	size_t count = 0;

	while (names[count])
		count++;
	for (size_t i = 0; i < policy->files.count && i < count; i++)
		assert_string_equal(policy->files.items[i].path, at(folder, "%s", names[i]));
	assert_int_equal(policy->files.count, count);
}

static void no_directory_is_no_policy(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = load(*state);

	assert_int_equal(policy->files.count, 0);
	assert_int_equal(policy->problems.count, 0);
}

static void files_are_sorted_by_name_over_all_directories(void **state)
{
	static const char *const wanted[] = {"lib/10-a.conf", "etc/20-b.conf", "run/30-c.conf",
					     "etc/5-z.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "run/30-c.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/20-b.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/5-z.conf"), GOOD("ignore"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
}

static void a_file_of_the_same_name_replaces(void **state)
{
	static const char *const wanted[] = {"etc/10-a.conf", "run/20-b.conf", "lib/30-c.conf",
					     NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "run/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/10-a.conf"), GOOD("devdax"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("ignore"));
	write_text(at(*state, "run/20-b.conf"), GOOD("devdax"));
	write_text(at(*state, "lib/30-c.conf"), GOOD("ignore"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->files.items[0].settings.mode, MODE_DEVDAX);
	assert_int_equal(policy->files.items[1].settings.mode, MODE_DEVDAX);
}

/* Also when the replacing file has a mistake: it must not fall back to what it replaces. */
static void a_bad_file_still_replaces(void **state)
{
	static const char *const wanted[] = {"lib/20-b.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "etc/10-a.conf"), GOOD("moon"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("ignore"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 1);
	assert_string_equal(policy->problems.items[0].path, at(*state, "etc/10-a.conf"));
	assert_int_equal(policy->problems.items[0].line, 4);
}

static void a_link_to_dev_null_or_an_empty_file_masks(void **state)
{
	static const char *const wanted[] = {"lib/30-c.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("system-ram"));
	write_text(at(*state, "lib/30-c.conf"), GOOD("system-ram"));
	write_text(at(*state, "run/20-b.conf"), "");
	make_folders(at(*state, "etc"));
	assert_int_equal(symlink("/dev/null", at(*state, "etc/10-a.conf")), 0);
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 0);
}

static void only_conf_files_count(void **state)
{
	static const char *const wanted[] = {"etc/a.conf", NULL};
	static const char *const others[] = {"etc/.hidden.conf", "etc/a.conf~", "etc/b.conf.bak",
					     "etc/.conf",	 "etc/README",	"etc/aconf"};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/a.conf"), GOOD("ignore"));
	for (size_t i = 0; i < array_size(others); i++)
		write_text(at(*state, "%s", others[i]), "rubbish\n");
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 0);
}

static void a_bad_file_is_skipped_and_the_others_count(void **state)
{
	static const char *const wanted[] = {"etc/30-c.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/10-a.conf"), "[Match]\nSize=12Q\n");
	make_folders(at(*state, "etc/20-b.conf")); /* a folder of that name */
	write_text(at(*state, "etc/30-c.conf"), GOOD("ignore"));
	assert_int_equal(symlink("nowhere", at(*state, "etc/40-d.conf")), 0);
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 3);
	assert_contains(policy->problems.items[0].message, "Size=12Q");
	assert_contains(policy->problems.items[1].message, "cannot read it: Is a directory");
	assert_contains(policy->problems.items[2].message, "cannot open it: No such file");
}

static void a_file_that_is_too_large_is_skipped(void **state)
{
	static const char *const wanted[] = {"etc/a.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_free_ char *text = malloc(70000);

	memset(text, '#', 70000);
	write_text(at(*state, "etc/a.conf"), GOOD("ignore"));
	write_bytes(at(*state, "etc/b.conf"), text, 70000);
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 1);
	assert_contains(policy->problems.items[0].message, "larger than 65536 bytes");
}

/* Opening a FIFO or reading it must not block. */
static void a_fifo_does_not_block(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/a.conf"), GOOD("ignore"));
	assert_int_equal(mkfifo(at(*state, "etc/b.conf"), 0644), 0);
	alarm(5);
	policy = load(*state);
	alarm(0);
	assert_int_equal(policy->files.count, 1);
}

static void assert_load_fails(const char *folder, int errnum, const char *message)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};

	assert_int_equal(kmemd_policy_load(kmemd, &policy, &error), -errnum);
	assert_int_equal(error.errnum, errnum);
	assert_int_not_equal(error.result, KMEMD_DONE);
	assert_contains(error.message, message);
	assert_null(policy);
}

static void no_valid_file_is_an_error(void **state)
{
	write_text(at(*state, "lib/10-a.conf"), "[Match]\nKind=moon\n");
	write_text(at(*state, "lib/20-b.conf"), GOOD("moon"));
	assert_load_fails(*state, EINVAL, "no policy file is valid");
	assert_load_fails(*state, EINVAL, at(*state, "lib/10-a.conf:2: [Match] Kind=moon"));
}

/* Masks and empty files are valid, and say nothing. */
static void a_policy_of_masks_is_no_error(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/10-a.conf"), "");
	policy = load(*state);
	assert_int_equal(policy->files.count, 0);
}

static void a_directory_that_cannot_be_read_is_an_error(void **state)
{
	write_text(at(*state, "lib/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "run"), "a file where a directory should be\n");
	assert_load_fails(*state, ENOTDIR, "cannot read the policy directory");
	assert_load_fails(*state, ENOTDIR, at(*state, "run"));
}

/* Loads as a user who is not root; the assertions come when this process is itself again. */
static int load_without_privileges(const char *folder, struct kmemd_policy **ret,
				   struct kmemd_error *error)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	bool is_root = geteuid() == 0;
	int r;

	if (is_root && seteuid(65534) < 0)
		return -ENOTSUP;
	r = kmemd_policy_load(kmemd, ret, error);
	if (is_root && seteuid(0) < 0)
		abort();
	return r;
}

static void a_directory_or_file_without_permission_is_told(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_policy *none = NULL;
	struct kmemd_error error = {0};
	int r;

	assert_int_equal(chmod(*state, 0755), 0);
	write_text(at(*state, "etc/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("ignore"));
	assert_int_equal(chmod(at(*state, "etc/10-a.conf"), 0), 0);
	r = load_without_privileges(*state, &policy, &error);
	if (r == -ENOTSUP)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(policy->files.count, 1);
	assert_int_equal(policy->problems.count, 1);
	assert_contains(policy->problems.items[0].message, "cannot open it: Permission denied");

	assert_int_equal(chmod(at(*state, "lib"), 0), 0);
	assert_int_equal(load_without_privileges(*state, &none, &error), -EACCES);
	assert_int_equal(error.result, KMEMD_NOT_PERMITTED);
	assert_contains(error.message, at(*state, "lib: Permission denied"));
	assert_null(none);
}

static void named_files_are_checked_and_told(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};
	struct json_object *json, *problem;
	char good[512], bad[512], none[512];
	char *files[] = {bad, good, none, NULL};

	snprintf(good, sizeof(good), "%s", at(*state, "good"));
	snprintf(bad, sizeof(bad), "%s", at(*state, "bad.conf"));
	snprintf(none, sizeof(none), "%s", at(*state, "none.conf"));
	write_text(good, GOOD("ignore"));
	write_text(bad, "[Match]\nSize=12Q\n");
	assert_int_equal(kmemd_policy_check(kmemd, files, &policy, &error), 0);
	json = kmemd_policy_to_json(policy);
	assert_int_equal(json_count(json, "files"), 1);
	assert_string_equal(json_object_get_string(json_member(json, "files", 0)), good);
	assert_int_equal(json_count(json, "problems"), 2);
	problem = json_member(json, "problems", 0);
	assert_string_equal(json_text(problem, "file"), bad);
	assert_int_equal(json_get_u64(problem, "line"), 2);
	assert_contains(json_text(problem, "message"), "Size=12Q");
	problem = json_member(json, "problems", 1);
	assert_string_equal(json_text(problem, "file"), none);
	assert_int_equal(json_get_u64(problem, "line"), 0);
	json_object_put(json);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(no_directory_is_no_policy),
		with_folder(files_are_sorted_by_name_over_all_directories),
		with_folder(a_file_of_the_same_name_replaces),
		with_folder(a_bad_file_still_replaces),
		with_folder(a_link_to_dev_null_or_an_empty_file_masks),
		with_folder(only_conf_files_count),
		with_folder(a_bad_file_is_skipped_and_the_others_count),
		with_folder(a_file_that_is_too_large_is_skipped),
		with_folder(a_fifo_does_not_block),
		with_folder(no_valid_file_is_an_error),
		with_folder(a_policy_of_masks_is_no_error),
		with_folder(a_directory_that_cannot_be_read_is_an_error),
		with_folder(a_directory_or_file_without_permission_is_told),
		with_folder(named_files_are_checked_and_told),
	};

	return cmocka_run_group_tests_name("policy_load", tests, NULL, NULL);
}
