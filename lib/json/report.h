/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REPORT_H
#define KMEMD_REPORT_H

/* Of the inventory's JSON; raised when a reader of the old form would misread the new one. */
#define INVENTORY_VERSION 1

struct dax_device;
struct device;
struct json_object;
struct kmemd;
struct kmemd_inventory;
struct plan;

/* Puts "record": {"state", "message"} when there is one for the device. */
void report_record(struct json_object *json, const struct kmemd *kmemd,
		   const struct device *device);

/* Puts "blocks": how many are in which state. */
void report_blocks(struct json_object *json, const struct dax_device *dax);
/* Puts "memmap": where it was asked to be, where it is, and how that is known. */
void report_memmap(struct json_object *json, const struct kmemd_inventory *inventory,
		   const struct dax_device *dax);

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

/* Appends a plan with its steps, what they cost and why they are there. */
void report_plan(struct json_object *array, const struct kmemd *kmemd, const struct plan *plan);

#endif
