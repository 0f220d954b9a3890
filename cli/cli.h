/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_CLI_H
#define KMEMCTL_CLI_H
/*
 * kmemctl: JSON or a table on standard output, everything else on standard error. main.c holds the
 * table of verbs, options.c what options mean, each verb is a file of its own, and the exit code is
 * a kmemd_result.
 */
#include "base/array.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/options.h"
#include "context.h"
#include "inventory/inventory.h"
#include "job/event.h"
#include "policy/policy.h"

#include <stdbool.h>

DEFINE_CLEANUP(struct kmemd *, kmemd_free);
DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);
DEFINE_CLEANUP(struct kmemd_policy *, kmemd_policy_free);

enum json_mode {
	JSON_OFF,
	JSON_PRETTY,
	JSON_SHORT,
};

struct given_option {
	const struct cli_option *option;
	const char *value;
};

struct cli {
	struct kmemd *kmemd;
	struct kmemd_paths paths;
	ARRAY(struct given_option) given; /* see cli_given() and cli_value() */
	enum json_mode json;
	bool dry_run;
	unsigned int timeout_sec;   /* 0: what policy says */
	const char *inventory_file; /* NULL: this machine */
	const char *verb;
	char **arguments; /* what follows the verb, NULL-terminated */
	int argument_count;
	/* How a job's events are told, see cli_job(). */
	bool quiet;		    /* no steps, only what is out of the ordinary */
	bool tells_failures;	    /* each device's, and not the verb at its end */
	unsigned int failures_told; /* so far */
};

/* Verbs; each returns the exit code. */
int verb_list(struct cli *cli);
int verb_status(struct cli *cli);
int verb_plan(struct cli *cli);
int verb_apply(struct cli *cli);
int verb_explain(struct cli *cli);
int verb_drain(struct cli *cli);
int verb_memmap(struct cli *cli);
int verb_inventory(struct cli *cli);
int verb_policy(struct cli *cli);
int verb_doctor(struct cli *cli);
int verb_monitor(struct cli *cli);
int verb_reconfigure_device(struct cli *cli);
int verb_create_device(struct cli *cli);
int verb_destroy_device(struct cli *cli);
int verb_enable_device(struct cli *cli);
int verb_disable_device(struct cli *cli);
int verb_online_memory(struct cli *cli);
int verb_offline_memory(struct cli *cli);
int verb_split_acpi(struct cli *cli);
int verb_migrate_device_model(struct cli *cli);

/* Options of policy import, and of memmap. */
extern const struct cli_option option_output, option_overwrite, option_rebind;

/* The plan of a drain, for --dry-run. */
int cli_plan_drain(struct cli *cli);
/* Prints a report of plans. KMEMD_REFUSED when one that was asked for is refused. */
int cli_print_plan(struct cli *cli, struct json_object *json);

/* Prints "kmemctl: message" and returns the error's exit code. */
int cli_fail(const struct kmemd_error *error);
int cli_usage_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* This machine's snapshot, or the one in the file of --inventory. */
int cli_read_inventory(struct cli *cli, struct kmemd_inventory **ret, struct kmemd_error *error);
/* The report about the device in the first argument, or about all. */
int cli_read_devices(struct cli *cli, struct json_object **ret, struct kmemd_error *error);
/* The policy, with a warning on standard error for each mistake in it. */
int cli_load_policy(struct cli *cli, struct kmemd_policy **ret, struct kmemd_error *error);
/* FILE:LINE: message, of the policy's problems; no newline. */
void cli_print_problem(FILE *file, struct json_object *problem);
/* Prints JSON as --json asks; false when it is off. */
bool cli_print_json(const struct cli *cli, struct json_object *json);
/*
 * Prints devices or regions as daxctl does: in its layout, nothing for no array, and with --human
 * a single one without the array.
 */
void cli_print_daxctl(const struct cli *cli, struct json_object *array);

/* Events of a job as lines, and a progress bar on a terminal. */
struct kmemd_job cli_job(struct cli *cli);
/* Takes the bar away, for what is printed next. */
void cli_job_end(void);

/* A table: add cells row by row, print once. */
struct table;
struct table *table_new(unsigned int columns, const char *const *titles);
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *table);
struct table *table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free);

#endif
