/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMMAP_PLACE_H
#define KMEMD_MEMMAP_PLACE_H
#include "inventory/inventory.h"

/*
 * Whether the memmap of a dax device's memory is on the device, and how that is known. What the
 * driver counted is certain; without its numbers the size that the node gained tells (a self-hosted
 * block gives 126 of its 128 MiB); UNKNOWN where neither does.
 */
enum tristate dax_memmap_on_device(const struct kmemd_inventory *inventory,
				   const struct dax_device *dax, const char **how);

#endif
