/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_OUTPUT_H
#define KMEMCTL_OUTPUT_H
/* JSON as the result of a verb, and JSON that is going to be printed as text. */
#include "base/json.h"

#include <stdbool.h>

struct cli;

/*
 * Prints JSON as --json asks; false when it is off. Then all texts in it have been made printable,
 * because text is what comes next.
 */
bool cli_print_json(const struct cli *cli, struct json_object *json);
/*
 * Prints devices or regions as daxctl does: in its layout, nothing for no array, and with --human
 * a single one without the array.
 */
void cli_print_daxctl(const struct cli *cli, struct json_object *array);

/* Makes all texts in it printable, but for those of a policy file, which have lines. */
void cli_make_printable(struct json_object *json);
/* "FILE:LINE: message" of a policy's problem; to be freed. */
char *cli_problem_text(const struct json_object *problem);

#endif
