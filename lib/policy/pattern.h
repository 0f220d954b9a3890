/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PATTERN_H
#define KMEMD_PATTERN_H
/* The words of a key in [Match]: names and globs, numbers and ranges, comparisons, and ! for not.
 */
#include "base/array.h"

#include <stdbool.h>
#include <stdint.h>

enum pattern_role {
	PATTERN_ANY, /* one of these has to fit, if there is any */
	PATTERN_ALL, /* each of these has to fit: comparisons */
	PATTERN_NOT, /* none of these may fit */
};

enum comparison {
	COMPARE_EQUAL,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_GREATER,
	COMPARE_GREATER_EQUAL,
};

struct pattern {
	enum pattern_role role;
	uint64_t first, last;	    /* of a number: both ends belong to it */
	enum comparison comparison; /* of a version */
	char *text;		    /* of a name, glob or version; else NULL */
};

typedef ARRAY(struct pattern) pattern_list;

/*
 * These parse one word without its !, and return 0, -EINVAL or -ENOMEM. A name is also a glob.
 */
int pattern_parse_name(struct pattern *pattern, const char *word);
int pattern_parse_uuid(struct pattern *pattern, const char *word);
/* A number or a range of them: 3, 0x1000-0x10ff. */
int pattern_parse_number(struct pattern *pattern, const char *word);
/* A size, or a comparison with one: 64G, 64G-1T, >=64G. */
int pattern_parse_size(struct pattern *pattern, const char *word);
/* A glob, or a comparison: 6.12.*, >=6.8. */
int pattern_parse_version(struct pattern *pattern, const char *word);

/*
 * Adds all words of a value to a list. A blank may follow ! and a comparison's sign. -EINVAL for a
 * value without a word.
 */
int pattern_list_parse(pattern_list *list, const char *value,
		       int (*parse)(struct pattern *pattern, const char *word));
void pattern_list_release(pattern_list *list);

bool pattern_fits_number(const struct pattern *pattern, uint64_t number);
/* A text that is NULL or "" is not known and fits nothing. */
bool pattern_fits_text(const struct pattern *pattern, const char *text);
/* Whether it means one thing, and not all that look alike. */
bool pattern_is_exact(const struct pattern *pattern);

/* Whether whatever fits the second list fits the first; false also where that is hard to say. */
bool pattern_list_covers(const pattern_list *list, const pattern_list *other);

#endif
