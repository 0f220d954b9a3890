/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMDEV_CAPACITY_H
#define KMEMD_MEMDEV_CAPACITY_H
/* What of a memdev's volatile capacity a region can be made of. Pure. */
#include "inventory/inventory.h"

/* Bytes, in whole units of 256 MiB; what is free beyond them cannot be used. */
uint64_t memdev_free_units(const struct memdev *memdev);

/* The decoder that the kernel takes next: the one behind the last that holds capacity; or "". */
const char *memdev_next_decoder(const struct memdev *memdev);

/* The decoder of persistent capacity that makes the kernel skip what volatile capacity is free. */
const struct endpoint_decoder *memdev_persistent_decoder(const struct memdev *memdev);

/* Whether a region can be made of what is free. */
bool memdev_is_usable(const struct memdev *memdev);
/* Why not, as a sentence about it; false when it can. */
bool memdev_describe_unusable(const struct memdev *memdev, char *why, size_t size);

#endif
