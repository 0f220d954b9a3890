/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_DIMM_H
#define KMEMD_READ_DIMM_H
#include "inventory/inventory.h"

struct ndctl_bus;

/* Adds the NVDIMMs of a bus with their health. 0 or -ENOMEM. */
int read_dimms(struct ndctl_bus *bus, struct kmemd_inventory *inventory);

#endif
