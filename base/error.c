/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int error_fill(struct kmemd_error *error, enum kmemd_result result, int errnum,
		      const char *format, va_list arguments)
{
	if (!error)
		return -errnum;
	error->result = result;
	error->errnum = errnum;
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	return -errnum;
}

int error_set(struct kmemd_error *error, enum kmemd_result result, int errnum, const char *format,
	      ...)
{
	va_list arguments;

	va_start(arguments, format);
	error_fill(error, result, errnum, format, arguments);
	va_end(arguments);
	return -errnum;
}

int error_errno(struct kmemd_error *error, int errnum, const char *format, ...)
{
	enum kmemd_result result = KMEMD_FAILED;
	va_list arguments;

	if (errnum == EPERM || errnum == EACCES || errnum == EROFS)
		result = KMEMD_NOT_PERMITTED;
	else if (errnum == ENODEV)
		result = KMEMD_NO_DEVICE;

	va_start(arguments, format);
	error_fill(error, result, errnum, format, arguments);
	va_end(arguments);
	return -errnum;
}

int error_memory(struct kmemd_error *error)
{
	return error_set(error, KMEMD_FAILED, ENOMEM, "out of memory");
}

void error_prefix(struct kmemd_error *error, const char *format, ...)
{
	char prefix[256];
	size_t length, room = sizeof(error->message) - 1;
	va_list arguments;

	if (!error)
		return;
	va_start(arguments, format);
	vsnprintf(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	length = strlen(prefix);
	memmove(error->message + length + 2, error->message, room - length - 2);
	memcpy(error->message, prefix, length);
	memcpy(error->message + length, ": ", 2);
	error->message[room] = '\0';
}

void error_append(struct kmemd_error *error, const char *format, ...)
{
	size_t used = error ? strlen(error->message) : 0;
	va_list arguments;

	if (!error)
		return;
	va_start(arguments, format);
	vsnprintf(error->message + used, sizeof(error->message) - used, format, arguments);
	va_end(arguments);
}
