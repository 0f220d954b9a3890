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
extern const char *const decoder_mode_names[DECODER_MODE_COUNT];
extern const char *const arithmetic_names[ARITHMETIC_COUNT];
extern const char *const dimm_health_names[DIMM_HEALTH_COUNT];

/* A word for each bit of enum dimm_flag, the lowest first; as `ndctl list` and sysfs have them. */
#define DIMM_FLAG_COUNT 6
extern const char *const dimm_flag_names[DIMM_FLAG_COUNT];

#endif
