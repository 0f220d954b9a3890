/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MAKE_DEVICE_H
#define KMEMD_MAKE_DEVICE_H
/* The one maker of struct device: of a whole inventory, and of dax devices alone. */
#include "inventory/inventory.h"

/* What a device is made of. Strings that are NULL are "". */
struct device_facts {
	enum kind kind;
	char *identity; /* taken over, whatever comes; NULL: memory is short */
	const char *name, *host;
	uint64_t size;
	int node;
	bool has_serial;
	uint64_t serial;
	/* Not copied: they live as long as the inventory. */
	const char *uuid, *raw_uuid, *vendor, *model;
	uint64_t instance;
	const char *instance_path;
};

/* Appends to the inventory's devices; NULL when memory is short. */
struct device *device_make(struct kmemd_inventory *inventory, const struct device_facts *facts);

/*
 * The devices that a dax device was made of, from its source: one for each identity, in their
 * order. For inventories of inventory_read_dax(). 0 or -ENOMEM.
 */
int devices_make_of_dax(const char *sysfs, struct kmemd_inventory *inventory,
			const struct dax_device *dax);
/* The device of a dax region that nothing was cut from yet. 0 or -ENOMEM. */
int device_make_of_dax_region(const char *sysfs, struct kmemd_inventory *inventory,
			      const struct dax_region *region);

#endif
