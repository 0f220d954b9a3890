/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_DAX_H
#define KMEMD_READ_DAX_H
/*
 * Dax devices alone, straight from sysfs: about eighty system calls a device and three a memory
 * block, where a whole inventory takes thousands. With the drop-in driver's counters the blocks
 * need not be looked at at all.
 *
 * libdaxctl would tell less: it leaves out a device without a node in /dev, does not say why it
 * leaves one out, nor which driver is bound, nor that mappings are hidden from this user, and takes
 * about forty system calls a device on top of those for what it does not have.
 */
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

enum dax_read {
	DAX_READ_BLOCKS = 1,	 /* every block's state, also where the driver counts them */
	DAX_READ_IDLE = 2,	 /* devices without a size too: seeds of devices to come */
	DAX_READ_REGIONS = 4,	 /* size and alignment of the dax regions */
	DAX_READ_MEMDEVS = 8,	 /* the names of all memdevs, with or without a dax device */
	DAX_READ_RANGES = 16,	 /* no block's state: for who is going to write to all of them */
	DAX_READ_INSTANCES = 32, /* the inode of the parent's folder */
};

/*
 * Fills block_size, memory nodes, dax, dax_regions, memdev_names and problems of an inventory and
 * nothing else. names is a NULL-terminated list as for dax_is_called(), or NULL for all devices; a
 * name that no device has is no error. region is an identifier as daxctl takes it (0, region0,
 * all), or NULL.
 *
 * Devices and regions come in the order in which daxctl shows them. A device that goes away
 * meanwhile is left out; so is one whose attributes make no sense, with a problem. A device
 * whose ranges are not shown has none: the caller is not root, or its driver is still adding the
 * memory.
 */
int inventory_read_dax(const struct kmemd *kmemd, char *const *names, const char *region,
		       unsigned int what, struct kmemd_inventory **ret, struct kmemd_error *error);

/* Adds the dax devices of the whole machine to a snapshot that has everything else. */
int read_dax(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error);

#endif
