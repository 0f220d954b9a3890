/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_REQUEST_CONFIG_H
#define KMEMCTL_REQUEST_CONFIG_H
/* reconfigure-device --check-config: what /etc/daxctl.conf.d says, as daxctl's udev rule asks. */
#include "cli/options.h"
#include "plan/request.h"

struct cli;

extern const struct cli_option option_check_config;

/*
 * Options that were given in a file of daxctl's, for the devices that are named: calls back for
 * each that a section is about, with the request changed to what the section says. 0, or the exit
 * code.
 */
int device_check_config(struct cli *cli, const struct kmemd_request *request,
			int (*callback)(struct cli *cli, const struct kmemd_request *request));

#endif
