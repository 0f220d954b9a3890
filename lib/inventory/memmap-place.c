/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/memmap-place.h"

static unsigned int online_blocks_on_node(const struct kmemd_inventory *inventory, int node)
{
	unsigned int count = 0;

	array_foreach(dax, &inventory->dax)
		if (dax->target_node == node)
			count += dax_block_counts(dax).online;
	return count;
}

/*
 * A node that is made of nothing but dax devices' memory gains a block less its memmap for every
 * self-hosted block; everything in between means that somebody else's memory is in the node, or
 * that its blocks differ.
 */
static enum tristate memmap_by_node_size(const struct kmemd_inventory *inventory, int node_id)
{
	uint64_t block_size = inventory->host.block_size;
	unsigned int online = online_blocks_on_node(inventory, node_id);

	array_foreach(node, &inventory->nodes) {
		if (node->id != node_id || !online)
			continue;
		if (node->total == online * block_size)
			return TRISTATE_NO;
		if (node->total == online * (block_size - memmap_bytes(block_size)))
			return TRISTATE_YES;
	}
	return TRISTATE_UNKNOWN;
}

enum tristate dax_memmap_on_device(const struct kmemd_inventory *inventory,
				   const struct dax_device *dax, const char **how)
{
	enum tristate by_size;

	*how = "not known";
	if (!dax_is_kmem(dax)) {
		*how = "not in kmem";
		return TRISTATE_UNKNOWN;
	}
	if (dax->has_kmem_numbers) {
		*how = "counted by the driver";
		if (!dax->memmap_dram == !dax->memmap_device)
			return TRISTATE_UNKNOWN; /* some blocks each way, or none at all */
		return dax->memmap_device ? TRISTATE_YES : TRISTATE_NO;
	}
	by_size = memmap_by_node_size(inventory, dax->target_node);
	if (by_size != TRISTATE_UNKNOWN)
		*how = "by the size of the node";
	return by_size;
}
