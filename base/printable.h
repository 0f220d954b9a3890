/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PRINTABLE_H
#define KMEMD_PRINTABLE_H
/*
 * Text of other people's making: names of processes and devices, messages of the kernel. What a
 * terminal would act on (control characters, those that change the direction of writing) and what
 * is not UTF-8 is written as \xHH, a byte each; a backslash stays as it is.
 */
#include <stdbool.h>
#include <stddef.h>

/* A copy to be freed, on one line; NULL when memory is short. */
char *printable(const char *text);
/* The same into a buffer, cut off at a whole character where it is too small. */
void printable_copy(const char *text, char *buffer, size_t size);
/* Whether printable() would change nothing. */
bool is_printable(const char *text);

#endif
