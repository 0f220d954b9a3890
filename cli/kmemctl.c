/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/verb.h"
#include "context.h"

#include <locale.h>
#include <stdio.h>

/* Before the verb only what means the same in all of them. */
static const struct cli_option *const leading_options[] = {
	&option_version, &option_list_commands, &option_json,	&option_dry_run,
	&option_timeout, &option_inventory,	&option_policy, NULL,
};

static int check_arguments(struct cli *cli, const struct cli_verb *verb)
{
	const struct cli_option *stray = options_stray(cli, verb->options);

	if (stray)
		return cli_usage_error(cli, "%s takes no --%s", verb->name, stray->name);
	if (cli->argument_count < verb->least)
		return cli_usage_error(cli, "%s: %s is missing", verb->name, verb->arguments);
	if (cli->argument_count > verb->most)
		return cli_usage_error(cli, "%s: '%s' is one argument too many", verb->name,
				       cli->arguments[verb->most]);
	return 0;
}

static int run_verb(struct cli *cli, const struct cli_verb *verb)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;

	if (kmemd_new(&kmemd, &cli->paths) < 0) {
		cli_say("kmemctl: out of memory");
		return KMEMD_FAILED;
	}
	cli->kmemd = kmemd;
	return verb->run(cli);
}

/* Words without a verb: options that are answered by themselves. */
static int run_no_verb(struct cli *cli)
{
	if (cli_given(cli, &option_version))
		return verb_version.run(cli);
	if (cli_given(cli, &option_list_commands)) {
		for (size_t i = 0; verbs[i]; i++)
			printf("%s\n", verbs[i]->name);
		return KMEMD_DONE;
	}
	if (cli_given(cli, &option_help)) {
		verb_print_all();
		return KMEMD_DONE;
	}
	return cli_usage_error(cli, "a verb is missing");
}

/* words[0] is the program or the verb: getopt begins behind it. */
static int dispatch(struct cli *cli, int count, char **words)
{
	const struct cli_verb *verb;
	int rest, r = options_parse(cli, leading_options, count, words, true, &rest);

	if (r)
		return r;
	if (!words[rest] || cli_given(cli, &option_version) ||
	    cli_given(cli, &option_list_commands))
		return run_no_verb(cli);
	verb = verb_find(words[rest]);
	if (!verb)
		return verb_unknown(cli, words[rest]);
	cli->verb = verb->name;
	if (!verb->options)
		return verb->run(cli);
	count -= rest;
	words += rest;
	r = options_parse(cli, verb->options, count, words, false, &rest);
	if (r)
		return r;
	if (cli_given(cli, &option_help)) {
		verb_print_help(verb);
		return KMEMD_DONE;
	}
	cli->arguments = words + rest;
	cli->argument_count = count - rest;
	r = check_arguments(cli, verb);
	return r ? r : run_verb(cli, verb);
}

int main(int argc, char **argv)
{
	struct cli cli = {0};
	int r;

	setlocale(LC_CTYPE, ""); /* the other categories would be fifty system calls for nothing */
	r = dispatch(&cli, argc, argv);
	free(cli.given.items);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		cli_say("kmemctl: cannot write to standard output");
		return r ? r : KMEMD_FAILED;
	}
	return r;
}
