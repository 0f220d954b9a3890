/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_CLI_H
#define KMEMCTL_CLI_H
/*
 * kmemctl: JSON or a table on standard output, everything else on standard error. verb.h has the
 * table of verbs, options.h what options mean, and the exit code is a kmemd_result.
 */
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/options.h"
#include "context.h"
#include "inventory/inventory.h"
#include "inventory/snapshot.h"
#include "job/system-log.h"
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
	/* How a job's events are told, and what they have told so far; see job-events.h. */
	bool quiet;	     /* no steps, only what is out of the ordinary */
	bool tells_failures; /* each device's, and not the verb at its end */
	unsigned int failures_told;
	unsigned int devices_done;
	const char *region; /* that was made; NULL: the verb makes none */
	struct system_log log;
};

#endif
