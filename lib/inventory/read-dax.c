/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device-dax instances through libdaxctl, with all their ranges and their memory blocks. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "inventory/blocks.h"
#include "inventory/read.h"

#include <daxctl/libdaxctl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

DEFINE_CLEANUP(struct daxctl_ctx *, daxctl_unref);

static void log_nothing(struct daxctl_ctx *context, int priority, const char *file, int line,
			const char *function, const char *format, va_list arguments)
{
	discard_library_log(context, priority, file, line, function, format, arguments);
}

/*
 * The parents in the device's path tell what it was made of:
 *   .../decoder0.0/region0/dax_region0/dax0.0
 *   .../ndbus0/region0/dax0.1/dax0.0	(the namespace is known from libndctl)
 *   .../hmem.0/dax0.0
 */
static void read_origin(const char *real_path, struct dax_device *dax)
{
	_cleanup_free_ char *path = strdup(real_path);
	char *save = NULL, *before = NULL;

	if (!path)
		return;
	dax->parent = DAX_PARENT_OTHER;
	for (char *part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (!strncmp(part, "ndbus", strlen("ndbus")))
			dax->parent = DAX_PARENT_NVDIMM;
		if (!strncmp(part, "dax_region", strlen("dax_region")) && before) {
			dax->parent = DAX_PARENT_CXL;
			copy_name(dax->origin, before);
		}
		if (!strncmp(part, "hmem.", strlen("hmem."))) {
			dax->parent = DAX_PARENT_HMEM;
			copy_name(dax->origin, part);
		}
		before = part;
	}
}

static void set_namespace_origin(const struct kmemd_inventory *inventory, struct dax_device *dax)
{
	array_foreach(namespace, &inventory->namespaces)
		if (!strcmp(namespace->dax, dax->name))
			copy_name(dax->origin, namespace->name);
}

static int read_ranges(struct daxctl_dev *device, struct dax_device *dax)
{
	struct daxctl_mapping *mapping;

	daxctl_mapping_foreach(device, mapping)
	{
		struct range *range = array_add(&dax->ranges);

		if (!range)
			return -ENOMEM;
		range->start = daxctl_mapping_get_start(mapping);
		range->size = daxctl_mapping_get_size(mapping);
	}
	return 0;
}

static uint64_t read_number(int directory, const char *attribute)
{
	uint64_t value;

	return attribute_read_u64(directory, attribute, &value) < 0 ? 0 : value;
}

static void read_attributes(int directory, struct dax_device *dax)
{
	uint64_t value;
	char text[16];

	if (link_name(directory, "driver", dax->driver, sizeof(dax->driver)) < 0)
		dax->driver[0] = '\0';
	dax->memmap_on_memory = TRISTATE_UNKNOWN;
	if (attribute_read(directory, "memmap_on_memory", text, sizeof(text)) == 0)
		dax->memmap_on_memory = text[0] == '1' ? TRISTATE_YES : TRISTATE_NO;
	if (attribute_read_u64(directory, "kmem/memmap_dram_bytes", &value) < 0)
		return;
	dax->has_kmem_numbers = true;
	dax->memmap_dram = value;
	dax->memmap_device = read_number(directory, "kmem/memmap_device_bytes");
	dax->blocks_self_hosted = read_number(directory, "kmem/blocks_self_hosted");
	dax->blocks_failed = read_number(directory, "kmem/blocks_failed");
}

/*
 * Left out are devices that went away meanwhile, and those that are still being made: the kernel
 * shows the ranges only when the driver has added all memory. Others than root are not shown the
 * ranges.
 */
static int read_device(const struct kmemd *kmemd, struct daxctl_dev *device, int blocks,
		       struct kmemd_inventory *inventory, struct kmemd_error *error)
{
	const char *name = daxctl_dev_get_devname(device);
	_cleanup_free_ char *path = format_text("%s/bus/dax/devices/%s", kmemd->sysfs, name);
	_cleanup_close_ int directory = -1;
	char real_path[PATH_MAX];
	struct dax_device *dax;
	int r;

	if (!path)
		return error_memory(error);
	if (!daxctl_dev_get_size(device)) /* the seed of a device to come */
		return 0;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || !realpath(path, real_path))
		return 0;
	if (!daxctl_mapping_get_first(device)) {
		if (geteuid() == 0)
			return 0;
		return error_errno(error, EACCES,
				   "cannot read the physical ranges of %s (%s/mapping*): only root "
				   "may",
				   name, path);
	}

	dax = array_add(&inventory->dax);
	if (!dax)
		return error_memory(error);
	copy_name(dax->name, name);
	read_origin(real_path, dax);
	if (dax->parent == DAX_PARENT_NVDIMM)
		set_namespace_origin(inventory, dax);
	dax->size = daxctl_dev_get_size(device);
	dax->align = daxctl_dev_get_align(device);
	dax->target_node = daxctl_dev_get_target_node(device);
	read_attributes(directory, dax);
	if (read_ranges(device, dax) < 0 || blocks_find(dax, inventory->host.block_size) < 0)
		return error_memory(error);
	if (!dax_is_kmem(dax))
		return 0;
	r = blocks_read(blocks, dax);
	if (r < 0)
		return error_errno(error, -r, "%s: cannot read the state of its memory blocks: %s",
				   name, strerror(-r));
	return 0;
}

/*
 * A memdev that is pulled out while its memory is online takes its decoders and its dax device
 * along; the kernel keeps the region, and the blocks stay online with nothing behind them.
 */
static void find_lost_blocks(const struct kmemd_inventory *inventory, int directory,
			     struct region *region)
{
	const struct range range = {region->start, region->size};
	uint64_t first, count;

	if (region->targets.count || region->persistent)
		return;
	blocks_of_range(&range, inventory->host.block_size, &first, &count);
	for (uint64_t i = 0; i < count; i++) {
		enum block_state state;

		if (block_read(directory, first + i, &state) == 0)
			region->lost_blocks += block_is_online(state);
	}
}

int read_dax(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error)
{
	_cleanup_(daxctl_unrefp) struct daxctl_ctx *context = NULL;
	_cleanup_close_ int blocks = blocks_open(kmemd->sysfs);
	struct daxctl_region *region;
	int r = daxctl_new(&context);

	if (r < 0)
		return error_errno(error, -r, "libdaxctl: %s", strerror(-r));
	if (blocks < 0)
		return error_errno(error, -blocks, "cannot open the memory blocks in %s: %s",
				   kmemd->sysfs, strerror(-blocks));
	daxctl_set_log_fn(context, log_nothing);

	array_foreach(cxl_region, &inventory->regions)
		find_lost_blocks(inventory, blocks, cxl_region);
	daxctl_region_foreach(context, region)
	{
		struct daxctl_dev *device;

		daxctl_dev_foreach(region, device)
		{
			r = read_device(kmemd, device, blocks, inventory, error);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
