/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_DEVICE_H
#define KMEMCTL_DEVICE_H
/* What the verbs share that change dax devices by hand. */
#include "cli/cli.h"
#include "plan/request.h"

extern const struct cli_option option_mode, option_check_config;

/* A request from the options; what it points to lives as long as this. */
struct device_request {
	struct kmemd_request request;
	struct kmemd_range *mappings;
	char region[16]; /* of --input */
};

/* 0, or the exit code after a message. */
int device_request_parse(struct cli *cli, enum kmemd_verb verb, struct device_request *ret);
void device_request_release(struct device_request *request);

/*
 * Options that were given in a file of daxctl's, for the devices that are named: calls back for
 * each that a section is about, with the request changed to what the section says. 0, or the exit
 * code.
 */
int device_check_config(struct cli *cli, const struct kmemd_request *request,
			int (*callback)(struct cli *cli, const struct kmemd_request *request));

#endif
