/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply/libkmod.h"

#include <stddef.h>

LIBKMOD_FUNCTIONS(LIBRARY_DEFINE)

int libkmod_load(struct kmemd_error *error)
{
	static const struct library_symbol symbols[] = {
		LIBKMOD_FUNCTIONS(LIBRARY_SYMBOL){NULL, NULL},
	};

	return library_load("libkmod.so.2", symbols, error);
}
