/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LOAD_MODULE_H
#define KMEMD_LOAD_MODULE_H
#include "base/error.h"

/*
 * Loads the module of a dax driver unless the driver is there. The daemon's unit has its modules
 * loaded by modprobe@.service, because it may not load any itself; this serves kmemctl on its own.
 */
int module_load(const char *sysfs, const char *driver, struct kmemd_error *error);

#endif
