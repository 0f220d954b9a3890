/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FREE_SPACE_H
#define KMEMD_FREE_SPACE_H
/* What is free in a CXL window, and what is in the way of the rest. Pure. */
#include "inventory/inventory.h"
#include "inventory/resources.h"

/*
 * Fills free from occupants, which are sorted by it: any order, overlaps and parts outside of the
 * window are allowed. 0 or -ENOMEM.
 */
int free_space_find(struct root_decoder *decoder);
/* The largest of free. */
uint64_t free_space_largest(const struct root_decoder *decoder);

/*
 * Fills occupants, free and free_is_known. By the resource tree: the kernel gives to a region what
 * no child of the window's own resource overlaps (get_free_mem_region() in kernel/resource.c). By
 * regions: what the regions of the snapshot leave; free_is_known is false then.
 */
int free_space_by_resources(const struct resources *resources, struct root_decoder *decoder);
/* Whether firmware gave the range, or a part of it, as ordinary memory: kmem's has another name. */
bool resources_have_plain_ram(const struct resources *resources, const struct range *range);
int free_space_by_regions(const struct kmemd_inventory *inventory, struct root_decoder *decoder);

#endif
