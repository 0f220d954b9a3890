/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CXL topology through libcxl: windows with their free space, regions, and the rest. */
#include "inventory/read-cxl.h"

#include "base/cleanup.h"
#include "base/compare.h"
#include "base/error.h"
#include "inventory/cedt.h"
#include "inventory/cxl-attribute.h"
#include "inventory/find-locks.h"
#include "inventory/free-space.h"
#include "inventory/read-memdev.h"
#include "inventory/read-ports.h"
#include "inventory/read-slots.h"

#include <cxl/libcxl.h>

DEFINE_CLEANUP(struct cxl_ctx *, cxl_unref);

/* libcxl prints to standard error unless it is given something else to do. */
static void log_nothing(struct cxl_ctx *context, int priority, const char *file, int line,
			const char *function, const char *format, va_list arguments)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
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

static struct cxl_memdev_mapping *mapping_at(struct cxl_region *cxl, unsigned int position)
{
	struct cxl_memdev_mapping *mapping;

	cxl_mapping_foreach(cxl, mapping)
	{
		if (cxl_mapping_get_position(mapping) == position)
			return mapping;
	}
	return NULL;
}

/* By position, which libcxl does not sort by. One that is missing leaves no gap. */
static int read_region_targets(struct cxl_region *cxl, struct region *region)
{
	for (unsigned int position = 0; position < region->ways; position++) {
		struct cxl_memdev_mapping *mapping = mapping_at(cxl, position);
		struct cxl_decoder *decoder = mapping ? cxl_mapping_get_decoder(mapping) : NULL;
		struct cxl_memdev *memdev = decoder ? cxl_decoder_get_memdev(decoder) : NULL;
		struct region_target *target = decoder ? array_add(&region->targets) : NULL;

		if (!decoder)
			continue;
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
	char mode[16];

	return !cxl_text(kmemd, name, "mode", mode) || strcmp(mode, "ram") != 0;
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
		region->locked = cxl_flag(kmemd, region->name, "locked");
		if (read_region_targets(cxl, region) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_root_decoder(const struct kmemd *kmemd, struct cxl_decoder *cxl,
			     struct kmemd_inventory *inventory)
{
	struct root_decoder *decoder = array_add(&inventory->root_decoders);

	if (!decoder)
		return -ENOMEM;
	copy_name(decoder->name, cxl_decoder_get_devname(cxl));
	decoder->creates_ram = cxl_has(kmemd, decoder->name, "create_ram_region");
	decoder->start = cxl_decoder_get_resource(cxl);
	decoder->size = cxl_decoder_get_size(cxl);
	decoder->volatile_capable = cxl_decoder_is_volatile_capable(cxl);
	decoder->persistent_capable = cxl_decoder_is_pmem_capable(cxl);
	decoder->type2_capable = cxl_decoder_is_accelmem_capable(cxl);
	decoder->type3_capable = cxl_decoder_is_mem_capable(cxl);
	decoder->locked = cxl_decoder_is_locked(cxl);
	decoder->ways = cxl_decoder_get_interleave_ways(cxl);
	decoder->granularity = cxl_decoder_get_interleave_granularity(cxl);
	decoder->qos_class = cxl_number(kmemd, decoder->name, "qos_class");
	if (read_targets(cxl, &decoder->targets) < 0)
		return -ENOMEM;
	return read_reachable_memdevs(cxl_decoder_get_ctx(cxl), cxl, decoder);
}

static int read_bus(const struct kmemd *kmemd, struct cxl_bus *bus,
		    struct kmemd_inventory *inventory)
{
	struct cxl_port *root = cxl_bus_get_port(bus);
	int r = read_ports(kmemd, root, inventory);
	struct cxl_decoder *cxl;

	cxl_decoder_foreach(root, cxl)
	{
		if (r == 0)
			r = read_root_decoder(kmemd, cxl, inventory);
		if (r == 0)
			r = read_regions(kmemd, cxl, inventory);
	}
	return r;
}

static int compare_regions(const void *a, const void *b)
{
	return compare_numbers(((const struct region *)a)->start,
			       ((const struct region *)b)->start);
}

/* libcxl can tell the largest free part too, but 76 does so only for persistent memory. */
static int find_free_space(const struct kmemd *kmemd, struct kmemd_inventory *inventory)
{
	struct resources resources;
	int r = resources_read(kmemd->procfs, &resources);

	if (r < 0)
		return r;
	array_foreach(decoder, &inventory->root_decoders) {
		if (r == 0)
			r = resources.known ? free_space_by_resources(&resources, decoder)
					    : free_space_by_regions(inventory, decoder);
		decoder->largest_free = free_space_largest(decoder);
	}
	/* A region that is built over ordinary memory has it inside (construct_region(), 6.0 to
	 * 7.3), and no dax device (cxl_region_probe()). */
	array_foreach(region, &inventory->regions)
		region->plain_ram = resources_have_plain_ram(
			&resources, &(struct range){region->start, region->size});
	resources_release(&resources);
	return r;
}

/* What follows from the rest. */
static int finish(const struct kmemd *kmemd, struct kmemd_inventory *inventory)
{
	if (inventory->regions.count)
		qsort(inventory->regions.items, inventory->regions.count,
		      sizeof(*inventory->regions.items), compare_regions);
	find_locks(inventory);
	if (!inventory->root_decoders.count)
		return 0;
	return read_arithmetic(kmemd, inventory) < 0 ? -ENOMEM : find_free_space(kmemd, inventory);
}

int read_cxl(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error)
{
	_cleanup_(cxl_unrefp) struct cxl_ctx *context = NULL;
	struct cxl_memdev *memdev;
	struct cxl_bus *bus;
	int r = cxl_new(&context);

	if (r < 0)
		return error_errno(error, -r, "libcxl: %s", strerror(-r));
	cxl_set_log_fn(context, log_nothing);

	cxl_bus_foreach(context, bus)
	{
		if (r == 0)
			r = read_bus(kmemd, bus, inventory);
	}
	cxl_memdev_foreach(context, memdev)
	{
		if (r == 0)
			r = read_memdev(kmemd, memdev, inventory);
	}
	if (r == 0)
		r = read_slots(kmemd, inventory);
	if (r == 0)
		r = finish(kmemd, inventory);
	return r < 0 ? error_memory(error) : 0;
}
