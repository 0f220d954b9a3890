/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_REQUEST_RUN_H
#define KMEMCTL_REQUEST_RUN_H
/*
 * daxctl's verbs that change something: create-device, destroy-device, reconfigure-device,
 * enable-device, disable-device, online-memory, offline-memory. JSON where daxctl prints it, or
 * when it is asked for.
 */
#include "plan/request.h"

#include <stdbool.h>

struct cli;

struct request_verb {
	enum kmemd_verb verb;
	const char *done;    /* "reconfigured", said of how many devices */
	bool prints_devices; /* on standard output, as daxctl does */
};

/* Does what the options ask for; the exit code. */
int request_run(struct cli *cli, const struct request_verb *verb);

#endif
