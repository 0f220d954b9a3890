/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is between a CXL window and its memdevs: host bridges and switches, through libcxl. */
#include "inventory/read-ports.h"

#include "base/compare.h"
#include "inventory/cxl-attribute.h"

#include <cxl/libcxl.h>

int read_targets(struct cxl_decoder *cxl, struct dports *ret)
{
	int count = cxl_decoder_get_nr_targets(cxl);

	/* libcxl keeps them in no particular order. */
	for (int position = 0; position < count; position++) {
		struct cxl_target *target = cxl_decoder_get_target_by_position(cxl, position);
		struct dport *dport = array_add(ret);

		if (!dport)
			return -ENOMEM;
		if (!target)
			continue;
		copy_name(dport->host, cxl_target_get_devname(target));
		dport->id = (unsigned int)cxl_target_get_id(target);
	}
	return 0;
}

static int read_decoder(const struct kmemd *kmemd, struct cxl_decoder *cxl, struct port *port)
{
	struct port_decoder *decoder = array_add(&port->decoders);
	unsigned long long size = cxl_decoder_get_size(cxl);

	if (!decoder)
		return -ENOMEM;
	copy_name(decoder->name, cxl_decoder_get_devname(cxl));
	decoder->id = (unsigned int)cxl_decoder_get_id(cxl);
	if (size && size != UINT64_MAX) {
		decoder->start = cxl_decoder_get_resource(cxl);
		decoder->size = size;
	}
	decoder->ways = cxl_decoder_get_interleave_ways(cxl);
	decoder->granularity = cxl_decoder_get_interleave_granularity(cxl);
	decoder->locked = cxl_decoder_is_locked(cxl);
	cxl_text(kmemd, decoder->name, "region", decoder->region);
	return read_targets(cxl, &decoder->targets);
}

static int compare_decoders(const void *a, const void *b)
{
	return compare_numbers(((const struct port_decoder *)a)->id,
			       ((const struct port_decoder *)b)->id);
}

static int compare_dports(const void *a, const void *b)
{
	return compare_numbers(((const struct dport *)a)->id, ((const struct dport *)b)->id);
}

static int read_port_arrays(const struct kmemd *kmemd, struct cxl_port *cxl, struct port *port)
{
	struct cxl_decoder *decoder;
	struct cxl_dport *dport;

	cxl_dport_foreach(cxl, dport)
	{
		struct dport *slot = array_add(&port->dports);

		if (!slot)
			return -ENOMEM;
		copy_name(slot->host, cxl_dport_get_devname(dport));
		slot->id = (unsigned int)cxl_dport_get_id(dport);
	}
	if (port->dports.count)
		qsort(port->dports.items, port->dports.count, sizeof(*port->dports.items),
		      compare_dports);
	if (cxl_port_is_root(cxl)) /* those of the root are root_decoders */
		return 0;
	cxl_decoder_foreach(cxl, decoder)
	{
		if (read_decoder(kmemd, decoder, port) < 0)
			return -ENOMEM;
	}
	if (port->decoders.count)
		qsort(port->decoders.items, port->decoders.count, sizeof(*port->decoders.items),
		      compare_decoders);
	return 0;
}

int read_ports(const struct kmemd *kmemd, struct cxl_port *cxl, struct kmemd_inventory *inventory)
{
	struct cxl_port *parent = cxl_port_is_root(cxl) ? NULL : cxl_port_get_parent(cxl), *child;
	struct port *port = array_add(&inventory->ports);
	int r;

	if (!port)
		return -ENOMEM;
	copy_name(port->name, cxl_port_get_devname(cxl));
	copy_name(port->parent, parent ? cxl_port_get_devname(parent) : "");
	copy_name(port->host, cxl_port_get_host(cxl));
	port->depth = (unsigned int)cxl_port_get_depth(cxl);
	r = read_port_arrays(kmemd, cxl, port);
	cxl_port_foreach(cxl, child)
	{
		if (r == 0)
			r = read_ports(kmemd, child, inventory);
	}
	return r;
}

int read_path(struct cxl_port *port, struct cxl_memdev *cxl, struct memdev *memdev)
{
	struct cxl_dport *dport = cxl_port_get_dport_by_memdev(port, cxl);
	struct cxl_port *child;
	struct hop *hop;
	int r = 0;

	if (!dport)
		return 0;
	hop = array_add(&memdev->path);
	if (!hop)
		return -ENOMEM;
	copy_name(hop->port, cxl_port_get_devname(port));
	copy_name(hop->dport, cxl_dport_get_devname(dport));
	hop->id = (unsigned int)cxl_dport_get_id(dport);
	cxl_port_foreach(port, child)
	{
		if (r == 0)
			r = read_path(child, cxl, memdev);
	}
	return r;
}
