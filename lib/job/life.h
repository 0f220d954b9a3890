/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LIFE_H
#define KMEMD_LIFE_H
/*
 * How a device is now, in a line that can be compared with how kmemd left it: what differs was
 * changed by another hand. Pure.
 */
#include "inventory/inventory.h"
#include "policy/policy.h"

#define LIFE_MAX 512

/*
 * "region0 committed; dax0.0#4711 kmem movable=8". The number is the inode of the folder that the
 * dax device lies in: another one when its region was made again.
 */
void life_describe(const struct device *device, char buffer[LIFE_MAX]);
/* The same for people: without the numbers. */
void life_for_people(const char *life, char buffer[LIFE_MAX]);

/*
 * Whether the device has a region or dax device that it did not have when it was left so: the
 * kernel has made one since. That is a reason to act; a change to what was there is none.
 */
bool life_has_new(const struct device *device, const char *left);

/*
 * Whether somebody has chosen device_dax for memory that the kernel itself gives to kmem: volatile
 * memory is not bound to device_dax otherwise.
 */
bool life_is_chosen_devdax(const struct device *device);

/*
 * Whether another hand has changed the device since kmemd left it so ("": it never did), or had it
 * before kmemd; and how, in `why`. mode: what policy wants of it.
 */
bool life_is_changed(const struct device *device, const char *left, enum mode mode, char *why,
		     size_t size);

#endif
