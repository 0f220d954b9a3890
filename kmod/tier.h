/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory tiering: type and distance of the target node. */
#ifndef KMEM_TIER_H
#define KMEM_TIER_H

struct memory_dev_type;

void kmem_tier_exit(void);
struct memory_dev_type *kmem_tier_get(int node);
void kmem_tier_put(int node, struct memory_dev_type *type);

#endif
