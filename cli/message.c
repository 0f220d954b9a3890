/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/message.h"

#include "base/cleanup.h"
#include "base/printable.h"
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const char *prefix, const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL, *shown = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	shown = text ? printable(text) : NULL;
	fprintf(stderr, "%s%s\n", prefix, shown ? shown : "out of memory");
}

void cli_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("", format, arguments);
	va_end(arguments);
}

int cli_fail(const struct kmemd_error *error)
{
	cli_say("kmemctl: %s", error->message[0] ? error->message : "failed");
	return error->result;
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("kmemctl: ", format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try 'kmemctl %s%s--help'.\n", cli->verb ? cli->verb : "",
		cli->verb ? " " : "");
	return KMEMD_USAGE;
}
