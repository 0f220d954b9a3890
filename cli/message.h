/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_MESSAGE_H
#define KMEMCTL_MESSAGE_H
/*
 * What kmemctl says on standard error: a line each, in which nothing that comes from devices,
 * processes or files can act on the terminal.
 */
#include "base/error.h"

struct cli;

/* A line on standard error. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "kmemctl: message" and returns the error's exit code. */
int cli_fail(const struct kmemd_error *error);
/* The same with a hint at the help. */
int cli_usage_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
