/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody meant who mistyped a name. */
#include "cli/near.h"

#include <string.h>

#define NAME_MAX_LENGTH 32

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Levenshtein's distance: letters to add, drop or exchange. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NAME_MAX_LENGTH + 1];
	size_t width = strlen(b);

	if (width > NAME_MAX_LENGTH || strlen(a) > NAME_MAX_LENGTH)
		return NAME_MAX_LENGTH;
	for (unsigned int j = 0; j <= width; j++)
		row[j] = j;
	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			unsigned int above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[width];
}

const char *nearest_name(const char *written, const char *(*next)(const void *data, unsigned int i),
			 const void *data)
{
	/* A third of the letters may be wrong; with more it is a guess that helps nobody. */
	unsigned int best = (unsigned int)strlen(written) / 3 + 1;
	const char *nearest = NULL, *name;

	for (unsigned int i = 0; (name = next(data, i)); i++) {
		unsigned int d = distance(written, name);

		/* The beginning of a name is nearer than anything mistyped: "reconf". */
		if (written[0] && !strncmp(name, written, strlen(written)))
			d = 0;
		if (d < best) {
			best = d;
			nearest = name;
		}
	}
	return nearest;
}
