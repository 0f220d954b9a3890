/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/verify-policy.h"

#include "base/error.h"
#include "inventory/memmap-place.h"
#include "inventory/names.h"
#include "plan/plan-device.h"

#include <errno.h>
#include <inttypes.h>

static int verify_present(const struct dax_device *dax, struct kmemd_error *error)
{
	struct block_counts counts = dax_block_counts(dax);

	if (counts.in[BLOCK_ABSENT] != counts.total)
		return 0;
	return error_set(error, KMEMD_FAILED, EIO, "%s has no memory blocks in kmem", dax->name);
}

int verify_blocks(const struct dax_device *dax, enum block_state wanted, struct kmemd_error *error)
{
	array_foreach(block, &dax->blocks)
		if (block->state != wanted && block->state != BLOCK_ABSENT)
			return error_set(error, KMEMD_FAILED, EIO,
					 "memory%" PRIu64 " of %s is %s and should be %s",
					 block->index, dax->name, block_state_names[block->state],
					 block_state_names[wanted]);
	return verify_present(dax, error);
}

static int verify_memmap(const struct kmemd_inventory *after, const struct dax_device *dax,
			 const struct decision *decision, struct kmemd_error *error)
{
	const char *how;
	enum tristate on_device = dax_memmap_on_device(after, dax, &how);

	if (decision->settings.memmap == MEMMAP_YES && on_device == TRISTATE_NO)
		return error_set(error, KMEMD_FAILED, EIO,
				 "the memmap of %s is in DRAM (%s) and should be on the device",
				 dax->name, how);
	if (decision->settings.memmap == MEMMAP_NO && on_device == TRISTATE_YES)
		return error_set(error, KMEMD_FAILED, EIO,
				 "the memmap of %s is on the device (%s) and should be in DRAM",
				 dax->name, how);
	return 0;
}

static const struct region *find_region(const struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(region, &inventory->regions)
		if (!strcmp(region->name, name))
			return region;
	return NULL;
}

int verify_region(const struct kmemd_inventory *after, const char *name,
		  const struct step_create_region *wanted, struct kmemd_error *error)
{
	const struct region *region = find_region(after, name);

	if (!region)
		return error_set(error, KMEMD_FAILED, EIO, "%s is gone", name);
	if (region->ways != wanted->ways || region->granularity != wanted->granularity ||
	    region->size != wanted->size)
		return error_set(error, KMEMD_FAILED, EIO,
				 "%s has %u ways of %u bytes and %" PRIu64
				 " bytes, and should have %u of %u and %" PRIu64,
				 name, region->ways, region->granularity, region->size,
				 wanted->ways, wanted->granularity, wanted->size);
	for (unsigned int i = 0; i < wanted->ways; i++) {
		const char *memdev = i < region->targets.count ? region->targets.items[i].memdev
							       : "nothing";

		if (strcmp(memdev, wanted->targets[i].memdev) != 0)
			return error_set(error, KMEMD_FAILED, EIO,
					 "%s is at position %u of %s, and should be %s", memdev, i,
					 name, wanted->targets[i].memdev);
	}
	return 0;
}

static bool is_named(const struct verify_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->count; i++)
		if (!strcmp(scope->names[i], name))
			return true;
	return false;
}

static bool is_in_scope(const struct verify_scope *scope, const struct dax_device *dax)
{
	return is_named(scope, dax->name) || is_named(scope, dax->origin);
}

/* With Online=no the state of the blocks is another program's. */
static int verify_dax(const struct kmemd_inventory *after, const struct dax_device *dax,
		      const struct decision *decision, struct kmemd_error *error)
{
	const struct settings *settings = &decision->settings;
	int r;

	if (!dax_is_kmem(dax))
		return error_set(error, KMEMD_FAILED, EIO,
				 "%s is bound to %s and should be to kmem", dax->name,
				 dax->driver[0] ? dax->driver : "no driver");
	if (settings->online)
		r = verify_blocks(
			dax, settings->zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL, error);
	else
		r = verify_present(dax, error);
	return r < 0 ? r : verify_memmap(after, dax, decision, error);
}

/* The first thing in scope that planning still finds to do, or cannot do; 0 or -EIO. */
static int verify_nothing_left(const struct plan *left, const struct verify_scope *scope,
			       struct kmemd_error *error)
{
	char text[192];

	array_foreach(part, &left->parts) {
		bool whole = left->goal != GOAL_POLICY;
		bool ours = part->subject[0] ? is_named(scope, part->subject) : scope->capacity;

		if (!whole && !ours)
			continue;
		if (part->refusal[0])
			return error_set(error, KMEMD_FAILED, EIO, "%s", part->refusal);
		if (!part->count)
			continue;
		step_text(&left->steps.items[part->first], text, sizeof(text));
		return error_set(error, KMEMD_FAILED, EIO, "the kernel still shows work to do: %s",
				 text);
	}
	return 0;
}

int verify_drained_region(const struct kmemd_inventory *after, const char *identity,
			  const char *region, const struct decision *decision, enum goal goal,
			  struct kmemd_error *error)
{
	const struct device *device = inventory_device(after, identity);
	const struct verify_scope everything = {0};
	const struct region *still = device ? device_region(device, region) : NULL;
	struct plan left;
	int r;

	if (!still) /* as it should be, or gone with its memdev */
		return 0;
	r = plan_make_of_region(after, device, still, decision, goal, &left);
	if (r < 0)
		return error_memory(error);
	r = verify_nothing_left(&left, &everything, error);
	plan_release(&left);
	return r;
}

int verify_policy(const struct kmemd_inventory *after, const char *identity,
		  const struct decision *decision, enum goal goal, const struct verify_scope *scope,
		  struct kmemd_error *error)
{
	const struct device *device = inventory_device(after, identity);
	struct plan left = {0};
	int r = 0;

	if (!device)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", identity);
	if (goal == GOAL_POLICY && decision->settings.mode == MODE_SYSTEM_RAM)
		array_foreach(dax, &device->dax)
			if (r == 0 && is_in_scope(scope, *dax))
				r = verify_dax(after, *dax, decision, error);
	if (r < 0)
		return r;
	r = plan_make(after, device, decision, goal, &left);
	if (r < 0)
		return error_memory(error);
	r = verify_nothing_left(&left, scope, error);
	plan_release(&left);
	return r;
}
