/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_REQUEST_OPTIONS_H
#define KMEMCTL_REQUEST_OPTIONS_H
/* From the options of the verbs that change dax devices by hand to a request. */
#include "cli/options.h"
#include "plan/request.h"

struct cli;

extern const struct cli_option option_mode;

/* What the request points to lives as long as this. */
struct device_request {
	struct kmemd_request request;
	struct kmemd_range *mappings;
	char region[16]; /* of --input */
};

/* 0, or the exit code after a message. */
int device_request_parse(struct cli *cli, enum kmemd_verb verb, struct device_request *ret);
void device_request_release(struct device_request *request);

#endif
