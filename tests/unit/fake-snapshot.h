/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAKE_SNAPSHOT_H
#define KMEMD_TEST_FAKE_SNAPSHOT_H
/*
 * What the library reads of a machine, read from the fake kernel: kmemd_inventory_read() and
 * inventory_read_dax() in place of the library's. A part of fake-kernel.h, which includes it.
 */

static void read_fake_regions(struct kmemd_inventory *inventory)
{
	for (int number = 0; number < REGIONS_MAX; number++) {
		char name[32];
		struct region *region;

		snprintf(name, sizeof(name), "region%d", number);
		if (!exists(cxl(name, "commit")))
			continue;
		region = array_add(&inventory->regions);
		copy_name(region->name, name);
		copy_name(region->root_decoder, "decoder0.0");
		region->start = number_of(cxl(name, "resource"));
		region->size = number_of(cxl(name, "size"));
		region->ways = (unsigned int)number_of(cxl(name, "interleave_ways"));
		region->granularity = (unsigned int)number_of(cxl(name, "interleave_granularity"));
		region->committed = !strcmp(text_of(cxl(name, "commit")), "1");
		region->enabled = exists(cxl(name, "driver"));
		for (int i = 0; i < 2; i++) {
			const char *path = sysfs("bus/cxl/devices/%s/target%d", name, i);
			struct region_target *target;

			if (!exists(path) || !text_of(path)[0])
				continue;
			target = array_add(&region->targets);
			copy_name(target->decoder, text_of(path));
			copy_name(target->memdev, target->decoder[7] == '2' ? "mem0" : "mem1");
		}
		/* As inventory/read-dax.c: what it was made of was pulled out. */
		for (uint64_t i = 0;
		     region->committed && !region->targets.count && i < region->size / BLOCK; i++)
			region->lost_blocks += is_online(region->start / BLOCK + i);
	}
}

static void read_fake_decoder(const struct kmemd_inventory *inventory, struct memdev *memdev,
			      const char *name)
{
	struct endpoint_decoder *decoder = array_add(&memdev->decoders);

	copy_name(decoder->name, name);
	decoder->mode = DECODER_RAM;
	decoder->dpa_size = memdev->ram_allocated;
	array_foreach(region, &inventory->regions)
		array_foreach(target, &region->targets)
			if (!strcmp(target->decoder, name))
				copy_name(decoder->region, region->name);
}

/* decoder2.0 is of mem0, and decoder3.0 of mem1, below root ports of one bridge. */
static void read_fake_memdev(struct kmemd_inventory *inventory, int number)
{
	char name[32], decoder[32], path[64];
	struct memdev *memdev;
	struct hop *hop;

	snprintf(name, sizeof(name), "mem%d", number);
	snprintf(decoder, sizeof(decoder), "decoder%d.0", number + 2);
	snprintf(path, sizeof(path), "bus/cxl/devices/%s", name);
	if (!exists(cxl(name, "serial")))
		return;
	memdev = array_add(&inventory->memdevs);
	copy_name(memdev->name, name);
	copy_name(memdev->host, number ? "0000:0e:00.0" : "0000:0d:00.0");
	memdev->serial = number_of(cxl(name, "serial"));
	memdev->ram_size = number_of(cxl(name, "ram_size"));
	memdev->instance = sysfs_instance(kernel, path);
	memdev->enabled = true;
	memdev->ram_allocated = number_of(cxl(decoder, "dpa_size"));
	if (!memdev->ram_allocated)
		copy_name(memdev->free_decoder, decoder);
	read_fake_decoder(inventory, memdev, decoder);
	hop = array_add(&memdev->path);
	copy_name(hop->port, "root0");
	copy_name(hop->dport, "pci0000:0c");
	hop = array_add(&memdev->path);
	copy_name(hop->port, "port1");
	copy_name(hop->dport, number ? "0000:0c:01.0" : "0000:0c:00.0");
	hop->id = (unsigned int)number;
}

static void read_fake_cxl(struct kmemd_inventory *inventory)
{
	struct root_decoder *window = array_add(&inventory->root_decoders);

	copy_name(window->name, "decoder0.0");
	window->start = WINDOW_START;
	window->size = window->largest_free = number_of(cxl("decoder0.0", "size"));
	window->volatile_capable = window->creates_ram = true;
	window->ways = 1;
	window->granularity = 256;
	*(char **)array_add(&window->memdevs) = strdup("mem0");
	if (has_second())
		*(char **)array_add(&window->memdevs) = strdup("mem1");
	copy_name(((struct dport *)array_add(&window->targets))->host, "pci0000:0c");
	read_fake_regions(inventory);
	read_fake_memdev(inventory, 0);
	read_fake_memdev(inventory, 1);
}

static int read_fake_dax(struct kmemd_inventory *inventory, const char *name)
{
	struct dax_device *dax = array_add(&inventory->dax);
	_cleanup_close_ int blocks = blocks_open(kernel);
	struct range ranges[RANGES_MAX];
	unsigned int count;
	char device[512];

	snprintf(device, sizeof(device), "%s", sysfs("bus/dax/devices/%s", name));
	copy_name(dax->name, name);
	copy_name(dax->origin, text_of(at(device, "origin")));
	copy_name(dax->driver, driver_of(device));
	dax->parent = dax->origin[0] == 'r'   ? DAX_PARENT_CXL
		      : dax->origin[0] == 'h' ? DAX_PARENT_HMEM
					      : DAX_PARENT_NVDIMM;
	dax->size = number_of(at(device, "size"));
	dax->target_node = 1;
	dax->memmap_on_memory = number_of(at(device, "memmap_on_memory")) ? TRISTATE_YES
									  : TRISTATE_NO;
	if (dax_is_kmem(dax) && exists(at(device, "state")))
		copy_name(dax->hotplug_state, text_of(at(device, "state")));
	count = dax->size ? read_ranges(name, ranges) : 0;
	for (unsigned int i = 0; i < count; i++)
		*(struct range *)array_add(&dax->ranges) = ranges[i];
	assert_int_equal(blocks_find(dax, BLOCK), 0);
	dax->align = exists(at(device, "align")) ? number_of(at(device, "align")) : 2 * MIB;
	return blocks_read(blocks, dax);
}

int kmemd_inventory_read(struct kmemd *kmemd, struct kmemd_inventory **ret,
			 struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	_cleanup_dir_ DIR *directory = opendir(sysfs("bus/dax/devices"));
	struct dirent *entry;
	int r;

	assert_non_null(inventory);
	if (read_is_faulty(false, "the inventory")) {
		kmemd_inventory_free(inventory);
		return error_errno(error, read_fault, "cannot read the inventory: %s",
				   strerror(read_fault));
	}
	copy_name(inventory->host.kernel, "6.12-fake");
	copy_name(inventory->host.auto_online_blocks,
		  text_of(sysfs("devices/system/memory/auto_online_blocks")));
	inventory->host.block_size = BLOCK;
	inventory->host.memmap_parameter = TRISTATE_YES;
	inventory->host.kmem = KMEM_DROP_IN;
	inventory->host.memory_available = GIB;
	read_fake_cxl(inventory);
	assert_int_equal(read_slots(kmemd, inventory), 0);
	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' ||
		    !number_of(sysfs("bus/dax/devices/%s/size", entry->d_name)))
			continue;
		r = read_fake_dax(inventory, entry->d_name);
		if (r < 0) {
			kmemd_inventory_free(inventory);
			return error_errno(error, -r, "cannot read the memory blocks of %s: %s",
					   entry->d_name, strerror(-r));
		}
	}
	if (exists(sysfs("bus/dax/devices/dax1.0"))) {
		struct namespace *namespace = array_add(&inventory->namespaces);

		copy_name(namespace->name, "namespace0.0");
		copy_name(namespace->mode, "devdax");
		copy_name(namespace->uuid, "01234567-89ab-cdef-0123-456789abcdef");
		copy_name(namespace->dax, "dax1.0");
		namespace->size = number_of(sysfs("bus/dax/devices/dax1.0/size"));
		namespace->instance = sysfs_instance(kernel, "bus/nd/devices/namespace0.0");
	}
	assert_int_equal(inventory_find_devices(inventory), 0);
	*ret = inventory;
	return 0;
}

static void add_region(struct kmemd_inventory *inventory, int id)
{
	struct dax_region *region = array_add(&inventory->dax_regions);
	const char *available = sysfs("devices/hmem.%d/dax_region/available_size", id);

	region->id = id;
	region->path = format_text("devices/hmem.%d", id);
	region->has_size = region->has_align = true;
	region->size = number_of(sysfs("devices/hmem.%d/dax_region/size", id));
	region->align = 2 * MIB;
	region->available = exists(available) ? number_of(available) : 0;
}

/* What the dax devices come from, as inventory/dax-source.c finds it. */
static void set_source(struct kmemd_inventory *inventory, struct dax_device *dax)
{
	struct dax_source *source = &dax->source;
	char **identity = array_add(&source->identities);
	struct dax_memdev *memdev;
	int region = 0;

	sscanf(dax->name, "dax%d", &region);
	dax->region = inventory->dax_regions.count;
	add_region(inventory, region);
	switch (dax->parent) {
	case DAX_PARENT_CXL:
		source->kind = KIND_CXL_RAM;
		*identity = strdup("cxl-ram:0x1234");
		memdev = array_add(&source->memdevs);
		copy_name(memdev->name, "mem0");
		memdev->serial = 0x1234;
		memdev->has_serial = true;
		break;
	case DAX_PARENT_NVDIMM:
		source->kind = KIND_NVDIMM;
		*identity = strdup("nvdimm:01234567-89ab-cdef-0123-456789abcdef");
		copy_name(source->uuid, "01234567-89ab-cdef-0123-456789abcdef");
		break;
	default:
		source->kind = KIND_HMEM;
		*identity = format_text("hmem:0x%" PRIx64 "+0x%" PRIx64,
					dax->ranges.count ? dax->ranges.items[0].start : 0,
					dax->size);
	}
}

static int compare_dax(const void *a, const void *b)
{
	return strcmp(((const struct dax_device *)a)->name, ((const struct dax_device *)b)->name);
}

int inventory_read_dax(const struct kmemd *kmemd, char *const *names, const char *region,
		       unsigned int what, struct kmemd_inventory **ret, struct kmemd_error *error)
{
	struct kmemd_inventory *all, *inventory = calloc(1, sizeof(*inventory));

	if (kmemd_inventory_read((struct kmemd *)kmemd, &all, error) < 0) {
		kmemd_inventory_free(inventory);
		return -EIO;
	}
	inventory->host = all->host;
	qsort(all->dax.items, all->dax.count, sizeof(*all->dax.items), compare_dax);
	array_foreach(dax, &all->dax) {
		char **name = (char **)names;
		bool wanted = !names;

		set_source(inventory, dax);
		for (; name && *name; name++)
			wanted = wanted || dax_is_called(dax, *name);
		if (!wanted ||
		    (region &&
		     !dax_region_is_called(&inventory->dax_regions.items[dax->region], region)))
			continue;
		if (what & DAX_READ_RANGES) {
			free(dax->blocks.items);
			dax->blocks.items = NULL;
			dax->blocks.count = 0;
		}
		*(struct dax_device *)array_add(&inventory->dax) = *dax;
		memset(dax, 0, sizeof(*dax));
	}
	kmemd_inventory_free(all);
	/* One that nothing is cut from has a seed without a size, and is there for DAX_READ_IDLE.
	 */
	if (what & DAX_READ_IDLE && names && !strcmp(names[0], "all") &&
	    exists(sysfs("devices/hmem.2/dax_region"))) {
		for (size_t i = 0; i < inventory->dax_regions.count; i++)
			free(inventory->dax_regions.items[i].path);
		inventory->dax_regions.count = 0;
		free(inventory->dax_regions.items);
		inventory->dax_regions.items = NULL;
		add_region(inventory, 2);
	}
	*ret = inventory;
	return 0;
}

#endif
