/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CEDT_H
#define KMEMD_CEDT_H
/*
 * Firmware's table of CXL windows (CXL 3.1, 9.18.1: CXL Early Discovery Table), for what sysfs does
 * not show of a window: how it picks its targets.
 */
#include "context.h"
#include "inventory/inventory.h"

/* Of the window that begins there; UNKNOWN where the table has none. Pure. */
enum interleave_arithmetic cedt_arithmetic(const void *table, size_t length, uint64_t start);
/* Fills in the arithmetic of all root decoders. Only root may read the table. 0 or -ENOMEM. */
int read_arithmetic(const struct kmemd *kmemd, struct kmemd_inventory *inventory);

#endif
