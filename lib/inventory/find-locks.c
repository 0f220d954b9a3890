/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/find-locks.h"

#include <string.h>

static bool window_is_locked(const struct kmemd_inventory *inventory, const struct region *region)
{
	const struct root_decoder *decoder = inventory_root_decoder(inventory,
								    region->root_decoder);

	return decoder && decoder->locked;
}

static bool memdev_locks(const struct memdev *memdev, const char *region)
{
	array_foreach(decoder, &memdev->decoders)
		if (decoder->locked && !strcmp(decoder->region, region))
			return true;
	return false;
}

static bool port_locks(const struct port *port, const char *region)
{
	array_foreach(decoder, &port->decoders)
		if (decoder->locked && !strcmp(decoder->region, region))
			return true;
	return false;
}

void find_locks(struct kmemd_inventory *inventory)
{
	array_foreach(region, &inventory->regions) {
		region->locked = region->locked || window_is_locked(inventory, region);
		array_foreach(memdev, &inventory->memdevs)
			region->locked = region->locked || memdev_locks(memdev, region->name);
		array_foreach(port, &inventory->ports)
			region->locked = region->locked || port_locks(port, region->name);
	}
}
