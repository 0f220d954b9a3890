/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LOAD_CXL_H
#define KMEMD_LOAD_CXL_H
#include "inventory/inventory.h"

struct json_object;

/* The CXL part of a snapshot, from what cxl_to_json() made of it. 0 or -ENOMEM. */
int cxl_from_json(const struct json_object *json, struct kmemd_inventory *inventory);

/* The index of a word, or 0 for one that is none of them. */
unsigned int json_enum(const struct json_object *json, const char *key, const char *const *names,
		       unsigned int count);
/* A number that may be missing. */
int json_int_or(const struct json_object *json, const char *key, int otherwise);

#endif
