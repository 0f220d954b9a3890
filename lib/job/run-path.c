/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/run-path.h"

#include "base/file.h"

#include <ctype.h>
#include <string.h>

#define SUFFIX ".json"

char *path_of_identity(const struct kmemd *kmemd, const char *prefix, const char *identity)
{
	char *path = format_text("%s/%s%s" SUFFIX, kmemd->run, prefix, identity);

	if (!path)
		return NULL;
	for (char *c = path + strlen(path) - strlen(identity) - strlen(SUFFIX); c[strlen(SUFFIX)];
	     c++)
		if (!isalnum((unsigned char)*c) && !strchr("-.+:", *c))
			*c = '_';
	return path;
}
