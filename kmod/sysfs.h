/* SPDX-License-Identifier: GPL-2.0-only */
/* The attributes of a dax device that is bound to the driver. */
#ifndef KMEM_SYSFS_H
#define KMEM_SYSFS_H

struct attribute_group;

extern const struct attribute_group *kmem_device_groups[];

#endif
