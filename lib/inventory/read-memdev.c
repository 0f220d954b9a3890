/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A memdev: its capacity, what holds which part of it, and what it is. */
#include "inventory/read-memdev.h"

#include "base/compare.h"
#include "inventory/cxl-attribute.h"
#include "inventory/read-ports.h"

#include <cxl/libcxl.h>
#include <stdio.h>

/* PCI's class of a CXL memory device (CXL 3.1, 8.1.12.1): anything else has memory of its own. */
#define CLASS_CXL_MEMORY "0x0502"

static enum decoder_mode decoder_mode(struct cxl_decoder *cxl)
{
	switch (cxl_decoder_get_mode(cxl)) {
	case CXL_DECODER_MODE_RAM:
		return DECODER_RAM;
	case CXL_DECODER_MODE_PMEM:
		return DECODER_PMEM;
	case CXL_DECODER_MODE_MIXED:
		return DECODER_MIXED;
	default:
		return DECODER_NONE;
	}
}

/* libcxl says ULLONG_MAX for what the kernel does not show. */
static bool is_size(unsigned long long size)
{
	return size && size != UINT64_MAX;
}

static int read_decoder(const struct kmemd *kmemd, struct cxl_decoder *cxl, struct memdev *memdev)
{
	struct endpoint_decoder *decoder = array_add(&memdev->decoders);

	if (!decoder)
		return -ENOMEM;
	copy_name(decoder->name, cxl_decoder_get_devname(cxl));
	decoder->id = (unsigned int)cxl_decoder_get_id(cxl);
	decoder->mode = decoder_mode(cxl);
	if (is_size(cxl_decoder_get_dpa_size(cxl))) {
		decoder->dpa_start = cxl_decoder_get_dpa_resource(cxl);
		decoder->dpa_size = cxl_decoder_get_dpa_size(cxl);
	}
	if (is_size(cxl_decoder_get_size(cxl))) {
		decoder->start = cxl_decoder_get_resource(cxl);
		decoder->size = cxl_decoder_get_size(cxl);
	}
	cxl_text(kmemd, decoder->name, "region", decoder->region);
	decoder->locked = cxl_decoder_is_locked(cxl);
	if (cxl_decoder_get_target_type(cxl) == CXL_DECODER_TTYPE_ACCELERATOR)
		memdev->accelerator = true;
	return 0;
}

static int compare_decoders(const void *a, const void *b)
{
	return compare_numbers(((const struct endpoint_decoder *)a)->id,
			       ((const struct endpoint_decoder *)b)->id);
}

/*
 * Endpoint decoders are programmed in order of their number (CXL 3.1, 8.2.4.20: HDM Decoder
 * Capability), so only the first one without capacity can be used next.
 */
static void count_decoders(struct memdev *memdev)
{
	array_foreach(decoder, &memdev->decoders) {
		if (decoder->mode == DECODER_RAM)
			memdev->ram_allocated += decoder->dpa_size;
		if (!decoder->dpa_size && !memdev->free_decoder[0])
			copy_name(memdev->free_decoder, decoder->name);
	}
}

static int read_endpoint(const struct kmemd *kmemd, struct cxl_memdev *cxl, struct memdev *memdev)
{
	struct cxl_endpoint *endpoint = cxl_memdev_get_endpoint(cxl);
	struct cxl_port *parent = endpoint ? cxl_endpoint_get_parent(endpoint) : NULL;
	struct cxl_decoder *decoder;

	memdev->enabled = cxl_memdev_is_enabled(cxl) && endpoint &&
			  cxl_endpoint_is_enabled(endpoint);
	/* A restricted CXL device hangs on the root: its host bridge is no port of its own. */
	memdev->restricted = parent && cxl_port_is_root(parent);
	if (!endpoint)
		return 0;
	cxl_decoder_foreach(cxl_endpoint_get_port(endpoint), decoder)
	{
		if (read_decoder(kmemd, decoder, memdev) < 0)
			return -ENOMEM;
	}
	if (memdev->decoders.count)
		qsort(memdev->decoders.items, memdev->decoders.count,
		      sizeof(*memdev->decoders.items), compare_decoders);
	count_decoders(memdev);
	return 0;
}

static void read_ids(const struct kmemd *kmemd, struct cxl_memdev *cxl, struct memdev *memdev)
{
	const char *firmware = cxl_memdev_get_firmware_version(cxl);
	char class[16];

	copy_name(memdev->firmware, firmware);
	bus_text(kmemd, "pci", memdev->host, "vendor", memdev->vendor, sizeof(memdev->vendor));
	bus_text(kmemd, "pci", memdev->host, "device", memdev->model, sizeof(memdev->model));
	if (bus_text(kmemd, "pci", memdev->host, "class", class, sizeof(class)) &&
	    strncmp(class, CLASS_CXL_MEMORY, strlen(CLASS_CXL_MEMORY)) != 0)
		memdev->accelerator = true;
	memdev->ram_qos_class = cxl_number(kmemd, memdev->name, "ram/qos_class");
	memdev->pmem_qos_class = cxl_number(kmemd, memdev->name, "pmem/qos_class");
}

int read_memdev(const struct kmemd *kmemd, struct cxl_memdev *cxl,
		struct kmemd_inventory *inventory)
{
	struct memdev *memdev = array_add(&inventory->memdevs);
	struct cxl_bus *bus;
	char path[64];
	int r;

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
	read_ids(kmemd, cxl, memdev);
	r = read_endpoint(kmemd, cxl, memdev);
	cxl_bus_foreach(cxl_memdev_get_ctx(cxl), bus)
	{
		if (r == 0)
			r = read_path(cxl_bus_get_port(bus), cxl, memdev);
	}
	return r;
}
