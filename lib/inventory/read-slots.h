/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_SLOTS_H
#define KMEMD_READ_SLOTS_H
#include "context.h"
#include "inventory/inventory.h"

/* In sysfs. */
#define PCI_SLOTS "bus/pci/slots"

/*
 * Tells every memdev the PCI slot that it is in, if the kernel can power that slot off
 * (Documentation/ABI/testing/sysfs-bus-pci, `slots`: only a slot with a hot-plug driver has
 * `power`). A machine without slots is no error. 0 or -ENOMEM.
 */
int read_slots(const struct kmemd *kmemd, struct kmemd_inventory *inventory);

#endif
