/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INI_H
#define KMEMD_INI_H
/*
 * The one reader of [Section] and Key = value, line by line and with line numbers: for policy files
 * and for daxctl's configuration.
 *
 * It is our own because no library of Debian 12 gives what both need. libinih cuts lines after 200
 * bytes (INI_MAX_LINE; the package is built with a buffer on the stack), hands keys out without
 * their line, shows a section only together with a key, and takes a colon for an equals sign.
 * libeconf (0.5) ends at the first mistake, and keeps one value of a key, so that a list cannot be
 * written in several lines.
 *
 * Blanks around names and values mean nothing. A line whose first character is # or ; is a comment,
 * and so is what follows one of them behind a blank. A byte order mark at the beginning and a
 * carriage return at the end of a line are passed over.
 */
#include <stdbool.h>
#include <stddef.h>

enum ini_type {
	INI_SECTION,  /* name is what is between [ and ] */
	INI_KEY,      /* name and value; either may be "" */
	INI_NONSENSE, /* name is the line */
	INI_ZERO,     /* the line has a zero byte: this is no text file */
};

struct ini_line {
	enum ini_type type;
	unsigned int number;
	char *name, *value; /* valid until the reader is closed */
};

struct ini_reader {
	char *text, *next, *end;
	unsigned int number;
	bool quotes;
};

/*
 * Begins to read a text, which is copied. With quotes, a value may be in " or ' (what follows them
 * is passed over), and elsewhere a # or ; ends it also without a blank, as iniparser has it. 0 or
 * -ENOMEM.
 */
int ini_open(struct ini_reader *reader, const char *text, size_t length, bool quotes);
/* The next line that is neither empty nor a comment; false at the end. */
bool ini_next(struct ini_reader *reader, struct ini_line *ret);
void ini_close(struct ini_reader *reader);

#endif
