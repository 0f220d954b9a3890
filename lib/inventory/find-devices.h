/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FIND_DEVICES_H
#define KMEMD_FIND_DEVICES_H
#include "inventory/inventory.h"

/* Fills devices from the rest: the last act of reading and of loading. 0 or -ENOMEM. Pure. */
int inventory_find_devices(struct kmemd_inventory *inventory);

#endif
