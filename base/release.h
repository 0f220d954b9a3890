/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RELEASE_H
#define KMEMD_RELEASE_H
#include <stdbool.h>
#include <stdio.h>

/* Whether a kernel release, such as "6.12.90+deb13-amd64", is of that version or a later one. */
static inline bool release_is_since(const char *release, unsigned int major, unsigned int minor)
{
	unsigned int is_major = 0, is_minor = 0;

	sscanf(release, "%u.%u", &is_major, &is_minor);
	return is_major > major || (is_major == major && is_minor >= minor);
}

#endif
