/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_IN_USE_H
#define KMEMD_IN_USE_H
#include "context.h"
#include "inventory/inventory.h"

/*
 * What /sys and /proc show of why a block of a node, online in that state, cannot go offline, as
 * the rest of a sentence: "; it is in a kernel zone: ...; node 1 holds 800 MiB (700 MiB locked),
 * 120 MiB are free elsewhere; 4 huge pages of 1 GiB are on node 1, 2 of them free; process 77 (cat)
 * has 700 MiB on node 1 and locks 700 MiB". The kernel counts by node and by process, not by block
 * or device: where the node has more blocks than the device, the text says so. "" when nothing is
 * known. Names of processes are escaped.
 */
void describe_use(const struct kmemd *kmemd, int node, enum block_state state,
		  unsigned int device_blocks, char *buffer, size_t size);

/*
 * A process that has a file mapped: true, and who it is, "process 77 (cat)". False also where /proc
 * does not let us look.
 */
int find_mapper(const struct kmemd *kmemd, const char *path, char *buffer, size_t size);

#endif
