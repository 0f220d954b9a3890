/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/pattern.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#define GLOB_CHARACTERS "*?["

/* --- words --------------------------------------------------------------------------------------
 */

int pattern_parse_name(struct pattern *pattern, const char *word)
{
	if (!*word)
		return -EINVAL;
	pattern->text = strdup(word);
	return pattern->text ? 0 : -ENOMEM;
}

/* A glob is not checked further than that it can fit a UUID at all. */
int pattern_parse_uuid(struct pattern *pattern, const char *word)
{
	bool is_glob = strpbrk(word, GLOB_CHARACTERS);

	if (is_glob ? word[strspn(word, "0123456789abcdefABCDEF-*?[]!")] != '\0' : !is_uuid(word))
		return -EINVAL;
	return pattern_parse_name(pattern, word);
}

/* One value, or two with a - between them. */
static int parse_range(struct pattern *pattern, const char *word,
		       int (*parse)(const char *text, uint64_t *ret))
{
	_cleanup_free_ char *copy = strdup(word);
	char *dash = copy ? strchr(copy, '-') : NULL;

	if (!copy)
		return -ENOMEM;
	if (dash)
		*dash = '\0';
	if (parse(copy, &pattern->first) < 0 || parse(dash ? dash + 1 : copy, &pattern->last) < 0 ||
	    pattern->first > pattern->last)
		return -EINVAL;
	return 0;
}

int pattern_parse_number(struct pattern *pattern, const char *word)
{
	return parse_range(pattern, word, parse_u64);
}

/* Passes over the sign of a comparison; COMPARE_EQUAL where there is none. */
static enum comparison take_sign(const char **word)
{
	static const struct {
		const char *sign;
		enum comparison comparison;
	} signs[] = {
		{">=", COMPARE_GREATER_EQUAL},
		{"<=", COMPARE_LESS_EQUAL},
		{">", COMPARE_GREATER},
		{"<", COMPARE_LESS},
	};

	for (unsigned int i = 0; i < array_size(signs); i++) {
		size_t length = strlen(signs[i].sign);

		if (strncmp(*word, signs[i].sign, length))
			continue;
		*word += length;
		return signs[i].comparison;
	}
	return COMPARE_EQUAL;
}

/* A comparison is kept as a range; one that nothing fulfils is an empty range. */
int pattern_parse_size(struct pattern *pattern, const char *word)
{
	enum comparison comparison = take_sign(&word);
	uint64_t size;

	if (comparison == COMPARE_EQUAL)
		return parse_range(pattern, word, parse_size);
	if (parse_size(word, &size) < 0)
		return -EINVAL;
	pattern->role = PATTERN_ALL;
	pattern->first = 0;
	pattern->last = UINT64_MAX;
	if (comparison == COMPARE_GREATER_EQUAL)
		pattern->first = size;
	else if (comparison == COMPARE_LESS_EQUAL)
		pattern->last = size;
	else if (comparison == COMPARE_GREATER ? size == UINT64_MAX : size == 0)
		*pattern = (struct pattern){.role = PATTERN_ALL, .first = 1, .last = 0};
	else if (comparison == COMPARE_GREATER)
		pattern->first = size + 1;
	else
		pattern->last = size - 1;
	return 0;
}

int pattern_parse_version(struct pattern *pattern, const char *word)
{
	pattern->comparison = take_sign(&word);
	if (strpbrk(word, pattern->comparison == COMPARE_EQUAL ? "<>=" : GLOB_CHARACTERS "<>="))
		return -EINVAL;
	if (pattern->comparison != COMPARE_EQUAL)
		pattern->role = PATTERN_ALL;
	return pattern_parse_name(pattern, word);
}

/* --- lists --------------------------------------------------------------------------------------
 */

/*
 * Cuts the next word off, without blanks behind a leading sign (">= 64G" is one word); NULL at the
 * end.
 */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t"), *end;
	size_t signs, blanks;

	if (!*word)
		return NULL;
	while ((signs = strspn(word, "!<>=")) && (blanks = strspn(word + signs, " \t")))
		memmove(word + signs, word + signs + blanks, strlen(word + signs + blanks) + 1);
	end = word + strcspn(word, " \t");
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static int parse_word(pattern_list *list, const char *word,
		      int (*parse)(struct pattern *pattern, const char *word))
{
	struct pattern *pattern = array_add(list);
	bool is_not = *word == '!';
	int r;

	if (!pattern)
		return -ENOMEM;
	r = parse(pattern, word + is_not);
	if (is_not)
		pattern->role = PATTERN_NOT;
	return r;
}

int pattern_list_parse(pattern_list *list, const char *value,
		       int (*parse)(struct pattern *pattern, const char *word))
{
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *word;
	int r = -EINVAL;

	if (!copy)
		return -ENOMEM;
	while ((word = next_word(&rest))) {
		r = parse_word(list, word, parse);
		if (r < 0)
			return r;
	}
	return r;
}

void pattern_list_release(pattern_list *list)
{
	array_foreach(pattern, list)
		free(pattern->text);
	free(list->items);
	*list = (pattern_list){0};
}

/* --- fitting ------------------------------------------------------------------------------------
 */

bool pattern_fits_number(const struct pattern *pattern, uint64_t number)
{
	return number >= pattern->first && number <= pattern->last;
}

bool pattern_fits_text(const struct pattern *pattern, const char *text)
{
	int order;

	if (!text || !*text)
		return false;
	if (pattern->comparison == COMPARE_EQUAL)
		return fnmatch(pattern->text, text, FNM_CASEFOLD) == 0;
	order = strverscmp(text, pattern->text);
	switch (pattern->comparison) {
	case COMPARE_LESS:
		return order < 0;
	case COMPARE_LESS_EQUAL:
		return order <= 0;
	case COMPARE_GREATER:
		return order > 0;
	default:
		return order >= 0;
	}
}

bool pattern_is_exact(const struct pattern *pattern)
{
	if (pattern->role != PATTERN_ANY)
		return false;
	return pattern->text ? !strpbrk(pattern->text, GLOB_CHARACTERS)
			     : pattern->first == pattern->last;
}

/* Whether whatever fits the second pattern fits the first. */
static bool covers(const struct pattern *pattern, const struct pattern *other)
{
	if (!pattern->text)
		return pattern->first <= other->first && other->last <= pattern->last;
	if (!strcasecmp(pattern->text, other->text))
		return pattern->comparison == other->comparison;
	return pattern->comparison == COMPARE_EQUAL && pattern_is_exact(other) &&
	       pattern_fits_text(pattern, other->text);
}

static bool any_of_role(const pattern_list *list, enum pattern_role role)
{
	array_foreach(pattern, list)
		if (pattern->role == role)
			return true;
	return false;
}

/* Whether a pattern of that role in the list is in the place of this one. */
static bool has_cover(const pattern_list *list, enum pattern_role role, const struct pattern *other)
{
	array_foreach(pattern, list)
		if (pattern->role == role && covers(pattern, other))
			return true;
	return false;
}

/* The other list may exclude more, and has to exclude all that this one does. */
static bool excludes_too(const pattern_list *other, const struct pattern *pattern)
{
	array_foreach(candidate, other)
		if (candidate->role == pattern->role &&
		    (pattern->role == PATTERN_NOT ? covers(candidate, pattern)
						  : covers(pattern, candidate)))
			return true;
	return false;
}

bool pattern_list_covers(const pattern_list *list, const pattern_list *other)
{
	array_foreach(pattern, list)
		if (pattern->role != PATTERN_ANY && !excludes_too(other, pattern))
			return false;
	if (!any_of_role(list, PATTERN_ANY))
		return true;
	array_foreach(pattern, other)
		if (pattern->role == PATTERN_ANY && !has_cover(list, PATTERN_ANY, pattern))
			return false;
	return any_of_role(other, PATTERN_ANY);
}
