/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FIND_LOCKS_H
#define KMEMD_FIND_LOCKS_H
#include "inventory/inventory.h"

/* Marks the regions of which any decoder is locked, their window's included. Pure. */
void find_locks(struct kmemd_inventory *inventory);

#endif
