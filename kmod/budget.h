/* SPDX-License-Identifier: GPL-2.0-only */
/* What the memmap of memory blocks costs, and whether they can carry it. */
#ifndef KMEM_BUDGET_H
#define KMEM_BUDGET_H

#include <linux/types.h>

void kmem_budget_init(char memmap_parameter);
const char *kmem_budget_obstacle(void);
u64 kmem_budget_memmap_bytes(void);
u64 kmem_budget_device_bytes(void);
bool kmem_budget_allows(u64 nr_blocks);
u64 kmem_budget_available(void);

#endif
