/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/libkmod.h"

#include "base/error.h"

#include <stddef.h>

LIBKMOD_FUNCTIONS(LIBRARY_DEFINE)

int libkmod_open(struct kmod_ctx **ret, struct kmemd_error *error)
{
	static const struct library_symbol symbols[] = {
		LIBKMOD_FUNCTIONS(LIBRARY_SYMBOL){NULL, NULL},
	};
	int r = library_load("libkmod.so.2", symbols, error);

	if (r < 0)
		return r;
	*ret = kmod_new(NULL, NULL);
	if (!*ret)
		return error_memory(error);
	kmod_set_log_fn(*ret, library_log_nothing, NULL);
	return 0;
}
