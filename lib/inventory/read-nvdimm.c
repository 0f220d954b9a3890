/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NVDIMM namespaces and their NVDIMMs through libndctl; read-dax.c has the dax devices. */
#include "inventory/read-nvdimm.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "inventory/read-dimm.h"

#include <ndctl/libndctl.h>
#include <stdio.h>

DEFINE_CLEANUP(struct ndctl_ctx *, ndctl_unref);

/* libndctl prints to standard error unless it is given something else to do. */
static void log_nothing(struct ndctl_ctx *context, int priority, const char *file, int line,
			const char *function, const char *format, va_list arguments)
{
	(void)context, (void)priority, (void)file, (void)line, (void)function, (void)format;
	(void)arguments;
}

static const char *mode_name(enum ndctl_namespace_mode mode)
{
	switch (mode) {
	case NDCTL_NS_MODE_FSDAX: /* the same value as NDCTL_NS_MODE_MEMORY */
		return "fsdax";
	case NDCTL_NS_MODE_SECTOR:
		return "sector";
	case NDCTL_NS_MODE_DEVDAX:
		return "devdax";
	case NDCTL_NS_MODE_RAW:
		return "raw";
	default:
		return "unknown";
	}
}

/* "" for the UUID of nothing. */
static void print_uuid(const uuid_t uuid, char text[37])
{
	static const uuid_t none;
	char *end = text;

	text[0] = '\0';
	if (!memcmp(uuid, none, sizeof(none)))
		return;
	for (unsigned int i = 0; i < sizeof(uuid_t); i++)
		end += sprintf(end, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
			       uuid[i]);
}

/*
 * The UUID that `ndctl list` shows: of what makes the namespace devdax, fsdax or sector where there
 * is such a thing, else that of its label.
 */
static void read_uuid(struct ndctl_namespace *nd, uuid_t uuid)
{
	struct ndctl_pfn *pfn = ndctl_namespace_get_pfn(nd);
	struct ndctl_btt *btt = ndctl_namespace_get_btt(nd);
	struct ndctl_dax *dax = ndctl_namespace_get_dax(nd);

	if (dax)
		ndctl_dax_get_uuid(dax, uuid);
	else if (pfn)
		ndctl_pfn_get_uuid(pfn, uuid);
	else if (btt)
		ndctl_btt_get_uuid(btt, uuid);
}

static int read_namespace(const struct kmemd *kmemd, struct ndctl_region *region,
			  struct ndctl_namespace *nd, struct kmemd_inventory *inventory)
{
	unsigned long long size = ndctl_namespace_get_size(nd);
	struct namespace *namespace;
	char path[64];
	uuid_t uuid, raw;

	if (!size) /* the seed of a namespace to come */
		return 0;
	namespace = array_add(&inventory->namespaces);
	if (!namespace)
		return -ENOMEM;
	copy_name(namespace->name, ndctl_namespace_get_devname(nd));
	copy_name(namespace->region, ndctl_region_get_devname(region));
	copy_name(namespace->mode, mode_name(ndctl_namespace_get_mode(nd)));
	namespace->disabled = !ndctl_namespace_is_active(nd);
	namespace->size = size;
	namespace->node = ndctl_namespace_get_numa_node(nd);
	ndctl_namespace_get_uuid(nd, raw);
	memcpy(uuid, raw, sizeof(uuid));
	read_uuid(nd, uuid);
	print_uuid(uuid, namespace->uuid);
	if (memcmp(uuid, raw, sizeof(uuid)) != 0)
		print_uuid(raw, namespace->raw_uuid);
	snprintf(path, sizeof(path), "bus/nd/devices/%s", namespace->name);
	namespace->instance = sysfs_instance(kmemd->sysfs, path);
	return 0;
}

int read_nvdimm(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
		struct kmemd_error *error)
{
	_cleanup_(ndctl_unrefp) struct ndctl_ctx *context = NULL;
	struct ndctl_bus *bus;
	int r = ndctl_new(&context);

	if (r < 0)
		return error_errno(error, -r, "libndctl: %s", strerror(-r));
	ndctl_set_log_fn(context, log_nothing);

	ndctl_bus_foreach(context, bus)
	{
		struct ndctl_region *region;

		if (read_dimms(bus, inventory) < 0)
			return error_memory(error);
		ndctl_region_foreach(bus, region)
		{
			struct ndctl_namespace *nd;

			ndctl_namespace_foreach(region, nd)
			{
				if (read_namespace(kmemd, region, nd, inventory) < 0)
					return error_memory(error);
			}
		}
	}
	return 0;
}
