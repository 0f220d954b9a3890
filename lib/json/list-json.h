/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LIST_JSON_H
#define KMEMD_LIST_JSON_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

struct json_object;

/* Which dax devices, and what of them: the options of daxctl list. */
struct kmemd_list {
	char *const *devices; /* NULL-terminated: dax0.0, 0.0, all, or any name of a device; NULL */
	const char *region;   /* 0, region0 or all; NULL */
	bool show_devices, show_regions, mappings, idle, human;
	bool find_unused; /* look for memdevs that have no dax device */
};
/*
 * The dax devices, read by themselves and cheaply: no inventory is needed.
 * {"list": what daxctl list prints, with members of ours added; null when that is nothing,
 * "missing": names that no device has, "problems": sentences about devices that are left out,
 * "unused_memdevs": names}
 */
int kmemd_report_list(struct kmemd *kmemd, const struct kmemd_list *list, struct json_object **ret,
		      struct kmemd_error *error);

enum report_dax {
	REPORT_MAPPINGS = 1, /* with its ranges */
	REPORT_HUMAN = 2,    /* sizes as "1.00 GiB (1.07 GB)", addresses in hexadecimal */
};
/*
 * One dax device as daxctl shows it, with our members behind its; of an inventory by
 * inventory_read_dax(). NULL when memory is short.
 */
struct json_object *report_dax_device(const struct kmemd_inventory *inventory,
				      const struct dax_device *dax, unsigned int flags);

#endif
