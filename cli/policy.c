/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <string.h>

/* The files of a load as one line each: first those that are in force, then the mistakes. */
static int print_check(struct cli *cli, struct json_object *json)
{
	size_t problems = json_count(json, "problems");

	if (cli_print_json(cli, json))
		return problems ? KMEMD_FAILED : KMEMD_DONE;
	for (size_t i = 0; i < json_count(json, "files"); i++)
		printf("%s: good\n", json_object_get_string(json_member(json, "files", i)));
	for (size_t i = 0; i < problems; i++) {
		cli_print_problem(stdout, json_member(json, "problems", i));
		printf("\n");
	}
	return problems ? KMEMD_FAILED : KMEMD_DONE;
}

int verb_policy(struct cli *cli)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (strcmp(cli->arguments[0], "check"))
		return cli_usage_error(cli, "policy: '%s': allowed is check", cli->arguments[0]);
	if (kmemd_policy_check(cli->kmemd, cli->arguments[1] ? cli->arguments + 1 : NULL, &policy,
			       &error) < 0)
		return cli_fail(&error);
	json = kmemd_policy_to_json(policy);
	return print_check(cli, json);
}
