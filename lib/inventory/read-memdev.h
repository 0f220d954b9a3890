/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_MEMDEV_H
#define KMEMD_READ_MEMDEV_H
#include "context.h"
#include "inventory/inventory.h"

struct cxl_memdev;

/* Adds a memdev with its decoders to the inventory. 0 or -ENOMEM. */
int read_memdev(const struct kmemd *kmemd, struct cxl_memdev *cxl,
		struct kmemd_inventory *inventory);

#endif
