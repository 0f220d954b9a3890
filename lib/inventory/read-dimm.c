/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NVDIMMs and what firmware reports of them: the flags of the NFIT (ACPI 6.5, 5.2.25.3: NVDIMM
 * State Flags), and where the NVDIMM's commands may be used, its health.
 */
#include "inventory/read-dimm.h"

#include <ndctl/libndctl.h>
#include <stdio.h>

static unsigned int dimm_flags(struct ndctl_dimm *nd)
{
	return (ndctl_dimm_failed_save(nd) ? DIMM_SAVE_FAIL : 0) |
	       (ndctl_dimm_failed_restore(nd) ? DIMM_RESTORE_FAIL : 0) |
	       (ndctl_dimm_failed_flush(nd) ? DIMM_FLUSH_FAIL : 0) |
	       (ndctl_dimm_failed_arm(nd) ? DIMM_NOT_ARMED : 0) |
	       (ndctl_dimm_failed_map(nd) ? DIMM_MAP_FAIL : 0) |
	       (ndctl_dimm_smart_pending(nd) ? DIMM_SMART_NOTIFY : 0);
}

/* The worst of the bits that are set; a healthy one has none. */
static enum dimm_health dimm_health(unsigned int bits)
{
	if (bits & ND_SMART_FATAL_HEALTH)
		return DIMM_HEALTH_FATAL;
	if (bits & ND_SMART_CRITICAL_HEALTH)
		return DIMM_HEALTH_CRITICAL;
	if (bits & ND_SMART_NON_CRITICAL_HEALTH)
		return DIMM_HEALTH_NON_CRITICAL;
	return DIMM_HEALTH_OK;
}

/* Others than root may not ask, and many NVDIMMs cannot answer: that is no error. */
static void read_smart(struct ndctl_dimm *nd, struct dimm *dimm)
{
	struct ndctl_cmd *command = ndctl_dimm_cmd_new_smart(nd);
	unsigned int flags;

	if (!command)
		return;
	if (ndctl_cmd_submit(command) >= 0 && !ndctl_cmd_get_firmware_status(command)) {
		flags = ndctl_cmd_smart_get_flags(command);
		if (flags & ND_SMART_HEALTH_VALID)
			dimm->health = dimm_health(ndctl_cmd_smart_get_health(command));
		if (flags & ND_SMART_USED_VALID)
			dimm->life_used = (int)ndctl_cmd_smart_get_life_used(command);
	}
	ndctl_cmd_unref(command);
}

static int read_regions(struct ndctl_bus *bus, struct ndctl_dimm *nd, struct dimm *dimm)
{
	struct ndctl_region *region;

	ndctl_region_foreach(bus, region)
	{
		struct ndctl_dimm *other;

		ndctl_dimm_foreach_in_region(region, other)
		{
			char **name = other == nd ? array_add(&dimm->regions) : NULL;

			if (name)
				*name = strdup(ndctl_region_get_devname(region));
			if (other == nd && (!name || !*name))
				return -ENOMEM;
		}
	}
	return 0;
}

/* Of the maker and model, 0 and all ones are none. */
static void print_id(char *text, size_t size, unsigned short id)
{
	if (id && id != UINT16_MAX)
		snprintf(text, size, "0x%04x", id);
}

int read_dimms(struct ndctl_bus *bus, struct kmemd_inventory *inventory)
{
	struct ndctl_dimm *nd;

	ndctl_dimm_foreach(bus, nd)
	{
		struct dimm *dimm = array_add(&inventory->dimms);

		if (!dimm)
			return -ENOMEM;
		copy_name(dimm->name, ndctl_dimm_get_devname(nd));
		copy_name(dimm->unique_id, ndctl_dimm_get_unique_id(nd));
		print_id(dimm->vendor, sizeof(dimm->vendor), ndctl_dimm_get_vendor(nd));
		print_id(dimm->model, sizeof(dimm->model), ndctl_dimm_get_device(nd));
		dimm->enabled = ndctl_dimm_is_enabled(nd) > 0;
		dimm->flags = dimm_flags(nd);
		dimm->life_used = -1;
		read_smart(nd, dimm);
		if (read_regions(bus, nd, dimm) < 0)
			return -ENOMEM;
	}
	return 0;
}
