/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/libcxl.h"

#include <stddef.h>

LIBCXL_FUNCTIONS(LIBRARY_DEFINE)

int libcxl_load(struct kmemd_error *error)
{
	static const struct library_symbol symbols[] = {
		LIBCXL_FUNCTIONS(LIBRARY_SYMBOL){NULL, NULL},
	};

	return library_load("libcxl.so.1", symbols, error);
}
