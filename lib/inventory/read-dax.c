/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device-dax instances with all their ranges and their memory blocks, alone or for an inventory. */
#include "inventory/read-dax.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "inventory/block-index.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/memory-block.h"
#include "inventory/read-dax-device.h"
#include "inventory/read-host.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

/* A device that is in sysfs, before it is looked at. */
struct found {
	char name[DEVICE_NAME_MAX];
	int region_id;
	size_t region; /* into regions, in the order in which they were met */
	char *path;
};

struct search {
	struct dax_reader reader;
	struct kmemd_inventory *inventory;
	char *const *names; /* of the devices that are wanted, NULL: all */
	unsigned int what;
	bool indexed;
	struct block_index blocks;
	ARRAY(struct found) found;
};

static void search_release(struct search *search)
{
	array_foreach(found, &search->found)
		free(found->path);
	free(search->found.items);
	array_foreach(name, &search->reader.memdevs)
		free(*name);
	free(search->reader.memdevs.items);
	free(search->reader.serials.items);
	closep(&search->reader.directory);
	block_index_close(&search->blocks);
}

static int find_region(struct search *search, struct found *found)
{
	struct kmemd_inventory *inventory = search->inventory;
	const char *end = strrchr(found->path, '/');
	_cleanup_free_ char *path = strndup(found->path, end ? (size_t)(end - found->path) : 0);
	struct dax_region *region;

	if (!path)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->dax_regions.count; i++)
		if (!strcmp(inventory->dax_regions.items[i].path, path)) {
			found->region = i;
			return 0;
		}
	found->region = inventory->dax_regions.count;
	region = array_add(&inventory->dax_regions);
	if (!region)
		return -ENOMEM;
	region->id = found->region_id;
	region->path = take_pointer(path);
	return 0;
}

static int find_device(struct search *search, const char *name)
{
	char path[PATH_MAX], rest;
	struct found *found;
	int region, device;

	if (strlen(name) >= DEVICE_NAME_MAX ||
	    sscanf(name, "dax%d.%d%c", &region, &device, &rest) != 2 || region < 0)
		return 0;
	if (dax_read_path(&search->reader, name, path, sizeof(path)) < 0)
		return 0; /* gone */
	found = array_add(&search->found);
	if (!found)
		return -ENOMEM;
	found->region_id = region;
	copy_name(found->name, name);
	found->path = strdup(path);
	return found->path ? find_region(search, found) : -ENOMEM;
}

/* Everything on the dax bus; a kernel without that bus has no devices. */
static int find_devices(struct search *search, struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/bus/dax/devices", search->reader.kmemd->sysfs);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;
	int r = 0;

	if (!path)
		return error_memory(error);
	if (!directory)
		return errno == ENOENT ? 0
				       : error_errno(error, errno, "cannot open %s: %s", path,
						     strerror(errno));
	search->reader.directory = fcntl(dirfd(directory), F_DUPFD_CLOEXEC, 0);
	if (search->reader.directory < 0)
		return error_errno(error, errno, "cannot open %s: %s", path, strerror(errno));
	while (r == 0 && (entry = readdir(directory)))
		r = find_device(search, entry->d_name);
	return r < 0 ? error_memory(error) : 0;
}

/* Names that the kernel gave can be told apart before anything is read. */
static bool is_kernel_name(const char *name)
{
	int region, device;
	char rest;

	return !strcmp(name, "all") || sscanf(name, "dax%d.%d%c", &region, &device, &rest) == 2 ||
	       sscanf(name, "%d.%d%c", &region, &device, &rest) == 2;
}

static bool is_wanted(const struct search *search, const struct dax_device *dax)
{
	if (!search->names)
		return true;
	for (char *const *name = search->names; *name; name++)
		if (dax_is_called(dax, *name))
			return true;
	return false;
}

static bool may_be_wanted(const struct search *search, const struct found *found)
{
	struct dax_device dax = {0};

	if (!search->names)
		return true;
	for (char *const *name = search->names; *name; name++)
		if (!is_kernel_name(*name))
			return true;
	copy_name(dax.name, found->name);
	return is_wanted(search, &dax);
}

static int add_problem(struct kmemd_inventory *inventory, const struct kmemd_error *problem)
{
	char **slot = array_add(&inventory->problems);

	if (!slot)
		return -ENOMEM;
	*slot = strdup(problem->message);
	return *slot ? 0 : -ENOMEM;
}

static int find_blocks(struct search *search, struct kmemd_error *error)
{
	const char *sysfs = search->reader.kmemd->sysfs;
	int r = search->indexed ? 0 : block_index_open(sysfs, &search->blocks);

	search->indexed = r == 0;
	return r < 0 ? error_errno(error, -r, "cannot read the memory blocks in %s: %s", sysfs,
				   strerror(-r))
		     : 0;
}

/*
 * Whatever driver is bound, or none: blocks stay online behind a device that was unbound, and
 * memory of firmware may lie there. Who does not want each block is spared those of a driver that
 * counts, and the absent ones of a device that has none.
 */
static int read_blocks(struct search *search, struct dax_device *dax, struct kmemd_error *error)
{
	uint64_t block_size = search->inventory->host.block_size;
	int r;

	if (!dax->ranges.count || search->what & DAX_READ_RANGES)
		return 0;
	if (!(search->what & DAX_READ_BLOCKS) && dax->has_counts)
		return 0;
	r = find_blocks(search, error);
	if (r < 0)
		return r;
	if (!(search->what & DAX_READ_BLOCKS) && !dax_is_kmem(dax) &&
	    !block_index_has(&search->blocks, dax->ranges.items, dax->ranges.count, block_size))
		return 0;
	if (blocks_find(dax, block_size) < 0)
		return error_memory(error);
	r = block_index_read(&search->blocks, dax);
	if (r < 0)
		return error_errno(error, -r, "%s: cannot read the state of its memory blocks: %s",
				   dax->name, strerror(-r));
	return 0;
}

/*
 * Reads one device into the inventory, unless it is not wanted, gone, or makes no sense. A
 * caller that wants the blocks of all devices needs the ranges of all.
 */
static int read_one(struct search *search, const struct found *found, struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = search->inventory;
	struct kmemd_error problem = {0};
	struct dax_device dax = {.region = found->region}, *slot;
	const char *region = inventory->dax_regions.items[found->region].path;
	bool hidden = false, wanted;
	int r = dax_read_device(&search->reader, found->name, &dax, &hidden, &problem);

	if (r < 0) {
		dax_release(&dax);
		if (r == -ENOMEM || (r == -EINVAL && add_problem(inventory, &problem) < 0))
			return error_memory(error);
		return 0;
	}
	dax_read_origin(&search->reader, found->path, &dax);
	r = dax_read_source(&search->reader, found->path, &dax);
	if (search->what & DAX_READ_INSTANCES)
		dax.instance = sysfs_instance(search->reader.kmemd->sysfs, region);
	dax.region_path = strdup(region);
	if (!dax.region_path)
		r = -ENOMEM;
	wanted = r == 0 && (dax.size || (search->what & DAX_READ_IDLE)) && is_wanted(search, &dax);
	if (r < 0)
		error_memory(error);
	else if (wanted && hidden && (search->what & DAX_READ_BLOCKS))
		r = error_errno(error, EACCES,
				"cannot read the physical ranges of %s (mapping* in %s/%s): only "
				"root may",
				dax.name, search->reader.kmemd->sysfs, found->path);
	else if (wanted)
		r = read_blocks(search, &dax, error);
	slot = r == 0 && wanted ? array_add(&inventory->dax) : NULL;
	if (slot)
		*slot = dax;
	else
		dax_release(&dax);
	return r == 0 && wanted && !slot ? error_memory(error) : r;
}

/*
 * daxctl puts every region that it meets, and every device of a region, in front of the others,
 * and prints region by region.
 */
static int read_in_order(struct search *search, struct kmemd_error *error)
{
	for (size_t region = search->inventory->dax_regions.count; region-- > 0;)
		for (size_t i = search->found.count; i-- > 0;) {
			const struct found *found = &search->found.items[i];
			int r = 0;

			if (found->region == region && may_be_wanted(search, found))
				r = read_one(search, found, error);
			if (r < 0)
				return r;
		}
	return 0;
}

static void read_region_attributes(const struct kmemd *kmemd, struct dax_region *region)
{
	static const char *const attributes[] = {"size", "align", "available_size"};
	uint64_t *const values[] = {&region->size, &region->align, &region->available};
	bool has[array_size(attributes)];

	for (size_t i = 0; i < array_size(attributes); i++) {
		_cleanup_free_ char *path = format_text("%s/%s/dax_region/%s", kmemd->sysfs,
							region->path, attributes[i]);

		has[i] = path && attribute_read_u64(AT_FDCWD, path, values[i]) == 0;
	}
	region->has_size = has[0];
	region->has_align = has[1];
}

/* Turns the regions round, into daxctl's order, and drops those that are not meant. */
static void order_regions(struct search *search, const char *name)
{
	struct kmemd_inventory *inventory = search->inventory;
	size_t count = inventory->dax_regions.count, kept = 0;
	struct dax_region *regions = inventory->dax_regions.items;

	for (size_t i = 0; i < count / 2; i++) {
		struct dax_region first = regions[i];

		regions[i] = regions[count - 1 - i];
		regions[count - 1 - i] = first;
	}
	array_foreach(dax, &inventory->dax)
		dax->region = count - 1 - dax->region;
	for (size_t i = 0; i < count; i++) {
		if (name && !dax_region_is_called(&regions[i], name)) {
			free(regions[i].path);
			continue;
		}
		array_foreach(dax, &inventory->dax)
			if (dax->region == i)
				dax->region = kept;
		regions[kept++] = regions[i];
	}
	inventory->dax_regions.count = kept;
}

static void keep_region(struct search *search, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; name && i < search->found.count; i++) {
		struct found *found = &search->found.items[i];

		if (dax_region_is_called(&search->inventory->dax_regions.items[found->region],
					 name))
			search->found.items[kept++] = *found;
		else
			free(found->path);
	}
	if (name)
		search->found.count = kept;
}

/* The sizes of the nodes tell where a memmap is that no driver counts: see
 * dax_memmap_on_device(). */
static int read_nodes_of(const struct kmemd *kmemd, struct kmemd_inventory *inventory)
{
	array_foreach(dax, &inventory->dax) {
		bool known = !dax_is_kmem(dax) || dax->has_kmem_numbers || dax->target_node < 0;

		array_foreach(node, &inventory->nodes)
			known |= node->id == dax->target_node;
		if (!known && read_node(kmemd, dax->target_node, inventory) < 0)
			return -ENOMEM;
	}
	return 0;
}

int inventory_read_dax(const struct kmemd *kmemd, char *const *names, const char *region,
		       unsigned int what, struct kmemd_inventory **ret, struct kmemd_error *error)
{
	_cleanup_(search_release) struct search search = {
		.reader = {.kmemd = kmemd, .directory = -1},
		.inventory = calloc(1, sizeof(**ret)),
		.names = names,
		.what = what,
		.blocks = BLOCK_INDEX_NONE,
	};
	int r = search.inventory ? read_block_size(kmemd, &search.inventory->host, error)
				 : error_memory(error);

	if (r == 0) {
		read_host_names(&search.inventory->host);
		r = find_devices(&search, error);
	}
	if (r == 0) {
		keep_region(&search, region);
		r = read_in_order(&search, error);
	}
	if (r == 0 && !names && !region && read_nodes_of(kmemd, search.inventory) < 0)
		r = error_memory(error);
	if (r == 0 && (what & DAX_READ_MEMDEVS) && dax_read_memdevs(&search.reader) < 0)
		r = error_memory(error);
	if (r < 0) {
		kmemd_inventory_free(search.inventory);
		return r;
	}
	order_regions(&search, region);
	array_foreach(one, &search.inventory->dax_regions)
		if (what & DAX_READ_REGIONS)
			read_region_attributes(kmemd, one);
	if (what & DAX_READ_MEMDEVS) {
		search.inventory->memdev_names.items = take_pointer(search.reader.memdevs.items);
		search.inventory->memdev_names.count = search.reader.memdevs.count;
		search.reader.memdevs.count = 0;
	}
	*ret = search.inventory;
	return 0;
}

/*
 * What is online in a region is asked by address: it may have no dax device (its driver was unbound
 * by force), or its memdev was pulled out, which takes decoders and dax device along; the kernel
 * keeps the region then, and the blocks stay online with nothing behind them.
 */
static int read_region_blocks(struct search *search, struct region *region,
			      struct kmemd_error *error)
{
	const struct range range = {region->start, region->size};
	int r;

	if (region->start == UINT64_MAX)
		return 0;
	r = block_index_count(&search->blocks, &range, search->inventory->host.block_size,
			      &region->online_blocks, &region->first_online);
	if (r < 0)
		return error_errno(error, -r, "%s: cannot read the state of its memory blocks: %s",
				   region->name, strerror(-r));
	if (!region->targets.count && !region->persistent)
		region->lost_blocks = region->online_blocks;
	return 0;
}

/* libndctl tells the namespace, sysfs which dax device was made of it. */
static void set_namespace_dax(struct kmemd_inventory *inventory)
{
	array_foreach(dax, &inventory->dax)
		array_foreach(namespace, &inventory->namespaces)
			if (dax->parent == DAX_PARENT_NVDIMM &&
			    !strcmp(namespace->name, dax->origin))
				copy_name(namespace->dax, dax->name);
}

/*
 * Left out are devices that are still being made: the kernel shows the ranges only when the driver
 * has added all memory. One without a size is not being made: it waits to be given some.
 */
static void drop_unfinished(struct kmemd_inventory *inventory)
{
	size_t kept = 0;

	for (size_t i = 0; i < inventory->dax.count; i++) {
		if (inventory->dax.items[i].ranges.count || dax_is_idle(&inventory->dax.items[i]))
			inventory->dax.items[kept++] = inventory->dax.items[i];
		else
			dax_release(&inventory->dax.items[i]);
	}
	inventory->dax.count = kept;
}

int read_dax(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	     struct kmemd_error *error)
{
	_cleanup_(search_release) struct search search = {
		.reader = {.kmemd = kmemd, .directory = -1},
		.inventory = inventory,
		.what = DAX_READ_BLOCKS | DAX_READ_IDLE | DAX_READ_INSTANCES,
		.blocks = BLOCK_INDEX_NONE,
	};
	int r = find_blocks(&search, error);

	if (r == 0)
		r = find_devices(&search, error);
	if (r == 0)
		r = read_in_order(&search, error);
	array_foreach(region, &inventory->regions)
		if (r == 0)
			r = read_region_blocks(&search, region, error);
	if (r < 0)
		return r;
	order_regions(&search, NULL);
	drop_unfinished(inventory);
	set_namespace_dax(inventory);
	return 0;
}
