/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_INPUT_H
#define KMEMCTL_INPUT_H
/* What the verbs start from. */
#include "base/json.h"
#include "cli/cli.h"

/* This machine's snapshot, or the one in the file of --inventory. */
int cli_read_inventory(struct cli *cli, struct kmemd_inventory **ret, struct kmemd_error *error);
/* The report about the device in the first argument, or about all. */
int cli_read_devices(struct cli *cli, struct json_object **ret, struct kmemd_error *error);
/* The policy, with a warning on standard error for each mistake in it. */
int cli_load_policy(struct cli *cli, struct kmemd_policy **ret, struct kmemd_error *error);

#endif
