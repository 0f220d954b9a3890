/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/libndctl.h"

#include <stddef.h>

LIBNDCTL_FUNCTIONS(LIBRARY_DEFINE)

int libndctl_load(struct kmemd_error *error)
{
	static const struct library_symbol symbols[] = {
		LIBNDCTL_FUNCTIONS(LIBRARY_SYMBOL){NULL, NULL},
	};

	return library_load("libndctl.so.6", symbols, error);
}
