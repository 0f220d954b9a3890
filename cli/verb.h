/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_VERB_H
#define KMEMCTL_VERB_H
/*
 * Verbs. Each is a file verb-NAME.c that exports its own row of the table and nothing else; verb.c
 * has the table.
 */
#include "cli/options.h"

struct cli;

#define ANY_NUMBER 10000

#define OPTIONS(...) ((const struct cli_option *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
/* Of the verbs that change dax devices by hand. */
#define CHANGING_OPTIONS                                                                           \
	&option_human, &option_verbose, &option_json, &option_dry_run, &option_timeout, &option_keep

struct cli_verb {
	const char *name, *arguments, *summary;
	const struct cli_option *const *options; /* besides --help; NULL: none are looked at */
	int (*run)(struct cli *cli);		 /* returns the exit code */
	int least, most;			 /* arguments */
};

extern const struct cli_verb verb_list, verb_status, verb_plan, verb_apply, verb_explain,
	verb_drain, verb_memmap, verb_inventory, verb_policy, verb_doctor, verb_monitor,
	verb_reconfigure_device, verb_online_memory, verb_offline_memory, verb_enable_device,
	verb_disable_device, verb_create_device, verb_destroy_device, verb_create_region,
	verb_destroy_region, verb_split_acpi, verb_migrate_device_model, verb_help, verb_version;

/* All verbs in the order of the help, then NULL. */
extern const struct cli_verb *const verbs[];

const struct cli_verb *verb_find(const char *name);
/* Says so, with the verb that may have been meant; the exit code. */
int verb_unknown(const struct cli *cli, const char *name);
void verb_print_help(const struct cli_verb *verb);
/* That of kmemctl itself. */
void verb_print_all(void);

#endif
