/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/array.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/device.h"
#include "cli/list.h"
#include "context.h"

#include <ctype.h>
#include <locale.h>
#include <stdarg.h>

#define OPTIONS(...) ((const struct cli_option *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define ANY_NUMBER   10000
/* Of daxctl's verbs that change something. */
#define CHANGING_OPTIONS                                                                           \
	&option_human, &option_verbose, &option_json, &option_dry_run, &option_timeout, &option_keep

struct verb {
	const char *name, *arguments, *summary;
	const struct cli_option *const *options; /* besides --help; NULL: none are looked at */
	int (*run)(struct cli *cli);
	int least, most; /* arguments */
};

static int verb_help(struct cli *cli);
static int verb_version(struct cli *cli);

static const struct verb verbs[] = {
	{"list", "[DEVICE...]", "show dax devices, their memory blocks by zone and their memmap",
	 OPTIONS(&option_region, &option_dev, &option_devices, &option_regions, &option_mappings,
		 &option_idle, &option_human, &option_json),
	 verb_list, 0, ANY_NUMBER},
	{"status", "[DEVICE]",
	 "show the daemon, the job under way, all devices, and which are held or failed",
	 OPTIONS(&option_json, &option_inventory), verb_status, 0, 1},
	{"plan", "[DEVICE]", "show what policy would do, and what that costs",
	 OPTIONS(&option_json, &option_inventory, &option_policy), verb_plan, 0, 1},
	{"apply", "[DEVICE]", "bring all devices, or one, to what policy wants",
	 OPTIONS(&option_json, &option_dry_run, &option_policy, &option_timeout), verb_apply, 0, 1},
	{"explain", "DEVICE", "show which policy file and key decided what",
	 OPTIONS(&option_json, &option_inventory, &option_policy), verb_explain, 1, 1},
	{"drain", "DEVICE", "take a device's memory out of use, so that it can be unplugged",
	 OPTIONS(&option_json, &option_dry_run, &option_policy, &option_timeout), verb_drain, 1, 1},
	{"memmap", "[DEVICE [on|off]]",
	 "show where memmaps are and what else they could cost, or move one",
	 OPTIONS(&option_json, &option_inventory, &option_policy, &option_rebind, &option_dry_run,
		 &option_timeout),
	 verb_memmap, 0, 2},
	{"inventory", "", "print the whole snapshot, for plan --inventory and bug reports",
	 OPTIONS(&option_json), verb_inventory, 0, 0},
	{"policy", "check|show|import [...]",
	 "check policy files, show what is in force, convert daxctl's",
	 OPTIONS(&option_json, &option_policy, &option_inventory, &option_output, &option_overwrite,
		 &option_dry_run),
	 verb_policy, 1, ANY_NUMBER},
	{"doctor", "", "find what on this machine will surprise its owner, and the cure",
	 OPTIONS(&option_json, &option_policy), verb_doctor, 0, 0},
	{"monitor", "", "follow devices, memory blocks, jobs and records as they change",
	 OPTIONS(&option_json), verb_monitor, 0, 0},
	{"reconfigure-device", "DEVICE...|all", "change a dax device's mode, size or alignment",
	 OPTIONS(&option_mode, &option_region, &option_no_online, &option_no_movable, &option_force,
		 &option_size, &option_align, &option_check_config, CHANGING_OPTIONS),
	 verb_reconfigure_device, 1, ANY_NUMBER},
	{"online-memory", "DEVICE...|all", "put the memory blocks of a dax device online",
	 OPTIONS(&option_region, &option_no_movable, CHANGING_OPTIONS), verb_online_memory, 1,
	 ANY_NUMBER},
	{"offline-memory", "DEVICE...|all", "take the memory blocks of a dax device offline",
	 OPTIONS(&option_region, CHANGING_OPTIONS), verb_offline_memory, 1, ANY_NUMBER},
	{"enable-device", "DEVICE...|all", "bind a dax device to the driver of devdax mode",
	 OPTIONS(&option_region, CHANGING_OPTIONS), verb_enable_device, 1, ANY_NUMBER},
	{"disable-device", "DEVICE...|all", "unbind a dax device from its driver",
	 OPTIONS(&option_region, CHANGING_OPTIONS), verb_disable_device, 1, ANY_NUMBER},
	{"create-device", "", "cut a new dax device from what a dax region has left",
	 OPTIONS(&option_region, &option_size, &option_align, &option_input, &option_mode,
		 &option_no_online, &option_no_movable, &option_force, CHANGING_OPTIONS),
	 verb_create_device, 0, 0},
	{"destroy-device", "DEVICE...|all", "give a dax device's capacity back to its dax region",
	 OPTIONS(&option_region, &option_force, CHANGING_OPTIONS), verb_destroy_device, 1,
	 ANY_NUMBER},
	{"split-acpi", "[...]", "not here, and says why", NULL, verb_split_acpi, 0, ANY_NUMBER},
	{"migrate-device-model", "[...]", "not needed any more, and says why", NULL,
	 verb_migrate_device_model, 0, ANY_NUMBER},
	{"help", "[VERB]", "show the verbs, or the options of one", OPTIONS(), verb_help, 0, 1},
	{"version", "", "show the version", OPTIONS(), verb_version, 0, 0},
};

/* Before the verb only what means the same in all of them. */
static const struct cli_option *const leading_options[] = {
	&option_version, &option_list_commands, &option_json,	&option_dry_run,
	&option_timeout, &option_inventory,	&option_policy, NULL,
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; name && i < array_size(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static const char *verb_name_at(const void *data, unsigned int i)
{
	(void)data;
	return i < array_size(verbs) ? verbs[i].name : NULL;
}

static int unknown_verb(const struct cli *cli, const char *name)
{
	const char *near = nearest_name(name, verb_name_at, NULL);

	if (near)
		return cli_usage_error(cli, "no verb is called '%s'; did you mean %s?", name, near);
	return cli_usage_error(cli, "no verb is called '%s'", name);
}

static void print_verb_help(const struct verb *verb)
{
	printf("kmemctl %s%s%s [OPTION...]\n\n%c%s.\n", verb->name, verb->arguments[0] ? " " : "",
	       verb->arguments, toupper((unsigned char)verb->summary[0]), verb->summary + 1);
	options_print_help(verb->options ? verb->options : OPTIONS());
}

static void print_help(void)
{
	printf("kmemctl VERB [ARGUMENT...] [OPTION...]\n\n"
	       "Memory of CXL expanders, NVDIMMs and other device-DAX memory as system RAM.\n\n"
	       "Verbs:\n");
	for (size_t i = 0; i < array_size(verbs); i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", verbs[i].name, verbs[i].arguments);
		printf("  %-33s %s\n", left, verbs[i].summary);
	}
	options_print_help(OPTIONS(&option_version, &option_list_commands));
	printf("\n'kmemctl help VERB' shows the options of a verb. A DEVICE is called by a kernel "
	       "name\n(mem0, region0, dax0.0, namespace0.0), its serial number, UUID or identity. "
	       "See kmemctl(1).\n");
}

static int verb_help(struct cli *cli)
{
	const struct verb *verb = find_verb(cli->arguments[0]);

	if (cli->arguments[0] && !verb)
		return unknown_verb(cli, cli->arguments[0]);
	if (verb)
		print_verb_help(verb);
	else
		print_help();
	return KMEMD_DONE;
}

static int verb_version(struct cli *cli)
{
	(void)cli;
	printf("kmemctl %s\n", kmemd_version());
	return KMEMD_DONE;
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

static int check_arguments(struct cli *cli, const struct verb *verb)
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

static int run_verb(struct cli *cli, const struct verb *verb)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;

	if (kmemd_new(&kmemd, &cli->paths) < 0) {
		fprintf(stderr, "kmemctl: out of memory\n");
		return KMEMD_FAILED;
	}
	cli->kmemd = kmemd;
	return verb->run(cli);
}

/* Words without a verb: options that are answered by themselves. */
static int run_no_verb(struct cli *cli)
{
	if (cli_given(cli, &option_version))
		return verb_version(cli);
	if (cli_given(cli, &option_list_commands)) {
		for (size_t i = 0; i < array_size(verbs); i++)
			printf("%s\n", verbs[i].name);
		return KMEMD_DONE;
	}
	if (cli_given(cli, &option_help)) {
		print_help();
		return KMEMD_DONE;
	}
	return cli_usage_error(cli, "a verb is missing");
}

/* words[0] is the program or the verb: getopt begins behind it. */
static int dispatch(struct cli *cli, int count, char **words)
{
	const struct verb *verb;
	int rest, r = options_parse(cli, leading_options, count, words, true, &rest);

	if (r)
		return r;
	if (!words[rest] || cli_given(cli, &option_version) ||
	    cli_given(cli, &option_list_commands))
		return run_no_verb(cli);
	verb = find_verb(words[rest]);
	if (!verb)
		return unknown_verb(cli, words[rest]);
	cli->verb = verb->name;
	if (!verb->options)
		return verb->run(cli);
	count -= rest;
	words += rest;
	r = options_parse(cli, verb->options, count, words, false, &rest);
	if (r)
		return r;
	if (cli_given(cli, &option_help)) {
		print_verb_help(verb);
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
		fprintf(stderr, "kmemctl: cannot write to standard output\n");
		return r ? r : KMEMD_FAILED;
	}
	return r;
}
