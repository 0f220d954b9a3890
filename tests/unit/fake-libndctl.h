/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAKE_LIBNDCTL_H
#define KMEMD_TEST_FAKE_LIBNDCTL_H
/*
 * libndctl, of which only what the library calls is here; see fake-libcxl.h. A test describes its
 * NVDIMMs in `fake_ndctl`.
 */
#include <ndctl/libndctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define FAKE_DIMMS 4

struct ndctl_ctx {
	struct ndctl_bus *buses;
	int error;	 /* of ndctl_new() */
	int references;	 /* that are not given back */
	bool has_log_fn; /* its own prints to standard error */
};

struct ndctl_bus {
	struct ndctl_bus *next;
	struct ndctl_dimm *dimms;
	struct ndctl_region *regions;
};

/* The answer to a SMART command. */
struct ndctl_cmd {
	int submit; /* its result */
	unsigned int status, flags, health, life_used;
	int references;
};

struct ndctl_dimm {
	struct ndctl_dimm *next;
	const char *name, *unique_id;
	unsigned short vendor, device;
	int enabled;
	bool failed_save, failed_restore, failed_flush, failed_arm, failed_map, smart_pending;
	struct ndctl_cmd *smart; /* NULL: it has no such command */
};

struct ndctl_region {
	struct ndctl_region *next;
	const char *name;
	struct ndctl_dimm *dimms[FAKE_DIMMS];
	struct ndctl_namespace *namespaces;
};

/* What makes a namespace fsdax, sector or devdax. */
struct ndctl_pfn {
	uuid_t uuid;
};

struct ndctl_btt {
	uuid_t uuid;
};

struct ndctl_dax {
	uuid_t uuid;
};

struct ndctl_namespace {
	struct ndctl_namespace *next;
	const char *name;
	unsigned long long size;
	enum ndctl_namespace_mode mode;
	bool active;
	int node;
	uuid_t uuid; /* of the label */
	struct ndctl_pfn *pfn;
	struct ndctl_btt *btt;
	struct ndctl_dax *dax;
};

static struct ndctl_ctx fake_ndctl;

int ndctl_new(struct ndctl_ctx **ret)
{
	if (fake_ndctl.error)
		return fake_ndctl.error;
	fake_ndctl.references++;
	*ret = &fake_ndctl;
	return 0;
}

struct ndctl_ctx *ndctl_unref(struct ndctl_ctx *context)
{
	context->references--;
	return NULL;
}

void ndctl_set_log_fn(struct ndctl_ctx *context,
		      void (*function)(struct ndctl_ctx *context, int priority, const char *file,
				       int line, const char *name, const char *format,
				       va_list arguments))
{
	context->has_log_fn = function != NULL;
}

#define FAKE_ND_MEMBER(type, function, owner, member)                                              \
	type function(struct owner *object)                                                        \
	{                                                                                          \
		return object->member;                                                             \
	}

FAKE_ND_MEMBER(struct ndctl_bus *, ndctl_bus_get_first, ndctl_ctx, buses)
FAKE_ND_MEMBER(struct ndctl_bus *, ndctl_bus_get_next, ndctl_bus, next)
FAKE_ND_MEMBER(struct ndctl_dimm *, ndctl_dimm_get_first, ndctl_bus, dimms)
FAKE_ND_MEMBER(struct ndctl_dimm *, ndctl_dimm_get_next, ndctl_dimm, next)
FAKE_ND_MEMBER(const char *, ndctl_dimm_get_devname, ndctl_dimm, name)
FAKE_ND_MEMBER(const char *, ndctl_dimm_get_unique_id, ndctl_dimm, unique_id)
FAKE_ND_MEMBER(unsigned short, ndctl_dimm_get_vendor, ndctl_dimm, vendor)
FAKE_ND_MEMBER(unsigned short, ndctl_dimm_get_device, ndctl_dimm, device)
FAKE_ND_MEMBER(int, ndctl_dimm_is_enabled, ndctl_dimm, enabled)
FAKE_ND_MEMBER(int, ndctl_dimm_failed_save, ndctl_dimm, failed_save)
FAKE_ND_MEMBER(int, ndctl_dimm_failed_restore, ndctl_dimm, failed_restore)
FAKE_ND_MEMBER(int, ndctl_dimm_failed_flush, ndctl_dimm, failed_flush)
FAKE_ND_MEMBER(int, ndctl_dimm_failed_arm, ndctl_dimm, failed_arm)
FAKE_ND_MEMBER(int, ndctl_dimm_failed_map, ndctl_dimm, failed_map)
FAKE_ND_MEMBER(int, ndctl_dimm_smart_pending, ndctl_dimm, smart_pending)
FAKE_ND_MEMBER(int, ndctl_cmd_submit, ndctl_cmd, submit)
FAKE_ND_MEMBER(unsigned int, ndctl_cmd_get_firmware_status, ndctl_cmd, status)
FAKE_ND_MEMBER(unsigned int, ndctl_cmd_smart_get_flags, ndctl_cmd, flags)
FAKE_ND_MEMBER(unsigned int, ndctl_cmd_smart_get_health, ndctl_cmd, health)
FAKE_ND_MEMBER(unsigned int, ndctl_cmd_smart_get_life_used, ndctl_cmd, life_used)
FAKE_ND_MEMBER(struct ndctl_region *, ndctl_region_get_first, ndctl_bus, regions)
FAKE_ND_MEMBER(struct ndctl_region *, ndctl_region_get_next, ndctl_region, next)
FAKE_ND_MEMBER(const char *, ndctl_region_get_devname, ndctl_region, name)
FAKE_ND_MEMBER(struct ndctl_namespace *, ndctl_namespace_get_first, ndctl_region, namespaces)
FAKE_ND_MEMBER(struct ndctl_namespace *, ndctl_namespace_get_next, ndctl_namespace, next)
FAKE_ND_MEMBER(const char *, ndctl_namespace_get_devname, ndctl_namespace, name)
FAKE_ND_MEMBER(unsigned long long, ndctl_namespace_get_size, ndctl_namespace, size)
FAKE_ND_MEMBER(enum ndctl_namespace_mode, ndctl_namespace_get_mode, ndctl_namespace, mode)
FAKE_ND_MEMBER(bool, ndctl_namespace_is_active, ndctl_namespace, active)
FAKE_ND_MEMBER(int, ndctl_namespace_get_numa_node, ndctl_namespace, node)
FAKE_ND_MEMBER(struct ndctl_pfn *, ndctl_namespace_get_pfn, ndctl_namespace, pfn)
FAKE_ND_MEMBER(struct ndctl_btt *, ndctl_namespace_get_btt, ndctl_namespace, btt)
FAKE_ND_MEMBER(struct ndctl_dax *, ndctl_namespace_get_dax, ndctl_namespace, dax)

#define FAKE_ND_UUID(function, owner)                                                              \
	void function(struct owner *object, uuid_t ret)                                            \
	{                                                                                          \
		memcpy(ret, object->uuid, sizeof(uuid_t));                                         \
	}

FAKE_ND_UUID(ndctl_namespace_get_uuid, ndctl_namespace)
FAKE_ND_UUID(ndctl_pfn_get_uuid, ndctl_pfn)
FAKE_ND_UUID(ndctl_btt_get_uuid, ndctl_btt)
FAKE_ND_UUID(ndctl_dax_get_uuid, ndctl_dax)

struct ndctl_cmd *ndctl_dimm_cmd_new_smart(struct ndctl_dimm *dimm)
{
	if (dimm->smart)
		dimm->smart->references++;
	return dimm->smart;
}

void ndctl_cmd_unref(struct ndctl_cmd *command)
{
	command->references--;
}

struct ndctl_dimm *ndctl_region_get_first_dimm(struct ndctl_region *region)
{
	return region->dimms[0];
}

struct ndctl_dimm *ndctl_region_get_next_dimm(struct ndctl_region *region, struct ndctl_dimm *dimm)
{
	for (unsigned int i = 0; i + 1 < FAKE_DIMMS; i++)
		if (region->dimms[i] == dimm)
			return region->dimms[i + 1];
	return NULL;
}

#endif
