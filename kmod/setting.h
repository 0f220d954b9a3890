/* SPDX-License-Identifier: GPL-2.0-only */
/* memmap_on_memory of the dax devices. */
#ifndef KMEM_SETTING_H
#define KMEM_SETTING_H

#include <linux/types.h>

struct device;
struct device_driver;

/**
 * struct kmem_setting - what is wanted for a device
 * @self_host: memmap_on_memory
 * @asked: somebody wrote it, it is not a default
 */
struct kmem_setting {
	bool self_host;
	bool asked;
};

void kmem_setting_init(bool can_self_host);
int kmem_setting_watch(const struct device_driver *drv);
void kmem_setting_exit(const struct device_driver *drv);
struct kmem_setting kmem_setting_get(struct device *dev);
void kmem_setting_set_bound(struct device *dev, bool bound);

#endif
