/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LIFE_H
#define KMEMD_LIFE_H
/*
 * How a device is now, in a line that can be compared with how kmemd left it: what differs was
 * changed by another hand. Pure.
 */
#include "inventory/inventory.h"

#define LIFE_MAX 512

/* "region0 committed; dax0.0 kmem movable=8" */
void life_describe(const struct device *device, char buffer[LIFE_MAX]);

/*
 * Whether one of the names (a NULL-terminated list) is the device's, or that of a region or dax
 * device of it: the kernel has just made that.
 */
bool life_has_appeared(const struct device *device, char *const *names);

/*
 * Whether somebody has chosen device_dax for memory that the kernel itself gives to kmem: volatile
 * memory is not bound to device_dax otherwise.
 */
bool life_is_chosen_devdax(const struct device *device);

#endif
