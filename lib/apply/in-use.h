/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_APPLY_IN_USE_H
#define KMEMD_APPLY_IN_USE_H
#include "context.h"

/*
 * What /sys and /proc tell of why memory of a node cannot go offline, as the rest of a sentence:
 * "; node1 holds 800 MiB, of which 700 MiB are locked, and DRAM has 120 MiB free; pid 77 (cat)
 * locks 700 MiB".
 * "" when nothing is known.
 */
void describe_use(const struct kmemd *kmemd, int node, char *buffer, size_t size);

/*
 * A process that has a file mapped: true, and who it is, "process 77 (cat)". False also where /proc
 * does not let us look.
 */
bool find_mapper(const struct kmemd *kmemd, const char *path, char *buffer, size_t size);

#endif
