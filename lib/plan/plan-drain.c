/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-drain.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a region's teardown would wait for in vain, or NULL. */
struct obstacle {
	const char *why;
	char name[DEVICE_NAME_MAX]; /* of what is in the way */
};

/* The decoder of the memdev that the region holds. */
static const struct endpoint_decoder *decoder_of(const struct memdev *memdev,
						 const struct region *region)
{
	array_foreach(decoder, &memdev->decoders)
		if (!strcmp(decoder->region, region->name))
			return decoder;
	return NULL;
}

/* Whether the plan is about a region: about all of the device's, or about this one alone. */
static bool is_wanted(const struct plan *plan, const struct region *region)
{
	return !plan->region || plan->region == region;
}

/* Whether a region is one of those that this plan destroys. */
static bool is_ours(const struct plan *plan, const char *region)
{
	array_foreach(slot, &plan->device->regions)
		if (is_wanted(plan, *slot) && !strcmp((*slot)->name, region))
			return true;
	return false;
}

/*
 * DPA is freed from the last decoder down (cxl_dpa_free(), Linux 6.0 to 7.3): a region whose
 * capacity lies before that of somebody who stays cannot give it back.
 */
static bool is_buried_in(const struct plan *plan, const struct memdev *memdev,
			 const struct region *region, struct obstacle *obstacle)
{
	const struct endpoint_decoder *ours = decoder_of(memdev, region);

	if (!ours)
		return false;
	array_foreach(decoder, &memdev->decoders) {
		bool stranded = !decoder->region[0] && decoder->mode == DECODER_RAM;
		bool goes = is_ours(plan, decoder->region) ||
			    (stranded && !plan->region && memdev == plan->device->memdev);

		if (decoder->id <= ours->id || !decoder->dpa_size || goes)
			continue;
		obstacle->why = "its capacity lies before that of";
		copy_name(obstacle->name, decoder->region[0] ? decoder->region : decoder->name);
		return true;
	}
	return false;
}

static const struct memdev *memdev_called(const struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(memdev, &inventory->memdevs)
		if (!strcmp(memdev->name, name))
			return memdev;
	return NULL;
}

/* In any of the memdevs that it is interleaved over. */
static bool is_buried(const struct plan *plan, const struct kmemd_inventory *inventory,
		      const struct region *region, struct obstacle *obstacle)
{
	array_foreach(target, &region->targets) {
		const struct memdev *memdev = memdev_called(inventory, target->memdev);

		if (memdev && is_buried_in(plan, memdev, region, obstacle))
			return true;
	}
	return false;
}

/* Whether the region has to stay, offline and unbound; says why. */
static bool stays(struct plan *plan, const struct kmemd_inventory *inventory,
		  const struct region *region)
{
	bool destroys = plan->goal == GOAL_DESTROY_REGION;
	struct obstacle obstacle;

	if (region->locked && destroys)
		plan_refuse(plan, "%s is locked by firmware: it cannot be destroyed", region->name);
	else if (region->locked)
		plan_note(plan, "%s is locked by firmware: it stays, offline and without a driver",
			  region->name);
	else if (!plan->device->memdev || !is_buried(plan, inventory, region, &obstacle))
		return false;
	else if (destroys)
		plan_refuse(plan, "%s cannot be destroyed before %s, which holds capacity behind it",
			    region->name, obstacle.name);
	else
		plan_note(plan, "%s stays, offline and without a driver: %s %s, which stays",
			  region->name, obstacle.why, obstacle.name);
	return true;
}

static bool is_wanted_dax(const struct plan *plan, const struct dax_device *dax)
{
	return !plan->region || !strcmp(dax->origin, plan->region->name);
}

static int drain_kmem(struct plan *plan, const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);
	struct step *step;

	if (counts.online && plan->goal == GOAL_DESTROY_REGION) {
		plan_refuse(plan,
			    "%u memory blocks of %s are online: with --force they are taken "
			    "offline first",
			    counts.online, dax->name);
		return 0;
	}
	if (counts.online) {
		step = plan_add_step(plan, STEP_OFFLINE, dax->name, KEY_COUNT);
		if (!step)
			return -ENOMEM;
		step->blocks.count = counts.online;
	}
	step = plan_add_step(plan, plan->device->memdev ? STEP_UNBIND : STEP_BIND, dax->name,
			     KEY_COUNT);
	if (!step)
		return -ENOMEM;
	if (plan->device->memdev)
		step->unbind.driver = "kmem";
	else
		step->bind.driver = "device_dax";
	return 0;
}

/* Memory that is online without a driver: nobody could take its blocks away afterwards. */
static bool refuse_left_online(struct plan *plan, const struct dax_device *dax)
{
	struct block_counts counts = dax_block_counts(dax);

	if (dax_is_kmem(dax) || !counts.online)
		return false;
	plan_refuse(plan,
		    "%u memory blocks of %s are online although it is bound to %s: take them "
		    "offline (chmem -d), and then it can be drained",
		    counts.online, dax->name, dax->driver[0] ? dax->driver : "no driver");
	return true;
}

static int drain_dax(struct plan *plan, const struct dax_device *dax)
{
	const struct device *device = plan->device;
	struct step *step;

	if (dax_is_foreign(dax)) {
		plan_refuse(plan, "%s is held by the driver %s, which is somebody else's",
			    dax->name, dax->driver);
		return 0;
	}
	if (refuse_left_online(plan, dax))
		return 0;
	if (dax_is_kmem(dax))
		return drain_kmem(plan, dax);
	/* One without a driver is what a drain leaves that is cut short. */
	if (!device->memdev && !dax->driver[0]) {
		step = plan_add_step(plan, STEP_BIND, dax->name, KEY_COUNT);
		if (!step)
			return -ENOMEM;
		step->bind.driver = "device_dax";
		return 0;
	}
	if (!device->memdev || !dax->driver[0])
		return 0;
	step = plan_add_step(plan, STEP_UNBIND, dax->name, KEY_COUNT);
	if (!step)
		return -ENOMEM;
	step->unbind.driver = dax->driver;
	return 0;
}

/* The kernel wants the last decoder first, and by it the highest addresses. */
static int compare_regions(const void *a, const void *b, void *data)
{
	const struct region *first = *(const struct region *const *)a;
	const struct region *second = *(const struct region *const *)b;
	const struct device *device = data;
	const struct endpoint_decoder *x = NULL, *y = NULL;

	if (device->memdev) {
		x = decoder_of(device->memdev, first);
		y = decoder_of(device->memdev, second);
	}
	if (x && y && x->id != y->id)
		return x->id < y->id ? 1 : -1;
	if (first->start != second->start)
		return first->start < second->start ? 1 : -1;
	return strcmp(second->name, first->name);
}

/* The regions in the order in which they are destroyed; to be freed, NULL without memory. */
static const struct region **regions_in_order(const struct plan *plan)
{
	const struct device *device = plan->device;
	const struct region **regions = calloc(device->regions.count + 1, sizeof(*regions));
	size_t count = 0;

	array_foreach(slot, &device->regions)
		if (regions && is_wanted(plan, *slot))
			regions[count++] = *slot;
	if (count)
		qsort_r(regions, count, sizeof(*regions), compare_regions, (void *)device);
	return regions;
}

/* What is online in a region by another road than its dax devices. */
static unsigned int online_elsewhere(const struct device *device, const struct region *region)
{
	unsigned int known = 0;

	array_foreach(slot, &device->dax)
		if (!strcmp((*slot)->origin, region->name))
			known += dax_block_counts(*slot).online;
	return region->online_blocks > known ? region->online_blocks - known : 0;
}

static int drain_region(struct plan *plan, const struct kmemd_inventory *inventory,
			const struct region *region)
{
	unsigned int online = online_elsewhere(plan->device, region);

	if (region->plain_ram) {
		plan_refuse(plan,
			    "firmware gave what %s holds to the kernel as ordinary System RAM: it "
			    "cannot be drained while Linux runs",
			    region->name);
		return 0;
	}
	if (online && !region->lost_blocks) {
		plan_refuse(plan,
			    "%u memory blocks of %s are online and belong to no dax device of it, "
			    "memory%" PRIu64 " first: take them offline (chmem -d), and then it "
			    "can be drained",
			    online, region->name, region->first_online);
		return 0;
	}
	if (stays(plan, inventory, region) || plan_is_refused(plan))
		return 0;
	return plan_add_step(plan, STEP_DESTROY_REGION, region->name, KEY_COUNT) ? 0 : -ENOMEM;
}

/*
 * Capacity that no region has, as after a `cxl create-region` that failed, of decoders between two
 * numbers; the last goes first.
 */
static int free_stranded(struct plan *plan, uint64_t above, uint64_t below)
{
	const struct memdev *memdev = plan->device->memdev;

	for (size_t i = memdev ? memdev->decoders.count : 0; i-- > 0;) {
		const struct endpoint_decoder *decoder = &memdev->decoders.items[i];
		struct step *step;

		if (!decoder->dpa_size || decoder->region[0] || decoder->size || decoder->locked ||
		    decoder->mode != DECODER_RAM || decoder->id + UINT64_C(1) <= above ||
		    decoder->id >= below)
			continue;
		step = plan_add_step(plan, STEP_FREE_DECODER, decoder->name, KEY_COUNT);
		if (!step)
			return -ENOMEM;
		step->shape.size = decoder->dpa_size;
	}
	return 0;
}

/* Everything that holds capacity, from the last decoder to the first. */
static int drain_regions(struct plan *plan, const struct kmemd_inventory *inventory)
{
	_cleanup_free_ const struct region **regions = regions_in_order(plan);
	const struct memdev *memdev = plan->device->memdev;
	uint64_t below = UINT64_MAX;
	int r = regions ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && regions[i]; i++) {
		const struct endpoint_decoder *decoder = memdev ? decoder_of(memdev, regions[i])
								: NULL;

		if (decoder && !plan->region) {
			r = free_stranded(plan, decoder->id + UINT64_C(1), below);
			below = decoder->id;
		}
		if (r == 0)
			r = drain_region(plan, inventory, regions[i]);
	}
	if (r < 0 || plan->region || plan_is_refused(plan))
		return r;
	return free_stranded(plan, 0, below);
}

/* --- what of the memdev is in use by another road -----------------------------------------------
 */

static bool overlaps(const struct range *a, const struct range *b)
{
	return a->start < b->start + b->size && b->start < a->start + a->size;
}

static const struct occupant *ram_in(const struct kmemd_inventory *inventory,
				     const struct range *range)
{
	array_foreach(window, &inventory->root_decoders)
		array_foreach(occupant, &window->occupants)
			if (!strcmp(occupant->name, "System RAM") &&
			    overlaps(&occupant->range, range))
				return occupant;
	return NULL;
}

/* A decoder that firmware programmed without a region of the kernel's, under ordinary memory. */
static void refuse_firmware_ram(struct plan *plan, const struct kmemd_inventory *inventory)
{
	array_foreach(decoder, &plan->device->memdev->decoders) {
		const struct range range = {decoder->start, decoder->size};
		const struct occupant *ram = decoder->size ? ram_in(inventory, &range) : NULL;

		if (ram && !decoder->region[0])
			plan_refuse(plan,
				    "firmware gave what %s holds to the kernel as ordinary System "
				    "RAM (from 0x%" PRIx64 "): it cannot be drained while Linux "
				    "runs",
				    decoder->name, ram->range.start);
	}
}

static void note_persistent(struct plan *plan, const struct kmemd_inventory *inventory)
{
	array_foreach(region, &inventory->regions) {
		if (!region->persistent)
			continue;
		array_foreach(target, &region->targets)
			if (!strcmp(target->memdev, plan->device->memdev->name))
				plan_note(
					plan,
					"its persistent capacity stays in use: %s; drain is about "
					"volatile capacity",
					region->name);
	}
}

/* The kernel takes no decoder of a port before those behind it are free: see region-place.c. */
static void note_decoders_behind(struct plan *plan, const struct kmemd_inventory *inventory)
{
	array_foreach(port, &inventory->ports) {
		bool goes = false;

		array_foreach(decoder, &port->decoders) {
			bool ours = is_ours(plan, decoder->region);

			if (goes && decoder->region[0] && !ours) {
				plan_note(plan,
					  "its capacity can be used again only when %s, which came "
					  "after it below the same bridge or switch, is drained, "
					  "too",
					  decoder->region);
				return;
			}
			goes = goes || ours;
		}
	}
}

/* A region goes as a whole, and with it what lies on the other memdevs of it. */
static void note_others(struct plan *plan)
{
	array_foreach(slot, &plan->device->regions) {
		const struct region *region = *slot;
		char names[128] = "";
		size_t used;

		if (region->targets.count < 2 || !is_wanted(plan, region))
			continue;
		array_foreach(target, &region->targets) {
			if (!strcmp(target->memdev, plan->device->memdev->name))
				continue;
			used = strlen(names);
			snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
				 target->memdev);
		}
		plan_note(plan, "%s is interleaved over %zu memdevs: %s %s along, and %s held too",
			  region->name, region->targets.count, names,
			  region->targets.count > 2 ? "go" : "goes",
			  region->targets.count > 2 ? "are" : "is");
	}
}

int plan_drain(struct plan *plan, const struct kmemd_inventory *inventory)
{
	const struct device *device = plan->device;
	int r = plan_begin_part(plan, device->name);

	if (r == 0 && device->kind == KIND_CXL_RAM && device->memdev) {
		if (!plan->region)
			refuse_firmware_ram(plan, inventory);
		note_others(plan);
		if (!plan->region)
			note_persistent(plan, inventory);
		note_decoders_behind(plan, inventory);
	}
	array_foreach(slot, &device->dax)
		if (r == 0 && is_wanted_dax(plan, *slot) && !plan_is_refused(plan))
			r = drain_dax(plan, *slot);
	if (r == 0 && device->kind == KIND_CXL_RAM && !plan_is_refused(plan))
		r = drain_regions(plan, inventory);
	return r;
}

/* --- one region ---------------------------------------------------------------------------------
 */

/* The device of its first memdev, or else the first that has the region. */
static const struct device *speaker_of(const struct kmemd_inventory *inventory,
				       const struct region *region)
{
	const char *speaks = region->targets.count ? region->targets.items[0].memdev : "";
	const struct device *first = NULL;

	array_foreach(device, &inventory->devices) {
		if (device_region(device, region->name) != region)
			continue;
		if (device->memdev && !strcmp(device->memdev->name, speaks))
			return device;
		if (!first)
			first = device;
	}
	return first;
}

int drain_find_region(const struct kmemd_inventory *inventory, const char *name,
		      const struct device **ret_device, const struct region **ret_region,
		      struct kmemd_error *error)
{
	array_foreach(region, &inventory->regions) {
		if (strcmp(region->name, name) != 0)
			continue;
		if (region->persistent)
			return error_set(error, KMEMD_REFUSED, EOPNOTSUPP,
					 "%s is of persistent capacity, and what is on it would be "
					 "lost: 'cxl destroy-region' does that",
					 name);
		*ret_region = region;
		*ret_device = speaker_of(inventory, region);
		if (*ret_device)
			return 0;
	}
	return error_set(error, KMEMD_NO_DEVICE, ENODEV,
			 "no CXL region is called '%s' (kmemctl status shows them)", name);
}
