/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs start from, and JSON as their result. */
#include "base/array.h"
#include "base/error.h"
#include "cli/cli.h"
#include "inventory/inventory.h"
#include "inventory/load-inventory.h"
#include "inventory/snapshot.h"
#include "policy/load-policy.h"
#include "json/devices-json.h"
#include "json/policy-json.h"

#include <errno.h>

static int read_inventory_file(const char *path, struct kmemd_inventory **ret,
			       struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	int r = json_read_file(path, &json);

	if (r == 0)
		return kmemd_inventory_from_json(json, ret, error);
	error->result = r == -EACCES ? KMEMD_NOT_PERMITTED : KMEMD_USAGE;
	error->errnum = -r;
	snprintf(error->message, sizeof(error->message), "cannot read the inventory %s: %s", path,
		 r == -EBADMSG ? "it is not JSON, or cut short" : strerror(-r));
	return r;
}

int cli_read_inventory(struct cli *cli, struct kmemd_inventory **ret, struct kmemd_error *error)
{
	if (cli->inventory_file)
		return read_inventory_file(cli->inventory_file, ret, error);
	return kmemd_inventory_read(cli->kmemd, ret, error);
}

int cli_read_devices(struct cli *cli, struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = cli_read_inventory(cli, &inventory, error);

	return r < 0 ? r
		     : kmemd_report_devices(cli->kmemd, inventory, cli->arguments[0], ret, error);
}

int cli_load_policy(struct cli *cli, struct kmemd_policy **ret, struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	int r = kmemd_policy_load(cli->kmemd, ret, error);

	if (r < 0)
		return r;
	json = kmemd_policy_to_json(*ret);
	for (size_t i = 0; i < json_count(json, "problems"); i++) {
		struct json_object *problem = json_member(json, "problems", i);

		fprintf(stderr, "kmemctl: ");
		cli_print_problem(stderr, problem);
		fprintf(stderr, " (devices that the file may be about are left alone)\n");
	}
	return 0;
}

void cli_print_problem(FILE *file, struct json_object *problem)
{
	uint64_t line = json_get_u64(problem, "line");

	fprintf(file, "%s:", json_text(problem, "file"));
	if (line)
		fprintf(file, "%lu:", (unsigned long)line);
	fprintf(file, " %s", json_text(problem, "message"));
}

bool cli_print_json(const struct cli *cli, struct json_object *json)
{
	int flags = cli->json == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
					     : JSON_C_TO_STRING_PLAIN;

	if (cli->json == JSON_OFF)
		return false;
	printf("%s\n",
	       json_object_to_json_string_ext(json, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	return true;
}

void cli_print_daxctl(const struct cli *cli, struct json_object *array)
{
	struct json_object *json = array;
	int flags = JSON_C_TO_STRING_PRETTY;

	if (cli->json == JSON_SHORT)
		flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	if (!array) {
		if (cli_given(cli, &option_json))
			printf("[]\n");
		return;
	}
	if (cli_given(cli, &option_human) && json_object_array_length(array) == 1)
		json = json_object_array_get_idx(array, 0);
	printf("%s\n", json_object_to_json_string_ext(json, flags));
}
