/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_USE_CHECK_H
#define KMEMD_USE_CHECK_H
/*
 * What has to be true before memory is taken away from somebody: nothing of it is online, and
 * nobody holds it. Whatever a snapshot said, and whatever driver is bound or none: what is online
 * is asked by address. "Not bound to kmem" says nothing about blocks: `cxl disable-region -f` and a
 * driver's unbind leave them online without a device (seen on 6.12).
 *
 * All of it returns -EBUSY with KMEMD_REFUSED, and names the block, driver or process.
 */
#include "step/run.h"

/* The ranges of a dax device as they are now; to be freed. */
struct ranges {
	struct range *items;
	size_t count;
};

int dax_ranges_read(const struct run *run, const char *dax, struct ranges *ret,
		    struct kmemd_error *error);
int region_range_read(const struct run *run, const char *region, struct range *ret,
		      struct kmemd_error *error);

/*
 * No memory block in the ranges is online, those that lie in them only in part included. The name
 * is that of the device or region, for the error. Costs one or two system calls for each block that
 * is there: it is the last thing before a write that cannot be taken back.
 */
int check_offline(const struct run *run, const char *name, const struct range *ranges, size_t count,
		  struct kmemd_error *error);
/* check_offline() for the ranges that a dax device has now. */
int check_dax_offline(const struct run *run, const char *dax, struct kmemd_error *error);
/*
 * No process has the dax device mapped, and its driver is kmem, device_dax or none. force excuses
 * the driver. Reads /proc, which takes long: it comes before check_offline().
 */
int check_holders(const struct run *run, const char *dax, bool force, struct kmemd_error *error);

/* Calls for every dax device of a CXL region, until one returns a negative errno. */
int each_dax_of_region(const struct run *run, const char *region,
		       int (*callback)(const struct run *run, const char *dax, void *data,
				       struct kmemd_error *error),
		       void *data, struct kmemd_error *error);
/* check_holders() for all dax devices of a region. */
int check_region_holders(const struct run *run, const char *region, struct kmemd_error *error);

#endif
