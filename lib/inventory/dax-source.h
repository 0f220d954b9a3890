/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DAX_SOURCE_H
#define KMEMD_DAX_SOURCE_H
/* Where a dax device comes from, and what a person may call it. */
#include "context.h"
#include "inventory/inventory.h"

/* Folders of dax devices, and what has to be known about all memdevs to tell one by its serial. */
struct dax_reader {
	const struct kmemd *kmemd;
	int directory; /* bus/dax/devices */
	bool knows_memdevs;
	/* All of them. */
	ARRAY(char *) memdevs;
	ARRAY(uint64_t) serials;
};

/* The target of the link bus/dax/devices/NAME without its ../s: devices/.../NAME. */
int dax_read_path(const struct dax_reader *reader, const char *name, char *path, size_t size);
/* Parent and origin by that path. Of a device of an NVDIMM, the namespace has to be read. */
void dax_read_origin(const struct dax_reader *reader, const char *path, struct dax_device *dax);
/* Identities, from the parents in sysfs; after origin and ranges. 0 or -ENOMEM. */
int dax_read_source(struct dax_reader *reader, const char *path, struct dax_device *dax);
/* Names and serial numbers of all memdevs, once. 0 or -ENOMEM. */
int dax_read_memdevs(struct dax_reader *reader);

/*
 * Whether a person means this dax device: "all", its kernel name (dax0.0 or 0.0), an identity,
 * serial or UUID, or the kernel name of what it was made of (region0, namespace0.0, mem0).
 */
bool dax_is_called(const struct dax_device *dax, const char *name);
/* The first that is called so, or NULL. */
const struct dax_device *inventory_dax(const struct kmemd_inventory *inventory, const char *name);
/* Whether a dax region is meant by daxctl's words. */
bool dax_region_is_called(const struct dax_region *region, const char *name);

#endif
