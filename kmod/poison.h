/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory blocks with poisoned pages that were removed. */
#ifndef KMEM_POISON_H
#define KMEM_POISON_H

#include <linux/types.h>

void kmem_poison_exit(void);
void kmem_poison_remember(u64 addr, unsigned long nr_pages);
bool kmem_poison_is_known(u64 addr);
bool kmem_poison_refuses(u64 addr);

#endif
