/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DROPIN_H
#define KMEMD_DROPIN_H
/*
 * Drop-in directories with systemd's precedence: files of all directories are one list that is
 * sorted by name; of files with the same name only that of the first directory counts, and one that
 * is empty or a link to /dev/null masks the others.
 */
#include "base/array.h"

#include "base/file.h"

#include <stdbool.h>

struct dropin {
	char *name, *path;
	bool masks;		 /* nothing in it: what it replaces is out of force */
	const char *replaced_by; /* path of the file that counts instead, or NULL */
};

typedef ARRAY(struct dropin) dropin_list;

/*
 * Lists the files with that suffix in directories (colon-separated, highest precedence first), each
 * below root ("" for the machine's own). By name, and of one name in the order of precedence. A
 * directory that is not there is normal; one that cannot be read may hide a file, and is a negative
 * errno with *failed set to its path (which the caller frees). *ret is to be released in any case.
 */
int dropin_list_read(const char *root, const char *directories, const char *suffix,
		     dropin_list *ret, char **failed);
void dropin_list_release(dropin_list *list);

/* Whether the file says something: it is neither masked nor replaced. */
static inline bool dropin_counts(const struct dropin *file)
{
	return !file->masks && !file->replaced_by;
}

#endif
