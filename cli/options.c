/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options.h"

#include "base/array.h"
#include "base/error.h"
#include "base/near.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/message.h"

#include <getopt.h>

/* --- what options there are ---------------------------------------------------------------------
 */

static int set_json(struct cli *cli, const char *value)
{
	if (!value || !strcmp(value, "pretty"))
		cli->json = JSON_PRETTY;
	else if (!strcmp(value, "short"))
		cli->json = JSON_SHORT;
	else if (!strcmp(value, "off"))
		cli->json = JSON_OFF;
	else
		return cli_usage_error(cli, "--json=%s: allowed are pretty, short and off", value);
	return 0;
}

static int set_timeout(struct cli *cli, const char *value)
{
	uint64_t seconds;

	if (parse_u64(value, &seconds) < 0 || seconds < 1 || seconds > 86400)
		return cli_usage_error(cli, "--timeout=%s: allowed are seconds from 1 to 86400",
				       value);
	cli->timeout_sec = (unsigned int)seconds;
	return 0;
}

static int set_dry_run(struct cli *cli, const char *value)
{
	(void)value;
	cli->dry_run = true;
	return 0;
}

static int set_inventory(struct cli *cli, const char *value)
{
	cli->inventory_file = value;
	cli->paths.run = "/nonexistent"; /* the records of this machine are not the other's */
	return 0;
}

static int set_policy(struct cli *cli, const char *value)
{
	cli->paths.policy_dirs = value;
	return 0;
}

const struct cli_option option_help = {"help", 'h', .text = "show this"};
const struct cli_option option_version = {"version", .text = "show the version"};
const struct cli_option option_list_commands = {"list-cmds",
						.text = "print the names of all verbs"};
const struct cli_option option_json = {
	"json",
	.value = VALUE_OPTIONAL,
	.value_name = "pretty|short|off",
	.text = "print JSON",
	.set = set_json,
};
const struct cli_option option_dry_run = {
	"dry-run",
	'n',
	.text = "show the plan and do nothing",
	.set = set_dry_run,
};
const struct cli_option option_timeout = {
	"timeout",
	't',
	.value = VALUE_NEEDED,
	.value_name = "SECONDS",
	.text = "how long offlining may take",
	.set = set_timeout,
};
const struct cli_option option_inventory = {
	"inventory",	      .value = VALUE_NEEDED,
	.value_name = "FILE", .text = "a snapshot by kmemctl inventory, not this machine",
	.set = set_inventory,
};
const struct cli_option option_policy = {
	"policy",
	'p',
	.value = VALUE_NEEDED,
	.value_name = "DIR[:DIR...]",
	.text = "policy directories, highest precedence first",
	.set = set_policy,
};
const struct cli_option option_keep = {
	"keep",
	.text = "when some of it cannot be done, keep what is done",
};
const struct cli_option option_region = {
	"region",
	'r',
	.value = VALUE_NEEDED,
	.value_name = "REGION",
	.text = "only devices of this dax region (its number, or all)",
};
const struct cli_option option_human = {"human", 'u', .text = "sizes for people in JSON"};
const struct cli_option option_verbose = {"verbose", 'v', .text = "tell every step"};
const struct cli_option option_force = {
	"force",
	'f',
	.text = "take memory offline first where that is needed",
};
const struct cli_option option_no_online = {
	"no-online",
	'N',
	.text = "leave the memory blocks offline",
};
const struct cli_option option_no_movable = {
	"no-movable",
	.text = "online in the kernel zone instead of the movable zone",
};
const struct cli_option option_align = {
	"align",
	'a',
	.value = VALUE_NEEDED,
	.value_name = "SIZE",
	.text = "alignment of mappings: 4K, 2M or 1G",
};
const struct cli_option option_size = {
	"size",
	's',
	.value = VALUE_NEEDED,
	.value_name = "SIZE",
	.text = "bytes, also with K, M, G or T; a multiple of the alignment",
};
const struct cli_option option_input = {
	"input",
	.value = VALUE_NEEDED,
	.value_name = "FILE",
	.text = "mappings to restore, as kmemctl list -M prints them",
};

/* --- what was given -----------------------------------------------------------------------------
 */

static const struct given_option *find_given(const struct cli *cli, const struct cli_option *option)
{
	array_foreach(given, &cli->given)
		if (given->option == option)
			return given;
	return NULL;
}

bool cli_given(const struct cli *cli, const struct cli_option *option)
{
	return find_given(cli, option) != NULL;
}

const char *cli_value(const struct cli *cli, const struct cli_option *option)
{
	const struct given_option *given = find_given(cli, option);

	return given ? given->value : NULL;
}

static int give(struct cli *cli, const struct cli_option *option, const char *value)
{
	struct given_option *given = (struct given_option *)find_given(cli, option);

	if (!given)
		given = array_add(&cli->given);
	if (!given)
		return KMEMD_FAILED;
	given->option = option;
	given->value = value ? value : "";
	return option->set ? option->set(cli, value) : 0;
}

const struct cli_option *options_stray(const struct cli *cli,
				       const struct cli_option *const *options)
{
	array_foreach(given, &cli->given) {
		bool found = given->option == &option_help;

		for (size_t i = 0; options[i]; i++)
			found = found || options[i] == given->option;
		if (!found)
			return given->option;
	}
	return NULL;
}

/* --- parsing ------------------------------------------------------------------------------------
 */

#define OPTIONS_MAX 32
/* Values that getopt_long() hands out: above every letter, by position in the list. */
#define LONG_BASE 256

struct getopt_tables {
	struct option names[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 4];
	const struct cli_option *options[OPTIONS_MAX + 1];
	unsigned int count;
};

static void add_option(struct getopt_tables *tables, const struct cli_option *option)
{
	static const int arguments[] = {
		[VALUE_NONE] = no_argument,
		[VALUE_NEEDED] = required_argument,
		[VALUE_OPTIONAL] = optional_argument,
	};
	size_t used = strlen(tables->letters);

	tables->options[tables->count] = option;
	tables->names[tables->count] = (struct option){
		.name = option->name,
		.has_arg = arguments[option->value],
		.val = LONG_BASE + (int)tables->count,
	};
	tables->count++;
	if (!option->letter)
		return;
	tables->letters[used++] = option->letter;
	if (option->value == VALUE_NEEDED)
		tables->letters[used] = ':';
}

static const struct cli_option *option_of(const struct getopt_tables *tables, int code)
{
	if (code >= LONG_BASE)
		return tables->options[code - LONG_BASE];
	for (unsigned int i = 0; i < tables->count; i++)
		if (tables->options[i]->letter == code)
			return tables->options[i];
	return NULL;
}

static const char *option_name_at(const void *data, unsigned int i)
{
	const struct getopt_tables *tables = data;

	return i < tables->count ? tables->options[i]->name : NULL;
}

/* word is what getopt stands behind; optopt is the letter, or that of a long option's value. */
static int unknown_option(const struct cli *cli, const struct getopt_tables *tables,
			  const char *word)
{
	const char *near;
	char name[64];

	if (optopt && optopt < LONG_BASE)
		return cli_usage_error(cli, "'-%c' is no option here", optopt);
	if (optopt) /* a value where none is taken */
		return cli_usage_error(cli, "'%s': --%s takes no value", word,
				       option_of(tables, optopt)->name);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	near = nearest_name(name, option_name_at, tables);
	if (near)
		return cli_usage_error(cli, "'--%s' is no option here; did you mean --%s?", name,
				       near);
	return cli_usage_error(cli, "'--%s' is no option here", name);
}

int options_parse(struct cli *cli, const struct cli_option *const *options, int count, char **words,
		  bool first_only, int *ret_rest)
{
	struct getopt_tables tables = {.letters = ""};
	int code, r;

	strcpy(tables.letters, first_only ? "+:" : ":");
	add_option(&tables, &option_help);
	for (size_t i = 0; options[i] && i < OPTIONS_MAX; i++)
		add_option(&tables, options[i]);
	opterr = 0;
	optind = 0; /* glibc: begin again */
	while ((code = getopt_long(count, words, tables.letters, tables.names, NULL)) != -1) {
		if (code == '?')
			return unknown_option(cli, &tables, words[optind - 1]);
		if (code == ':')
			return cli_usage_error(cli, "'%s' needs a value", words[optind - 1]);
		r = give(cli, option_of(&tables, code), optarg);
		if (r)
			return r;
	}
	*ret_rest = optind;
	return 0;
}

/* --- help ---------------------------------------------------------------------------------------
 */

static void print_option(const struct cli_option *option)
{
	static const char *const forms[] = {
		[VALUE_NONE] = "--%s%s",
		[VALUE_NEEDED] = "--%s=%s",
		[VALUE_OPTIONAL] = "--%s[=%s]",
	};
	char left[64];

	snprintf(left, sizeof(left), forms[option->value], option->name,
		 option->value_name ? option->value_name : "");
	if (option->letter)
		printf("  -%c, %-26s %s\n", option->letter, left, option->text);
	else
		printf("      %-26s %s\n", left, option->text);
}

void options_print_help(const struct cli_option *const *options)
{
	printf("\nOptions:\n");
	for (size_t i = 0; options[i]; i++)
		print_option(options[i]);
	print_option(&option_help);
}
