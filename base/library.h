/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LIBRARY_H
#define KMEMD_LIBRARY_H
/*
 * Shared libraries that are loaded when they are first needed. What ndctl's libraries, libkmod and
 * libsystemd bring along (libcrypto, zstd, lzma, ...) costs some 220 system calls at the start of a
 * program that may only want to read a few attributes.
 *
 * A header for a library lists its functions once, F(name) each, declares pointers for them with
 * LIBRARY_DECLARE and lets the names mean the pointers; its source file defines them with
 * LIBRARY_DEFINE and loads them all with a table made by LIBRARY_SYMBOL.
 */
#include "base/error.h"

#include <stdarg.h>

struct library_symbol {
	const char *name;
	void *pointer; /* the address of a function pointer */
};

#define LIBRARY_DECLARE(name) extern __typeof__(name) *late_##name;
#define LIBRARY_DEFINE(name)  __typeof__(late_##name) late_##name;
#define LIBRARY_SYMBOL(name)  {#name, &late_##name},

/*
 * Loads a library and sets all pointers, once; the list ends with a NULL name. -ENOENT (and the
 * error) when the library is not installed or lacks a function. It stays loaded.
 */
int library_load(const char *soname, const struct library_symbol *symbols,
		 struct kmemd_error *error);

/* For libraries that print to stderr unless they are given something else to do. */
void library_log_nothing(void *context, int priority, const char *file, int line,
			 const char *function, const char *format, va_list arguments);

#endif
