/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output.h"

#include "base/file.h"
#include "base/printable.h"
#include "cli/cli.h"

#include <string.h>

/* The text in place of itself; where there is no memory for it, nothing is better than what it is.
 */
static void make_text_printable(struct json_object *text)
{
	_cleanup_free_ char *shown = printable(json_object_get_string(text));

	json_object_set_string(text, shown ? shown : "");
}

void cli_make_printable(struct json_object *json)
{
	if (json_object_is_type(json, json_type_string)) {
		make_text_printable(json);
	} else if (json_object_is_type(json, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(json); i++)
			cli_make_printable(json_object_array_get_idx(json, i));
	} else if (json_object_is_type(json, json_type_object)) {
		json_object_object_foreach(json, key, value) if (strcmp(key, "policy_text"))
			cli_make_printable(value);
	}
}

bool cli_print_json(const struct cli *cli, struct json_object *json)
{
	int flags = cli->json == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
					     : JSON_C_TO_STRING_PLAIN;

	if (cli->json == JSON_OFF) {
		cli_make_printable(json);
		return false;
	}
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

char *cli_problem_text(const struct json_object *problem)
{
	unsigned long line = (unsigned long)json_get_u64(problem, "line");

	if (line)
		return format_text("%s:%lu: %s", json_text(problem, "file"), line,
				   json_text(problem, "message"));
	return format_text("%s: %s", json_text(problem, "file"), json_text(problem, "message"));
}
