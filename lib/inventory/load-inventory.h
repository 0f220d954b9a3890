/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LOAD_INVENTORY_H
#define KMEMD_LOAD_INVENTORY_H
#include "base/error.h"
#include "inventory/inventory.h"

struct json_object;

/* A snapshot from the JSON that kmemd_inventory_to_json() made of one. */
int kmemd_inventory_from_json(struct json_object *json, struct kmemd_inventory **ret,
			      struct kmemd_error *error);

#endif
