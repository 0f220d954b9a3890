/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAKE_LIBCXL_H
#define KMEMD_TEST_FAKE_LIBCXL_H
/*
 * libcxl, of which only what the library calls is here: it looks at /sys and nowhere else, so a
 * test that wants another machine describes it in `fake_cxl`. The linker takes these functions
 * before those of libcxl. Include it once in a program. What has no value is 0; the lists are
 * chains of `next`.
 */
#include <cxl/libcxl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define FAKE_MAX 4

struct cxl_ctx {
	struct cxl_bus *buses;
	struct cxl_memdev *memdevs;
	int error;	 /* of cxl_new() */
	int references;	 /* that are not given back */
	bool has_log_fn; /* its own prints to standard error */
};

struct cxl_bus {
	struct cxl_bus *next;
	struct cxl_port *root;
};

struct cxl_dport {
	struct cxl_dport *next;
	const char *name;
	int id;
	const struct cxl_memdev *leads_to[FAKE_MAX];
};

struct cxl_port {
	struct cxl_port *next, *parent, *children;
	const char *name, *host;
	int depth;
	struct cxl_dport *dports;
	struct cxl_decoder *decoders;
};

struct cxl_target {
	const char *name;
	unsigned long id;
	const struct cxl_memdev *leads_to[FAKE_MAX];
};

struct cxl_decoder {
	struct cxl_decoder *next;
	const char *name;
	int id;
	unsigned long long start, size, dpa_start, dpa_size;
	enum cxl_decoder_mode mode;
	enum cxl_decoder_target_type type;
	bool pmem, ram, expanders, accelerators, locked;
	unsigned int ways, granularity;
	struct cxl_target *targets[FAKE_MAX]; /* by position; NULL: nothing known of it */
	int target_count;
	struct cxl_region *regions;
	struct cxl_memdev *memdev;
};

struct cxl_endpoint {
	struct cxl_port *parent, port;
	bool enabled;
};

struct cxl_memdev {
	struct cxl_memdev *next;
	const char *name, *host, *firmware;
	unsigned long long serial, ram_size, pmem_size;
	int node;
	bool enabled;
	struct cxl_endpoint *endpoint;
};

struct cxl_memdev_mapping {
	struct cxl_memdev_mapping *next;
	unsigned int position;
	struct cxl_decoder *decoder;
};

struct cxl_region {
	struct cxl_region *next;
	const char *name;
	unsigned long long start, size;
	unsigned int ways, granularity;
	bool committed, enabled;
	struct cxl_memdev_mapping *mappings;
};

static struct cxl_ctx fake_cxl;

int cxl_new(struct cxl_ctx **ret)
{
	if (fake_cxl.error)
		return fake_cxl.error;
	fake_cxl.references++;
	*ret = &fake_cxl;
	return 0;
}

void cxl_unref(struct cxl_ctx *context)
{
	context->references--;
}

void cxl_set_log_fn(struct cxl_ctx *context,
		    void (*function)(struct cxl_ctx *context, int priority, const char *file,
				     int line, const char *name, const char *format,
				     va_list arguments))
{
	context->has_log_fn = function != NULL;
}

#define FAKE_MEMBER(type, function, owner, member)                                                 \
	type function(struct owner *object)                                                        \
	{                                                                                          \
		return object->member;                                                             \
	}

FAKE_MEMBER(struct cxl_bus *, cxl_bus_get_first, cxl_ctx, buses)
FAKE_MEMBER(struct cxl_bus *, cxl_bus_get_next, cxl_bus, next)
FAKE_MEMBER(struct cxl_port *, cxl_bus_get_port, cxl_bus, root)

FAKE_MEMBER(struct cxl_port *, cxl_port_get_first, cxl_port, children)
FAKE_MEMBER(struct cxl_port *, cxl_port_get_next, cxl_port, next)
FAKE_MEMBER(struct cxl_port *, cxl_port_get_parent, cxl_port, parent)
FAKE_MEMBER(const char *, cxl_port_get_devname, cxl_port, name)
FAKE_MEMBER(const char *, cxl_port_get_host, cxl_port, host)
FAKE_MEMBER(int, cxl_port_get_depth, cxl_port, depth)
FAKE_MEMBER(struct cxl_dport *, cxl_dport_get_first, cxl_port, dports)
FAKE_MEMBER(struct cxl_dport *, cxl_dport_get_next, cxl_dport, next)
FAKE_MEMBER(const char *, cxl_dport_get_devname, cxl_dport, name)
FAKE_MEMBER(int, cxl_dport_get_id, cxl_dport, id)

FAKE_MEMBER(struct cxl_decoder *, cxl_decoder_get_first, cxl_port, decoders)
FAKE_MEMBER(struct cxl_decoder *, cxl_decoder_get_next, cxl_decoder, next)
FAKE_MEMBER(const char *, cxl_decoder_get_devname, cxl_decoder, name)
FAKE_MEMBER(int, cxl_decoder_get_id, cxl_decoder, id)
FAKE_MEMBER(unsigned long long, cxl_decoder_get_resource, cxl_decoder, start)
FAKE_MEMBER(unsigned long long, cxl_decoder_get_size, cxl_decoder, size)
FAKE_MEMBER(unsigned long long, cxl_decoder_get_dpa_resource, cxl_decoder, dpa_start)
FAKE_MEMBER(unsigned long long, cxl_decoder_get_dpa_size, cxl_decoder, dpa_size)
FAKE_MEMBER(enum cxl_decoder_mode, cxl_decoder_get_mode, cxl_decoder, mode)
FAKE_MEMBER(enum cxl_decoder_target_type, cxl_decoder_get_target_type, cxl_decoder, type)
FAKE_MEMBER(bool, cxl_decoder_is_pmem_capable, cxl_decoder, pmem)
FAKE_MEMBER(bool, cxl_decoder_is_volatile_capable, cxl_decoder, ram)
FAKE_MEMBER(bool, cxl_decoder_is_mem_capable, cxl_decoder, expanders)
FAKE_MEMBER(bool, cxl_decoder_is_accelmem_capable, cxl_decoder, accelerators)
FAKE_MEMBER(bool, cxl_decoder_is_locked, cxl_decoder, locked)
FAKE_MEMBER(unsigned int, cxl_decoder_get_interleave_ways, cxl_decoder, ways)
FAKE_MEMBER(unsigned int, cxl_decoder_get_interleave_granularity, cxl_decoder, granularity)
FAKE_MEMBER(int, cxl_decoder_get_nr_targets, cxl_decoder, target_count)
FAKE_MEMBER(struct cxl_memdev *, cxl_decoder_get_memdev, cxl_decoder, memdev)
FAKE_MEMBER(const char *, cxl_target_get_devname, cxl_target, name)
FAKE_MEMBER(unsigned long, cxl_target_get_id, cxl_target, id)

FAKE_MEMBER(struct cxl_memdev *, cxl_memdev_get_first, cxl_ctx, memdevs)
FAKE_MEMBER(struct cxl_memdev *, cxl_memdev_get_next, cxl_memdev, next)
FAKE_MEMBER(const char *, cxl_memdev_get_devname, cxl_memdev, name)
FAKE_MEMBER(const char *, cxl_memdev_get_host, cxl_memdev, host)
/* Spelt so in the library; its header has the name that is meant. */
FAKE_MEMBER(const char *, cxl_memdev_get_firmware_verison, cxl_memdev, firmware)
FAKE_MEMBER(unsigned long long, cxl_memdev_get_serial, cxl_memdev, serial)
FAKE_MEMBER(unsigned long long, cxl_memdev_get_ram_size, cxl_memdev, ram_size)
FAKE_MEMBER(unsigned long long, cxl_memdev_get_pmem_size, cxl_memdev, pmem_size)
FAKE_MEMBER(int, cxl_memdev_get_numa_node, cxl_memdev, node)
FAKE_MEMBER(int, cxl_memdev_is_enabled, cxl_memdev, enabled)
FAKE_MEMBER(struct cxl_endpoint *, cxl_memdev_get_endpoint, cxl_memdev, endpoint)
FAKE_MEMBER(int, cxl_endpoint_is_enabled, cxl_endpoint, enabled)
FAKE_MEMBER(struct cxl_port *, cxl_endpoint_get_parent, cxl_endpoint, parent)

FAKE_MEMBER(struct cxl_region *, cxl_region_get_first, cxl_decoder, regions)
FAKE_MEMBER(struct cxl_region *, cxl_region_get_next, cxl_region, next)
FAKE_MEMBER(const char *, cxl_region_get_devname, cxl_region, name)
FAKE_MEMBER(unsigned long long, cxl_region_get_resource, cxl_region, start)
FAKE_MEMBER(unsigned long long, cxl_region_get_size, cxl_region, size)
FAKE_MEMBER(unsigned int, cxl_region_get_interleave_ways, cxl_region, ways)
FAKE_MEMBER(unsigned int, cxl_region_get_interleave_granularity, cxl_region, granularity)
FAKE_MEMBER(int, cxl_region_decode_is_committed, cxl_region, committed)
FAKE_MEMBER(int, cxl_region_is_enabled, cxl_region, enabled)
FAKE_MEMBER(struct cxl_memdev_mapping *, cxl_mapping_get_first, cxl_region, mappings)
FAKE_MEMBER(struct cxl_memdev_mapping *, cxl_mapping_get_next, cxl_memdev_mapping, next)
FAKE_MEMBER(unsigned int, cxl_mapping_get_position, cxl_memdev_mapping, position)
FAKE_MEMBER(struct cxl_decoder *, cxl_mapping_get_decoder, cxl_memdev_mapping, decoder)

struct cxl_ctx *cxl_memdev_get_ctx(struct cxl_memdev *memdev)
{
	(void)memdev;
	return &fake_cxl;
}

struct cxl_ctx *cxl_decoder_get_ctx(struct cxl_decoder *decoder)
{
	(void)decoder;
	return &fake_cxl;
}

struct cxl_port *cxl_endpoint_get_port(struct cxl_endpoint *endpoint)
{
	return &endpoint->port;
}

bool cxl_port_is_root(struct cxl_port *port)
{
	return port->depth == 0;
}

static bool fake_leads_to(const struct cxl_memdev *const leads_to[FAKE_MAX],
			  const struct cxl_memdev *memdev)
{
	for (unsigned int i = 0; i < FAKE_MAX; i++)
		if (leads_to[i] == memdev)
			return true;
	return false;
}

struct cxl_dport *cxl_port_get_dport_by_memdev(struct cxl_port *port, struct cxl_memdev *memdev)
{
	struct cxl_dport *dport = port->dports;

	while (dport && !fake_leads_to(dport->leads_to, memdev))
		dport = dport->next;
	return dport;
}

struct cxl_target *cxl_decoder_get_target_by_position(struct cxl_decoder *decoder, int position)
{
	return decoder->targets[position];
}

struct cxl_target *cxl_decoder_get_target_by_memdev(struct cxl_decoder *decoder,
						    struct cxl_memdev *memdev)
{
	for (int i = 0; i < decoder->target_count; i++)
		if (decoder->targets[i] && fake_leads_to(decoder->targets[i]->leads_to, memdev))
			return decoder->targets[i];
	return NULL;
}

#endif
