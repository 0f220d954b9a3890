/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes all blocks of a device online or offline, in the order that is quick. */
#ifndef KMEM_ONLINE_H
#define KMEM_ONLINE_H

#include "range.h"
#include "words.h"

struct device;

u64 kmem_online_hole(const struct kmem_pool *pool);
int kmem_online_all(struct kmem_pool *pool, struct device *dev,
		    enum kmem_state wanted);
void kmem_online_start_undo(struct kmem_pool *pool);
int kmem_offline_all(struct kmem_pool *pool, struct device *dev);
void kmem_online_undo(struct kmem_pool *pool, struct device *dev);

#endif
