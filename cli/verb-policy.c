/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy check, show and import. */
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/policy-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct cli_option option_output = {
	"output",
	'o',
	.value = VALUE_NEEDED,
	.value_name = "DIR",
	.text = "import: write the files there instead of printing them",
};
static const struct cli_option option_overwrite = {
	"force",
	'f',
	.text = "import: replace files that are there",
};

/* --- check --------------------------------------------------------------------------------------
 */

/* The files of a load as one line each: first those that are in force, then the mistakes. */
static int print_check(struct cli *cli, struct json_object *json)
{
	size_t problems = json_count(json, "problems");

	if (cli_print_json(cli, json))
		return problems ? KMEMD_FAILED : KMEMD_DONE;
	for (size_t i = 0; i < json_count(json, "files"); i++)
		printf("%s: good\n", json_object_get_string(json_member(json, "files", i)));
	for (size_t i = 0; i < problems; i++) {
		_cleanup_free_ char *text = cli_problem_text(json_member(json, "problems", i));

		printf("%s\n", text ? text : "");
	}
	for (size_t i = 0; i < json_count(json, "warnings"); i++) {
		struct json_object *warning = json_member(json, "warnings", i);

		printf("%s: warning: %s\n", json_text(warning, "file"),
		       json_text(warning, "message"));
	}
	return problems ? KMEMD_FAILED : KMEMD_DONE;
}

static int check(struct cli *cli, char *const *files)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (kmemd_policy_check(cli->kmemd, files, &policy, &error) < 0)
		return cli_fail(&error);
	json = kmemd_policy_to_json(policy);
	return print_check(cli, json);
}

/* --- show ---------------------------------------------------------------------------------------
 */

static void print_keys(const struct json_object *file)
{
	static const char *const titles[] = {"  KEY", "VALUE", "SAID IN"};
	_cleanup_(table_freep) struct table *table = table_new(3, titles);

	for (size_t i = 0; i < json_count(file, "keys"); i++) {
		struct json_object *key = json_member(file, "keys", i);
		uint64_t line = json_get_u64(key, "line");

		table_add(table, "  %s", json_text(key, "key"));
		table_add(table, "%s", json_text(key, "value"));
		if (line && strcmp(json_text(key, "file"), json_text(file, "file")) != 0)
			table_add(table, "%s:%lu", json_text(key, "file"), (unsigned long)line);
		else if (line)
			table_add(table, "line %lu", (unsigned long)line);
		else
			table_add(table, "(default)");
	}
	table_print(table);
}

static void print_file(const struct json_object *file)
{
	const char *path = json_text(file, "file"), *state = json_text(file, "state");

	if (!strcmp(state, "replaced") || !strcmp(state, "masked"))
		printf("%s: not in force, %s by %s\n", path, state, json_text(file, "by"));
	else if (!strcmp(state, "masks"))
		printf("%s: nothing in it, masks files of this name elsewhere\n", path);
	else if (!strcmp(state, "bad"))
		printf("%s: has a mistake, and keeps the devices that it may be about\n", path);
	else
		printf("%s\n", path);
	if (json_count(file, "keys"))
		print_keys(file);
}

static void print_device(const struct json_object *json, const struct json_object *device)
{
	const char *winner = json_text(device, "policy");

	printf("%s (%s): ", json_text(device, "device"), json_text(device, "identity"));
	if (json_get_bool(device, "bad"))
		printf("left as it is, %s has a mistake and may be about it\n", winner);
	else if (winner[0])
		printf("%s by %s, the first file that fits\n", json_text(device, "mode"), winner);
	else
		printf("left alone, no file fits\n");
	if (json_text(device, "refused")[0])
		printf("  refused: %s\n", json_text(device, "refused"));
	for (size_t i = 0; i < json_count(device, "tried"); i++) {
		struct json_object *tried = json_member(device, "tried", i);

		if (json_get_bool(tried, "fits"))
			continue;
		printf("  %s:%lu does not fit: %s=%s, the device has %s\n",
		       json_text(tried, "key_file"), (unsigned long)json_get_u64(tried, "line"),
		       json_text(tried, "key"), json_text(tried, "value"),
		       json_text(tried, "device_value"));
	}
	for (size_t i = 0; i < json_count(json, "files"); i++)
		if (winner[0] && !strcmp(json_text(json_member(json, "files", i), "file"), winner))
			print_file(json_member(json, "files", i));
}

static void print_problems(const struct json_object *json, const char *what)
{
	for (size_t i = 0; i < json_count(json, "problems"); i++) {
		_cleanup_free_ char *text = cli_problem_text(json_member(json, "problems", i));

		cli_say("kmemctl: %s%s", text ? text : "", what);
	}
}

static int show(struct cli *cli, const char *name)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	struct json_object *device;

	if ((name && cli_read_inventory(cli, &inventory, &error) < 0) ||
	    kmemd_report_policy(cli->kmemd, inventory, name, &json, &error) < 0)
		return cli_fail(&error);
	print_problems(json, " (devices that the file may be about are left alone)");
	if (cli_print_json(cli, json))
		return KMEMD_DONE;
	if (json_object_object_get_ex(json, "device", &device)) {
		print_device(json, device);
		return KMEMD_DONE;
	}
	if (!json_count(json, "files"))
		cli_say("kmemctl: there is no policy file: every device is left alone");
	for (size_t i = 0; i < json_count(json, "files"); i++)
		print_file(json_member(json, "files", i));
	return KMEMD_DONE;
}

/* --- import -------------------------------------------------------------------------------------
 */

static char *target_path(const char *directory, const struct json_object *section)
{
	return format_text("%s/%s", directory, json_text(section, "policy_name"));
}

/* The directory and those above it; one that is there already is fine. */
static int make_directory(const char *path)
{
	_cleanup_free_ char *part = strdup(path);

	if (!part)
		return -ENOMEM;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* Before anything is written: nothing is overwritten unasked, and then nothing is written at all.
 */
static int check_targets(const struct json_object *json, const char *directory)
{
	int result = KMEMD_DONE;

	for (size_t i = 0; i < json_count(json, "sections"); i++) {
		_cleanup_free_ char *path = target_path(directory,
							json_member(json, "sections", i));

		if (path && access(path, F_OK) < 0)
			continue;
		cli_say("kmemctl: %s is there already: --force replaces it",
			path ? path : "the file");
		result = KMEMD_REFUSED;
	}
	return result;
}

static int write_files(struct cli *cli, struct json_object *json, const char *directory)
{
	struct json_object *written = json_put_array(json, "written");
	int r = cli->dry_run ? 0 : make_directory(directory);

	if (r < 0) {
		cli_say("kmemctl: cannot make %s: %s", directory, strerror(-r));
		return r == -EACCES || r == -EPERM ? KMEMD_NOT_PERMITTED : KMEMD_FAILED;
	}
	for (size_t i = 0; i < json_count(json, "sections"); i++) {
		const struct json_object *section = json_member(json, "sections", i);
		_cleanup_free_ char *path = target_path(directory, section);

		r = !path	   ? -ENOMEM
		    : cli->dry_run ? 0
				   : file_replace(path, json_text(section, "policy_text"), 0644);
		if (r < 0) {
			cli_say("kmemctl: cannot write %s: %s", path ? path : directory,
				strerror(-r));
			return r == -EACCES || r == -EPERM ? KMEMD_NOT_PERMITTED
			       : i			   ? KMEMD_PARTLY
							   : KMEMD_FAILED;
		}
		json_object_array_add(written, json_object_new_string(path));
		if (cli->json == JSON_OFF)
			printf("%s%s\n", cli->dry_run ? "would write " : "", path);
	}
	return KMEMD_DONE;
}

static void print_texts(const struct json_object *json)
{
	for (size_t i = 0; i < json_count(json, "sections"); i++) {
		const struct json_object *section = json_member(json, "sections", i);

		printf("%s# --- %s\n%s", i ? "\n" : "", json_text(section, "policy_name"),
		       json_text(section, "policy_text"));
	}
}

static int import(struct cli *cli, char *const *files)
{
	const char *directory = cli_value(cli, &option_output);
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};
	size_t problems;
	int result = KMEMD_DONE;

	if (kmemd_policy_import(cli->kmemd, files, &json, &error) < 0)
		return cli_fail(&error);
	problems = json_count(json, "problems");
	print_problems(json, "");
	if (!json_count(json, "sections") && !problems)
		cli_say("kmemctl: no [reconfigure-device NAME] section in %s: nothing to "
			"import",
			files ? "these files" : "/etc/daxctl.conf.d");
	if (problems)
		result = KMEMD_FAILED;
	if (directory && problems)
		cli_say("kmemctl: nothing is written while there are mistakes");
	else if (directory && !cli_given(cli, &option_overwrite))
		result = check_targets(json, directory);
	if (directory && result == KMEMD_DONE)
		result = write_files(cli, json, directory);
	if (!cli_print_json(cli, json) && !directory)
		print_texts(json);
	return result;
}

static int run(struct cli *cli)
{
	const char *what = cli->arguments[0];
	char *const *rest = cli->arguments[1] ? cli->arguments + 1 : NULL;
	bool is_import = !strcmp(what, "import");

	if (!is_import &&
	    (cli_given(cli, &option_output) || cli_given(cli, &option_overwrite) || cli->dry_run))
		return cli_usage_error(cli,
				       "policy %s: --output, --force and --dry-run are for "
				       "policy import",
				       what);
	if (cli->inventory_file && strcmp(what, "show"))
		return cli_usage_error(cli, "policy %s: --inventory is for policy show", what);
	if (!strcmp(what, "check"))
		return check(cli, rest);
	if (is_import)
		return import(cli, rest);
	if (strcmp(what, "show"))
		return cli_usage_error(cli, "policy: '%s': allowed are check, show and import",
				       what);
	if (cli->argument_count > 2)
		return cli_usage_error(cli, "policy show: '%s' is one argument too many",
				       cli->arguments[2]);
	return show(cli, cli->arguments[1]);
}

const struct cli_verb verb_policy = {
	"policy",
	"check|show|import [...]",
	"check policy files, show what is in force, convert daxctl's",
	OPTIONS(&option_json, &option_policy, &option_inventory, &option_output, &option_overwrite,
		&option_dry_run),
	run,
	1,
	ANY_NUMBER,
};
