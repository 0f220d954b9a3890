/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INVENTORY_JSON_H
#define KMEMD_INVENTORY_JSON_H
#include "inventory/inventory.h"

struct json_object;

/* Raised when a reader of the old form would misread the new one. */
#define INVENTORY_VERSION 1

/* The whole snapshot; kmemd_inventory_from_json() reads it back. NULL when memory is short. */
struct json_object *kmemd_inventory_to_json(const struct kmemd_inventory *inventory);

#endif
