/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_READ_H
#define KMEMD_INVENTORY_READ_H
/* The parts of kmemd_inventory_read(): a subsystem each. 0, or a negative errno and the error. */
#include "context.h"
#include "inventory/inventory.h"

#include <stdarg.h>

int read_host(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	      struct kmemd_error *error);
int read_cxl(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error);
int read_nvdimm(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
		struct kmemd_error *error);
int read_dax(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error);

/* The size of a memory block, into host; REFUSED on a kernel without memory hotplug. */
int read_block_size(const struct kmemd *kmemd, struct host *host, struct kmemd_error *error);
/* Adds one memory node, unless it is gone. 0 or -ENOMEM. */
int read_node(const struct kmemd *kmemd, int id, struct kmemd_inventory *inventory);

/* Inode of a device's folder in sysfs, which no later device of that name shares; 0 if gone. */
uint64_t sysfs_instance(const char *sysfs, const char *device);

/*
 * Copies a kernel name into an array. Names are far shorter than the array; one that is not is
 * cut, and so is never mistaken for another.
 */
#define copy_name(target, name) copy_name_sized(target, sizeof(target), name)
void copy_name_sized(char *target, size_t size, const char *name);

/* The libraries of ndctl print to stderr unless they are given something else to do. */
void discard_library_log(void *context, int priority, const char *file, int line,
			 const char *function, const char *format, va_list arguments);

#endif
