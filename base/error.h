/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ERROR_H
#define KMEMD_ERROR_H
#include "kmemd.h"

/*
 * Fills the error (which may be NULL) and returns -errnum. The message is one sentence without a
 * final full stop; the errno's text is not added by itself.
 */
int error_set(struct kmemd_error *error, enum kmemd_result result, int errnum, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));

/* The same with the result that fits the errno: EPERM and EACCES are KMEMD_NOT_PERMITTED, ... */
int error_errno(struct kmemd_error *error, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int error_memory(struct kmemd_error *error);

/* Puts "WHO: " before the message, for the caller that knows which device or step it was about. */
void error_prefix(struct kmemd_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
