/* SPDX-License-Identifier: GPL-2.0-only */
/* What the core shows in sysfs and exports no function for. */
#ifndef KMEM_CORE_SYSFS_H
#define KMEM_CORE_SYSFS_H

#include <linux/types.h>

#include "words.h"

struct device;

int kmem_core_open(struct device *dev);
void kmem_core_close(void);
int kmem_core_write_block(u64 addr, const char *word, bool interruptible);
unsigned long kmem_core_block_poison(u64 addr);
enum kmem_state kmem_core_default_state(void);
char kmem_core_memmap_parameter(void);
void *kmem_core_read_btf(size_t *len);
ssize_t kmem_core_show(struct device *dev, const char *name, char *text);

#endif
