/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CXL_JSON_H
#define KMEMD_CXL_JSON_H
#include "inventory/inventory.h"

struct json_object;

/* Adds the CXL part of a snapshot; cxl_from_json() reads it back. */
void cxl_to_json(struct json_object *json, const struct kmemd_inventory *inventory);

#endif
