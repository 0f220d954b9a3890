/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_NAMES_H
#define KMEMD_NAMES_H
/* The words for the snapshot's enumerations, in JSON, in tables and in policy files. */
#include "inventory/inventory.h"

extern const char *const block_state_names[BLOCK_STATE_COUNT];
extern const char *const zone_names[ZONE_COUNT];
extern const char *const dax_parent_names[DAX_PARENT_COUNT];
extern const char *const kind_names[KIND_COUNT];
extern const char *const kmem_module_names[KMEM_MODULE_COUNT];

#endif
