/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/load-module.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/kernel-modules.h"

#include <errno.h>
#include <string.h>

int module_load(const char *sysfs, const char *driver, struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/bus/dax/drivers/%s", sysfs, driver);
	_cleanup_(kmod_unrefp) struct kmod_ctx *context = NULL;
	_cleanup_(kmod_module_unrefp) struct kmod_module *module = NULL;
	int r;

	if (!path)
		return error_memory(error);
	if (access(path, F_OK) == 0)
		return 0;
	r = kernel_modules_open(&context, error);
	if (r < 0)
		return r;
	r = kmod_module_new_from_name(context, driver, &module);
	if (r == 0)
		r = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL,
						    NULL, NULL);
	if (r > 0) /* a KMOD_PROBE_ flag: why it was not tried */
		r = -EPERM;
	if (r < 0 && access(path, F_OK) < 0)
		return error_errno(error, -r, "cannot load the module %s: %s", driver,
				   strerror(-r));
	return 0;
}
