/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/kernel-modules.h"

#include "base/error.h"

#include <stdarg.h>

/* libkmod prints to standard error unless it is given something else to do. */
static void log_nothing(void *data, int priority, const char *file, int line, const char *function,
			const char *format, va_list arguments)
{
	(void)data, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
}

int kernel_modules_open(struct kmod_ctx **ret, struct kmemd_error *error)
{
	struct kmod_ctx *context = kmod_new(NULL, NULL);

	if (!context)
		return error_memory(error);
	kmod_set_log_fn(context, log_nothing, NULL);
	*ret = context;
	return 0;
}
