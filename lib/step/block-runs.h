/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_BLOCK_RUNS_H
#define KMEMD_BLOCK_RUNS_H
/*
 * The states of a device's blocks, short: thousands of blocks are mostly in one state. In JSON
 * [[first, count, "movable"], ...]. Pure.
 */
#include "inventory/inventory.h"

struct json_object;

void block_runs_put(struct json_object *json, const char *key, const struct dax_device *dax);
/* Fills dax->blocks, ascending. 0, -ENOMEM, or -EBADMSG for what no block_runs_put() has made. */
int block_runs_get(const struct json_object *json, const char *key, struct dax_device *dax);

/* The state with that name, or BLOCK_STATE_COUNT. */
enum block_state block_state_of(const char *name);

#endif
