/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_DAX_H
#define KMEMD_INVENTORY_DAX_H
/*
 * Dax devices alone, straight from sysfs: about eighty system calls a device and three a memory
 * block, where a whole inventory takes thousands. With the drop-in driver's counters the blocks
 * need not be looked at at all.
 */
#include "inventory/inventory.h"

enum dax_read {
	DAX_READ_BLOCKS = 1,  /* every block's state, also where the driver counts them */
	DAX_READ_IDLE = 2,    /* devices without a size too: seeds of devices to come */
	DAX_READ_REGIONS = 4, /* size and alignment of the dax regions */
	DAX_READ_MEMDEVS = 8, /* the names of all memdevs, with or without a dax device */
	DAX_READ_RANGES = 16, /* no block's state: for who is going to write to all of them */
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

/*
 * Whether a person means this dax device: "all", its kernel name (dax0.0 or 0.0), an identity,
 * serial or UUID, or the kernel name of what it was made of (region0, namespace0.0, mem0).
 */
bool dax_is_called(const struct dax_device *dax, const char *name);
/* The first that is called so, or NULL. */
const struct dax_device *inventory_dax(const struct kmemd_inventory *inventory, const char *name);
/* Whether a dax region is meant by daxctl's words. */
bool dax_region_is_called(const struct dax_region *region, const char *name);

/* --- the parts, shared with the whole inventory --- */

/* Folders of dax devices, and what has to be known about all memdevs to tell one by its serial. */
struct dax_reader {
	const struct kmemd *kmemd;
	int directory; /* bus/dax/devices */
	bool knows_memdevs;
	/* All of them. */
	ARRAY(char *) memdevs;
	ARRAY(uint64_t) serials;
};

/*
 * The attributes and ranges of a device. 0; -ENODEV for one that went away, -EINVAL (and the error)
 * for one that makes no sense. *hidden tells that this user is not shown the ranges.
 */
int dax_read_device(const struct dax_reader *reader, const char *name, struct dax_device *dax,
		    bool *hidden, struct kmemd_error *error);
/* The target of the link bus/dax/devices/NAME without its ../s: devices/.../NAME. */
int dax_read_path(const struct dax_reader *reader, const char *name, char *path, size_t size);
/* Parent and origin by that path. Of a device of an NVDIMM, the namespace has to be read. */
void dax_read_origin(const struct dax_reader *reader, const char *path, struct dax_device *dax);
/* Identities, from the parents in sysfs; after origin and ranges. 0 or -ENOMEM. */
int dax_read_source(struct dax_reader *reader, const char *path, struct dax_device *dax);
/* Names and serial numbers of all memdevs, once. 0 or -ENOMEM. */
int dax_read_memdevs(struct dax_reader *reader);

#endif
