/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DAX_JSON_H
#define KMEMD_DAX_JSON_H
/* What several reports say of a dax device. */
#include "inventory/inventory.h"

struct json_object;

/* Puts "blocks": how many are in which state. */
void report_blocks(struct json_object *json, const struct dax_device *dax);
/* Puts "memmap": where it was asked to be, where it is, and how that is known. */
void report_memmap(struct json_object *json, const struct kmemd_inventory *inventory,
		   const struct dax_device *dax);

#endif
