// SPDX-License-Identifier: GPL-2.0-or-later
/* daxctl's configuration as policy files: what is taken over, and every mistake with its line. */
#include "fixture.h"

#include "base/error.h"
#include "context.h"
#include "policy/import-daxctl.h"
#include "policy/policy.h"
#include "json/policy-json.h"

#define UUID_A "ed93e918-e165-49d8-921d-383d7b9660c5"
#define UUID_B "f36d02ff-1d9f-4fb9-a5b9-8ceb10a00fe3"

static struct daxctl_config parsed(const char *text)
{
	struct daxctl_config config = {0};

	assert_int_equal(daxctl_config_parse(&config, "x.conf", text, strlen(text)), 0);
	return config;
}

static void assert_problem(const char *text, unsigned int line, const char *message)
{
	struct daxctl_config config = parsed(text);

	if (!config.problems.count)
		fail_msg("no mistake found in:\n%s", text);
	assert_contains(config.problems.items[0].message, message);
	assert_int_equal(config.problems.items[0].line, line);
	assert_string_equal(config.problems.items[0].path, "x.conf");
	assert_int_equal(config.sections.count, 0);
	daxctl_config_release(&config);
}

static void a_section_is_read_whole(void **state)
{
	struct daxctl_config config = parsed("# comment\n"
					     "[reconfigure-device unique_identifier_foo]\n"
					     "nvdimm.uuid = ED93E918-e165-49d8-921d-383d7b9660c5\n"
					     "mode = system-ram\n"
					     "online = true\n"
					     "movable = false\n");
	const struct daxctl_section *section;

	(void)state;
	assert_int_equal(config.problems.count, 0);
	assert_int_equal(config.sections.count, 1);
	section = &config.sections.items[0];
	assert_string_equal(section->name, "unique_identifier_foo");
	assert_string_equal(section->uuid, UUID_A);
	assert_int_equal(section->line, 2);
	assert_int_equal(section->mode, MODE_SYSTEM_RAM);
	assert_true(section->online);
	assert_false(section->movable);
	assert_ptr_equal(daxctl_config_find(&config, "ed93e918-E165-49d8-921d-383d7b9660c5"),
			 section);
	assert_null(daxctl_config_find(&config, UUID_B));
	daxctl_config_release(&config);
}

static void blanks_quotes_and_comments_are_iniparsers(void **state)
{
	struct daxctl_config config = parsed("; comment\n"
					     "  [reconfigure-device a]  \n"
					     "\tNVDIMM.UUID=\"" UUID_A "\"\n"
					     "mode=devdax ; as it was\r\n"
					     "\n"
					     "[Reconfigure-Device \"b\"]\n"
					     "nvdimm.uuid='" UUID_B "' # comment\n"
					     "mode =system-ram\n"
					     "movable=Y");

	(void)state;
	assert_int_equal(config.problems.count, 0);
	assert_int_equal(config.sections.count, 2);
	assert_int_equal(config.sections.items[0].mode, MODE_DEVDAX);
	assert_string_equal(config.sections.items[1].name, "b");
	assert_true(config.sections.items[1].movable);
	daxctl_config_release(&config);
}

static void the_example_that_is_all_comment_is_no_mistake(void **state)
{
	struct daxctl_config config = parsed("# [reconfigure-device unique_identifier_foo]\n"
					     "# mode = system-ram\n");

	(void)state;
	assert_int_equal(config.problems.count + config.sections.count, 0);
	daxctl_config_release(&config);
}

#define HEAD "[reconfigure-device a]\nnvdimm.uuid=" UUID_A "\n"

static void mistakes_are_told_with_their_line(void **state)
{
	(void)state;
	assert_problem(HEAD "mode=system-ram\nzone=movable\n", 4,
		       "zone=: no such key; allowed are");
	assert_problem(HEAD "mode=famfs\n", 3, "mode=famfs: allowed are system-ram and devdax");
	assert_problem(HEAD "mode=system-ram\nmovable=perhaps\n", 4, "movable=perhaps: allowed");
	assert_problem(HEAD "mode=system-ram\nonline=\n", 4, "online=: allowed");
	assert_problem(HEAD, 1, "has no mode=");
	assert_problem("[reconfigure-device a]\nmode=devdax\n", 1, "has no nvdimm.uuid=");
	assert_problem("[reconfigure-device a]\nnvdimm.uuid=12\nmode=devdax\n", 2,
		       "nvdimm.uuid=12: allowed is a UUID");
	assert_problem("[reconfigure-device a]\nnvdimm.uuid=" UUID_A "0\nmode=devdax\n", 2,
		       "allowed is a UUID");
	assert_problem("\n[monitor x]\nkey=1\n", 2, "[monitor x]: no such section");
	assert_problem("[reconfigure-devices x]\n", 1, "no such section");
	assert_problem("[reconfigure-device a\n", 1, "the ] is missing");
	assert_problem("[reconfigure-device a] mode=devdax\n", 1, "or something follows it");
	assert_problem("mode=devdax\n", 1, "is before the first");
	assert_problem(HEAD "mode=devdax\nnonsense\n", 4, "neither a [reconfigure-device NAME]");
}

/* The keys behind a broken [ ] belong to no section, and not to the one before it. */
static void a_broken_section_ends_the_one_before(void **state)
{
	struct daxctl_config config = parsed(HEAD
					     "mode=devdax\n[reconfigure-device b\nmode=famfs\n");

	(void)state;
	assert_int_equal(config.problems.count, 1);
	assert_int_equal(config.problems.items[0].line, 4);
	assert_int_equal(config.sections.count, 1);
	assert_int_equal(config.sections.items[0].mode, MODE_DEVDAX);
	daxctl_config_release(&config);
}

static void the_keys_of_an_unknown_section_are_told_once(void **state)
{
	struct daxctl_config config = parsed("[other]\na=1\nb=2\n" HEAD "mode=devdax\n");

	(void)state;
	assert_int_equal(config.problems.count, 1);
	assert_int_equal(config.sections.count, 1);
	daxctl_config_release(&config);
}

static void one_namespace_has_one_section(void **state)
{
	struct daxctl_config config = parsed(HEAD "mode=devdax\n\n" HEAD "mode=system-ram\n");

	(void)state;
	assert_int_equal(config.sections.count, 1);
	assert_int_equal(config.sections.items[0].mode, MODE_DEVDAX);
	assert_int_equal(config.problems.count, 1);
	assert_int_equal(config.problems.items[0].line, 5);
	assert_contains(config.problems.items[0].message, "has a section already, in x.conf:1");
	daxctl_config_release(&config);
}

/* What is written has to be valid policy that says the same. */
static void assert_policy(const char *rest, enum mode mode, enum zone zone, bool online)
{
	_cleanup_free_ char *text = NULL, *policy_text = NULL;
	struct daxctl_config config;
	struct kmemd_policy *policy;

	assert_true(asprintf(&text, "%s%s", HEAD, rest) > 0);
	config = parsed(text);
	assert_int_equal(config.sections.count, 1);
	policy_text = daxctl_section_policy_text(&config.sections.items[0]);
	assert_contains(policy_text, "# From x.conf:1, [reconfigure-device a]");
	policy = policy_of(policy_text);
	assert_int_equal(policy->files.count, 1);
	assert_string_equal(policy->files.items[0].value[KEY_MATCH_UUID], UUID_A);
	assert_int_equal(policy->files.items[0].settings.online, online);
	assert_int_equal(policy->files.items[0].settings.mode, mode);
	assert_int_equal(policy->files.items[0].settings.zone, zone);
	kmemd_policy_free(policy);
	daxctl_config_release(&config);
}

static void the_policy_says_the_same(void **state)
{
	(void)state;
	assert_policy("mode=system-ram\n", MODE_SYSTEM_RAM, ZONE_MOVABLE, true);
	assert_policy("mode=system-ram\nmovable=false\n", MODE_SYSTEM_RAM, ZONE_KERNEL, true);
	assert_policy("mode=system-ram\nonline=false\n", MODE_SYSTEM_RAM, ZONE_MOVABLE, false);
	assert_policy("mode=devdax\nmovable=false\n", MODE_DEVDAX, ZONE_MOVABLE, true);
	assert_policy("mode=devdax\nonline=no\n", MODE_DEVDAX, ZONE_MOVABLE, true);
}

static void the_directory_is_read_in_order_of_names(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	struct kmemd_error error = {0};

	write_text(at(*state, "etc/daxctl.conf.d/b.conf"), HEAD "mode=system-ram\n");
	write_text(at(*state, "etc/daxctl.conf.d/a.conf"),
		   "[reconfigure-device z]\nnvdimm.uuid=" UUID_B "\nmode=devdax\n");
	write_text(at(*state, "etc/daxctl.conf.d/c.txt"), "nonsense\n");
	write_bytes(at(*state, "etc/daxctl.conf.d/d.conf"), "a\0b", 3);
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.root = *state}), 0);
	assert_int_equal(kmemd_policy_import(kmemd, NULL, &json, &error), 0);
	assert_int_equal(json_count(json, "files"), 3);
	assert_int_equal(json_count(json, "sections"), 2);
	assert_string_equal(json_text(json_member(json, "sections", 0), "uuid"), UUID_B);
	assert_string_equal(json_text(json_member(json, "sections", 1), "policy_name"),
			    "40-daxctl-" UUID_A ".conf");
	assert_int_equal(json_count(json, "problems"), 1);
	assert_contains(json_text(json_member(json, "problems", 0), "message"), "no text file");
}

/* Who masked a file with a link to nothing, or with an empty one, wants nothing of it. */
static void what_is_masked_is_not_imported(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	struct daxctl_config config = {0};

	write_text(at(*state, "etc/daxctl.conf.d/a.conf"), HEAD "mode=devdax\n");
	write_text(at(*state, "etc/daxctl.conf.d/b.conf"), "");
	assert_int_equal(symlink("/dev/null", at(*state, "etc/daxctl.conf.d/c.conf")), 0);
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.root = *state}), 0);
	assert_int_equal(daxctl_config_read(kmemd, NULL, &config), 0);
	assert_int_equal(config.files.count, 1);
	assert_string_equal(config.files.items[0], at(*state, "etc/daxctl.conf.d/a.conf"));
	assert_int_equal(config.problems.count, 0);
	assert_int_equal(config.sections.count, 1);
	daxctl_config_release(&config);
}

static void a_named_file_that_is_not_there_is_a_problem(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	struct kmemd_error error = {0};
	char *files[] = {(char *)at(*state, "none.conf"), NULL};

	assert_int_equal(kmemd_new(&kmemd, NULL), 0);
	assert_int_equal(kmemd_policy_import(kmemd, files, &json, &error), 0);
	assert_int_equal(json_count(json, "problems"), 1);
	assert_contains(json_text(json_member(json, "problems", 0), "message"), "cannot read it");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_is_read_whole),
		cmocka_unit_test(blanks_quotes_and_comments_are_iniparsers),
		cmocka_unit_test(the_example_that_is_all_comment_is_no_mistake),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(a_broken_section_ends_the_one_before),
		cmocka_unit_test(the_keys_of_an_unknown_section_are_told_once),
		cmocka_unit_test(one_namespace_has_one_section),
		cmocka_unit_test(the_policy_says_the_same),
		with_folder(the_directory_is_read_in_order_of_names),
		with_folder(what_is_masked_is_not_imported),
		with_folder(a_named_file_that_is_not_there_is_a_problem),
	};

	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
