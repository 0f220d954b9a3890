/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CXL topology through libcxl: memdevs, root decoders with their free space, regions. */
#include "inventory/read-cxl.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <cxl/libcxl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

DEFINE_CLEANUP(struct cxl_ctx *, cxl_unref);

/* libcxl prints to standard error unless it is given something else to do. */
static void log_nothing(struct cxl_ctx *context, int priority, const char *file, int line,
			const char *function, const char *format, va_list arguments)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
}

/*
 * Endpoint decoders are programmed in order of their number (CXL 3.1, 8.2.4.20: HDM Decoder
 * Capability), so only the first one without capacity can be used next.
 */
static void read_endpoint_decoders(struct cxl_memdev *cxl, struct memdev *memdev)
{
	struct cxl_endpoint *endpoint = cxl_memdev_get_endpoint(cxl);
	int free_id = -1;
	struct cxl_decoder *decoder;

	memdev->enabled = cxl_memdev_is_enabled(cxl) && endpoint &&
			  cxl_endpoint_is_enabled(endpoint);
	if (!endpoint)
		return;
	cxl_decoder_foreach(cxl_endpoint_get_port(endpoint), decoder)
	{
		unsigned long long size = cxl_decoder_get_dpa_size(decoder);
		int id = cxl_decoder_get_id(decoder);

		if (size && size != UINT64_MAX) {
			if (cxl_decoder_get_mode(decoder) == CXL_DECODER_MODE_RAM)
				memdev->ram_allocated += size;
			continue;
		}
		if (free_id < 0 || id < free_id) {
			free_id = id;
			copy_name(memdev->free_decoder, cxl_decoder_get_devname(decoder));
		}
	}
}

static int read_memdevs(const struct kmemd *kmemd, struct cxl_ctx *context,
			struct kmemd_inventory *inventory)
{
	struct cxl_memdev *cxl;

	cxl_memdev_foreach(context, cxl)
	{
		struct memdev *memdev = array_add(&inventory->memdevs);
		char path[64];

		if (!memdev)
			return -ENOMEM;
		copy_name(memdev->name, cxl_memdev_get_devname(cxl));
		copy_name(memdev->host, cxl_memdev_get_host(cxl));
		memdev->serial = cxl_memdev_get_serial(cxl);
		memdev->node = cxl_memdev_get_numa_node(cxl);
		memdev->ram_size = cxl_memdev_get_ram_size(cxl);
		memdev->pmem_size = cxl_memdev_get_pmem_size(cxl);
		snprintf(path, sizeof(path), "bus/cxl/devices/%s", memdev->name);
		memdev->instance = sysfs_instance(kmemd->sysfs, path);
		read_endpoint_decoders(cxl, memdev);
	}
	return 0;
}

static int read_reachable_memdevs(struct cxl_ctx *context, struct cxl_decoder *cxl,
				  struct root_decoder *decoder)
{
	struct cxl_memdev *memdev;

	cxl_memdev_foreach(context, memdev)
	{
		char **name;

		if (!cxl_decoder_get_target_by_memdev(cxl, memdev))
			continue;
		name = array_add(&decoder->memdevs);
		if (!name)
			return -ENOMEM;
		*name = strdup(cxl_memdev_get_devname(memdev));
		if (!*name)
			return -ENOMEM;
	}
	return 0;
}

static int read_region_targets(struct cxl_region *cxl, struct region *region)
{
	struct cxl_memdev_mapping *mapping;

	cxl_mapping_foreach(cxl, mapping)
	{
		struct cxl_decoder *decoder = cxl_mapping_get_decoder(mapping);
		struct cxl_memdev *memdev = cxl_decoder_get_memdev(decoder);
		struct region_target *target = array_add(&region->targets);

		if (!target)
			return -ENOMEM;
		copy_name(target->decoder, cxl_decoder_get_devname(decoder));
		copy_name(target->memdev, memdev ? cxl_memdev_get_devname(memdev) : "");
	}
	return 0;
}

/* Regions have a mode attribute since Linux 6.3; before that there were persistent ones only. */
static bool region_is_persistent(const struct kmemd *kmemd, const char *name)
{
	_cleanup_free_ char *path = format_text("%s/bus/cxl/devices/%s/mode", kmemd->sysfs, name);
	char mode[16];

	return !path || attribute_read(AT_FDCWD, path, mode, sizeof(mode)) < 0 ||
	       strcmp(mode, "ram") != 0;
}

static int read_regions(const struct kmemd *kmemd, struct cxl_decoder *decoder,
			struct kmemd_inventory *inventory)
{
	struct cxl_region *cxl;

	cxl_region_foreach(decoder, cxl)
	{
		struct region *region = array_add(&inventory->regions);

		if (!region)
			return -ENOMEM;
		copy_name(region->name, cxl_region_get_devname(cxl));
		copy_name(region->root_decoder, cxl_decoder_get_devname(decoder));
		region->start = cxl_region_get_resource(cxl);
		region->size = cxl_region_get_size(cxl);
		region->ways = cxl_region_get_interleave_ways(cxl);
		region->granularity = cxl_region_get_interleave_granularity(cxl);
		region->persistent = region_is_persistent(kmemd, region->name);
		region->committed = cxl_region_decode_is_committed(cxl);
		region->enabled = cxl_region_is_enabled(cxl);
		if (read_region_targets(cxl, region) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_root_decoders(const struct kmemd *kmemd, struct cxl_ctx *context,
			      struct cxl_port *root, struct kmemd_inventory *inventory)
{
	struct cxl_decoder *cxl;

	cxl_decoder_foreach(root, cxl)
	{
		struct root_decoder *decoder = array_add(&inventory->root_decoders);
		_cleanup_free_ char *path = NULL;

		if (!decoder)
			return -ENOMEM;
		copy_name(decoder->name, cxl_decoder_get_devname(cxl));
		path = format_text("%s/bus/cxl/devices/%s/create_ram_region", kmemd->sysfs,
				   decoder->name);
		if (!path)
			return -ENOMEM;
		decoder->creates_ram = access(path, F_OK) == 0;
		decoder->start = cxl_decoder_get_resource(cxl);
		decoder->size = cxl_decoder_get_size(cxl);
		decoder->volatile_capable = cxl_decoder_is_volatile_capable(cxl);
		decoder->persistent_capable = cxl_decoder_is_pmem_capable(cxl);
		decoder->ways = cxl_decoder_get_interleave_ways(cxl);
		decoder->granularity = cxl_decoder_get_interleave_granularity(cxl);
		if (read_reachable_memdevs(context, cxl, decoder) < 0 ||
		    read_regions(kmemd, cxl, inventory) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compare_regions(const void *a, const void *b)
{
	uint64_t x = ((const struct region *)a)->start, y = ((const struct region *)b)->start;

	return (x > y) - (x < y);
}

/*
 * The largest gap between the regions of a window. libcxl can tell it too, but 76 does so only for
 * decoders of persistent memory. A region without an address takes no part in it.
 */
static void find_free_space(struct kmemd_inventory *inventory)
{
	if (inventory->regions.count)
		qsort(inventory->regions.items, inventory->regions.count,
		      sizeof(*inventory->regions.items), compare_regions);
	array_foreach(decoder, &inventory->root_decoders) {
		uint64_t at = decoder->start, end = decoder->start + decoder->size;

		array_foreach(region, &inventory->regions) {
			if (strcmp(region->root_decoder, decoder->name) ||
			    region->start == UINT64_MAX || !region->size)
				continue;
			if (region->start > at && region->start - at > decoder->largest_free)
				decoder->largest_free = region->start - at;
			if (region->start + region->size > at)
				at = region->start + region->size;
		}
		if (end > at && end - at > decoder->largest_free)
			decoder->largest_free = end - at;
	}
}

int read_cxl(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error)
{
	_cleanup_(cxl_unrefp) struct cxl_ctx *context = NULL;
	struct cxl_bus *bus;
	int r = cxl_new(&context);

	if (r < 0)
		return error_errno(error, -r, "libcxl: %s", strerror(-r));
	cxl_set_log_fn(context, log_nothing);

	cxl_bus_foreach(context, bus)
	{
		if (read_root_decoders(kmemd, context, cxl_bus_get_port(bus), inventory) < 0)
			return error_memory(error);
	}
	if (read_memdevs(kmemd, context, inventory) < 0)
		return error_memory(error);
	find_free_space(inventory);
	return 0;
}
