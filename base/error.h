/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ERROR_H
#define KMEMD_ERROR_H
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * How everything here says that something went wrong: a function returns 0 or a negative errno,
 * touches its out-parameters only on success and, on failure, fills the error that its caller hands
 * in. The code that understands the error says it, once.
 */
/* The outcome of an operation; the values are the exit codes of kmemctl. */
enum kmemd_result {
	KMEMD_DONE = 0,
	KMEMD_FAILED = 1,
	KMEMD_USAGE = 2,
	KMEMD_REFUSED = 3, /* by policy or by a precondition; nothing was changed */
	KMEMD_PARTLY = 4,  /* some of it is done and was kept */
	KMEMD_NO_DEVICE = 5,
	KMEMD_NOT_PERMITTED = 6,
};

struct kmemd_error {
	enum kmemd_result result;
	int errnum;	   /* positive errno */
	char message[768]; /* one sentence: device, step, path or value, cause */
};

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

/* Puts more behind the message, as far as it fits. */
void error_append(struct kmemd_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
