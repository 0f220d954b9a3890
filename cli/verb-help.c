/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cli/cli.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	const struct cli_verb *verb = verb_find(cli->arguments[0]);

	if (cli->arguments[0] && !verb)
		return verb_unknown(cli, cli->arguments[0]);
	if (verb)
		verb_print_help(verb);
	else
		verb_print_all();
	return KMEMD_DONE;
}

const struct cli_verb verb_help = {
	"help", "[VERB]", "show the verbs, or the options of one", OPTIONS(), run, 0, 1,
};
