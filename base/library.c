/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *soname, const struct library_symbol *symbols,
		 struct kmemd_error *error)
{
	void *last, *handle;
	const struct library_symbol *end = symbols;

	while (end[1].name)
		end++;
	memcpy(&last, end->pointer, sizeof(last));
	if (last) /* it was set last */
		return 0;
	handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return error_set(error, KMEMD_FAILED, ENOENT, "cannot load a library: %s",
				 dlerror());
	for (const struct library_symbol *symbol = symbols; symbol->name; symbol++) {
		void *function = dlsym(handle, symbol->name);

		if (!function)
			return error_set(error, KMEMD_FAILED, ENOENT, "%s is too old: it has no %s",
					 soname, symbol->name);
		memcpy(symbol->pointer, &function, sizeof(function));
	}
	return 0;
}

void library_log_nothing(void *context, int priority, const char *file, int line,
			 const char *function, const char *format, va_list arguments)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
}
