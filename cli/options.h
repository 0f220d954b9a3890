/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_OPTIONS_H
#define KMEMCTL_OPTIONS_H
/*
 * Options. Every verb has a list of its own, so that a letter may mean one thing here and another
 * there; an option that several verbs take is described once, in options.c, one that only one verb
 * takes may be described in the verb's file. Help, parsing and messages come from the descriptions.
 */
#include <stdbool.h>

struct cli;

enum option_value {
	VALUE_NONE,
	VALUE_NEEDED,
	VALUE_OPTIONAL, /* only as --name=VALUE */
};

struct cli_option {
	const char *name;	 /* without dashes */
	char letter;		 /* 0: there is only the long name */
	enum option_value value; /* whether something follows, */
	const char *value_name;	 /* and what help calls it */
	const char *text;
	/* Called when it is given, NULL: the verb asks. 0, or the exit code after a message. */
	int (*set)(struct cli *cli, const char *value);
};

/* What was given: whether, and with which value (the last one; "" when it has none, or NULL). */
bool cli_given(const struct cli *cli, const struct cli_option *option);
const char *cli_value(const struct cli *cli, const struct cli_option *option);

/* Ours. */
extern const struct cli_option option_help, option_version, option_list_commands;
extern const struct cli_option option_json, option_dry_run, option_timeout, option_inventory,
	option_policy, option_keep;
/* As daxctl has them, in more than one verb. */
extern const struct cli_option option_region, option_human, option_verbose, option_force,
	option_no_online, option_no_movable, option_align, option_size, option_input;

/*
 * Parses the options among count words, according to a NULL-terminated list; --help is always
 * allowed. Words that are no options move behind the others and begin at *ret_rest. With
 * first_only parsing ends at the first of them. 0, or the exit code after a message.
 */
int options_parse(struct cli *cli, const struct cli_option *const *options, int count, char **words,
		  bool first_only, int *ret_rest);
/* The first option that was given and is not in the list, or NULL. */
const struct cli_option *options_stray(const struct cli *cli,
				       const struct cli_option *const *options);
void options_print_help(const struct cli_option *const *options);

#endif
