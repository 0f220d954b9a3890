/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_SNAPSHOT_H
#define KMEMD_SNAPSHOT_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

/* Reads the whole machine, once. */
int kmemd_inventory_read(struct kmemd *kmemd, struct kmemd_inventory **ret,
			 struct kmemd_error *error);

#endif
