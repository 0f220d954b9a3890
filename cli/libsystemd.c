/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/libsystemd.h"

#include <stddef.h>

LIBSYSTEMD_FUNCTIONS(LIBRARY_DEFINE)

int libsystemd_load(struct kmemd_error *error)
{
	static const struct library_symbol symbols[] = {
		LIBSYSTEMD_FUNCTIONS(LIBRARY_SYMBOL){NULL, NULL},
	};

	return library_load("libsystemd.so.0", symbols, error);
}
