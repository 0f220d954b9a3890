/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include "base/array.h"
#include "base/parse.h"

#include <ctype.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>

struct verb {
	const char *name, *arguments, *summary;
	const char *options; /* letters of option_table, besides --help and --version */
	int (*run)(struct cli *cli);
	int least, most; /* arguments */
};

static const struct verb verbs[] = {
	{"list", "[DEVICE]", "show devices, regions, memory blocks by zone and where the memmap is",
	 "ji", verb_list, 0, 1},
	{"status", "", "show the daemon, the job under way, and devices that are held or failed",
	 "j", verb_status, 0, 0},
	{"plan", "[DEVICE]", "show what policy would do, and what that costs", "jip", verb_plan, 0,
	 1},
	{"apply", "[DEVICE]", "bring all devices, or one, to what policy wants", "jnpt", verb_apply,
	 0, 1},
	{"explain", "DEVICE", "show which policy file and key decided what", "jip", verb_explain, 1,
	 1},
	{"drain", "DEVICE", "take a device's memory out of use, so that it can be unplugged",
	 "jnpt", verb_drain, 1, 1},
	{"memmap", "DEVICE [on|off]", "show or set whether a device carries its own memmap", "j",
	 verb_memmap, 1, 2},
	{"inventory", "", "print the whole snapshot, for plan --inventory and bug reports", "j",
	 verb_inventory, 0, 0},
	{"policy", "check [FILE...]", "check policy files", "jp", verb_policy, 1, 100},
};

static const struct option option_table[] = {
	{"help", no_argument, NULL, 'h'},	   {"version", no_argument, NULL, 'V'},
	{"json", optional_argument, NULL, 'j'},	   {"dry-run", no_argument, NULL, 'n'},
	{"timeout", required_argument, NULL, 't'}, {"inventory", required_argument, NULL, 'i'},
	{"policy", required_argument, NULL, 'p'},  {NULL, 0, NULL, 0},
};

static const char *const option_texts[][2] = {
	{"j", "      --json[=pretty|short|off]  print JSON"},
	{"n", "  -n, --dry-run                  show the plan and do nothing"},
	{"t", "  -t, --timeout=SECONDS          how long offlining may take"},
	{"i", "  -i, --inventory=FILE           a snapshot by kmemctl inventory, not this machine"},
	{"p", "  -p, --policy=DIR[:DIR...]      policy directories, highest precedence first"},
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; name && i < array_size(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static void print_options(const char *letters)
{
	printf("\nOptions:\n");
	for (size_t i = 0; i < array_size(option_texts); i++)
		if (!letters || strchr(letters, option_texts[i][0][0]))
			printf("%s\n", option_texts[i][1]);
	printf("  -h, --help                     show this\n");
	if (!letters)
		printf("      --version                  show the version\n");
}

static void print_help(const struct verb *verb)
{
	if (verb) {
		printf("kmemctl %s%s%s [OPTION...]\n\n%c%s.\n", verb->name,
		       verb->arguments[0] ? " " : "", verb->arguments,
		       toupper((unsigned char)verb->summary[0]), verb->summary + 1);
		print_options(verb->options);
		return;
	}
	printf("kmemctl VERB [ARGUMENT...] [OPTION...]\n\n"
	       "Memory of CXL expanders, NVDIMMs and other device-DAX memory as system RAM.\n\n"
	       "Verbs:\n");
	for (size_t i = 0; i < array_size(verbs); i++)
		printf("  %-10s%-16s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	print_options(NULL);
	printf("\nA DEVICE is called by a kernel name (mem0, region0, dax0.0, namespace0.0), its "
	       "serial\nnumber, UUID or identity. See kmemctl(1).\n");
}

int cli_fail(const struct kmemd_error *error)
{
	fprintf(stderr, "kmemctl: %s\n", error->message[0] ? error->message : "failed");
	return error->result;
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "kmemctl: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nTry 'kmemctl %s%s--help'.\n", cli->verb ? cli->verb : "",
		cli->verb ? " " : "");
	return KMEMD_USAGE;
}

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

/* The option's long name, for messages. */
static const char *option_name(int letter)
{
	for (size_t i = 0; option_table[i].name; i++)
		if (option_table[i].val == letter)
			return option_table[i].name;
	return "?";
}

static int set_option(struct cli *cli, int letter, struct kmemd_paths *paths)
{
	switch (letter) {
	case 'j':
		return set_json(cli, optarg);
	case 't':
		return set_timeout(cli, optarg);
	case 'n':
		cli->dry_run = true;
		return 0;
	case 'i':
		cli->inventory_file = optarg;
		paths->run = "/nonexistent"; /* the records of this machine are not the other's */
		return 0;
	case 'p':
		paths->policy_dirs = optarg;
		return 0;
	default: /* --help and --version are looked at when the verb is known */
		return 0;
	}
}

/* Options may stand before and after the verb. 0, or the exit code; the letters that were given. */
static int parse_options(struct cli *cli, int argc, char **argv, struct kmemd_paths *paths,
			 char letters[16])
{
	size_t count = 0;
	int letter, r;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":hVnt:i:p:", option_table, NULL)) != -1) {
		if (letter == '?')
			return cli_usage_error(cli, "'%s' is no option here", argv[optind - 1]);
		if (letter == ':')
			return cli_usage_error(cli, "'%s' needs a value", argv[optind - 1]);
		if (!strchr(letters, letter) && count < 15)
			letters[count++] = (char)letter;
		r = set_option(cli, letter, paths);
		if (r)
			return r;
	}
	return 0;
}

static int check_arguments(struct cli *cli, const struct verb *verb, const char *letters)
{
	for (; *letters; letters++)
		if (!strchr(verb->options, *letters))
			return cli_usage_error(cli, "%s takes no --%s", verb->name,
					       option_name(*letters));
	if (cli->argument_count < verb->least)
		return cli_usage_error(cli, "%s: %s is missing", verb->name, verb->arguments);
	if (cli->argument_count > verb->most)
		return cli_usage_error(cli, "%s: '%s' is one argument too many", verb->name,
				       cli->arguments[verb->most]);
	return 0;
}

static int run_verb(struct cli *cli, const struct verb *verb, const struct kmemd_paths *paths)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;

	if (kmemd_new(&kmemd, paths) < 0) {
		fprintf(stderr, "kmemctl: out of memory\n");
		return KMEMD_FAILED;
	}
	cli->kmemd = kmemd;
	return verb->run(cli);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	struct kmemd_paths paths = {0};
	const struct verb *verb;
	char letters[16] = "";
	int r = parse_options(cli, argc, argv, &paths, letters);

	if (r)
		return r;
	verb = find_verb(argv[optind]);
	if (strchr(letters, 'V')) {
		printf("kmemctl %s\n", kmemd_version());
		return KMEMD_DONE;
	}
	if (strchr(letters, 'h')) {
		print_help(verb);
		return KMEMD_DONE;
	}
	if (!argv[optind])
		return cli_usage_error(cli, "a verb is missing");
	if (!verb)
		return cli_usage_error(cli, "no verb is called '%s'", argv[optind]);
	cli->verb = verb->name;
	cli->arguments = argv + optind + 1;
	cli->argument_count = argc - optind - 1;
	r = check_arguments(cli, verb, letters);
	return r ? r : run_verb(cli, verb, &paths);
}

int main(int argc, char **argv)
{
	struct cli cli = {0};
	int r;

	setlocale(LC_ALL, "");
	r = dispatch(&cli, argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "kmemctl: cannot write to standard output\n");
		return r ? r : KMEMD_FAILED;
	}
	return r;
}
