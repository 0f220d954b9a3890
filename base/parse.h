/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PARSE_H
#define KMEMD_PARSE_H
/* Text to values and back. Parsers return 0, -EINVAL for what is no such value, -ERANGE. */
#include <stdbool.h>
#include <stdint.h>

/* Decimal, or hexadecimal after 0x; nothing may follow. */
int parse_u64(const char *text, uint64_t *ret);
/* Bytes: a number with one of the suffixes K M G T P (powers of 1024), or without. */
int parse_size(const char *text, uint64_t *ret);
/*
 * A time span in seconds, as in systemd.time(7): numbers with s, min, h or d (or the longer words),
 * added up: 90, 90s, 1min 30s.
 */
int parse_seconds(const char *text, uint64_t *ret);
/* systemd's words: yes no true false on off 1 0. */
int parse_bool(const char *text, bool *ret);
/* The index in a NULL-free table of names; -EINVAL when the text is none of them. */
int parse_name(const char *text, const char *const *names, unsigned int count);

/* Whether it is written as 01234567-89ab-cdef-0123-456789abcdef, in small or capital letters. */
bool is_uuid(const char *text);

#define SIZE_TEXT_MAX 32
/* "1.5 GiB", "128 MiB", "64 KiB", "12 bytes"; returns the buffer. */
const char *format_size(uint64_t bytes, char buffer[SIZE_TEXT_MAX]);

#endif
