/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-region.h"

#include "base/parse.h"
#include "inventory/memory-block.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Regions are made of 256 MiB units (CXL 3.1, 9.18.1.3: CFMWS window size). */
#define REGION_UNIT (UINT64_C(256) << 20)

#define GRANULARITY_DEFAULT 256

/* --- the place in the physical addresses --------------------------------------------------------
 */

static uint64_t align_up(uint64_t value, uint64_t unit)
{
	uint64_t rest = unit ? value % unit : 0;

	return rest ? value + (unit - rest) : value;
}

static bool fits(const struct range *hole, uint64_t at, uint64_t size)
{
	return at >= hole->start && size <= hole->size && at - hole->start <= hole->size - size;
}

static uint64_t blocks_at(uint64_t at, uint64_t size, uint64_t block_size)
{
	const struct range range = {at, size};
	uint64_t first, count;

	blocks_of_range(&range, block_size, &first, &count);
	return count;
}

/* The better of two places: the one with more whole blocks, and of equals the lower. */
static void try_place(const struct range *hole, uint64_t at, uint64_t size, uint64_t block_size,
		      uint64_t *best)
{
	if (!fits(hole, at, size))
		return;
	if (!*best || blocks_at(at, size, block_size) > blocks_at(*best, size, block_size))
		*best = at;
}

uint64_t region_place(const struct root_decoder *window, uint64_t size, uint64_t floor,
		      uint64_t block_size)
{
	uint64_t best = 0;

	array_foreach(hole, &window->free) {
		uint64_t lowest = hole->start > floor ? hole->start : floor;
		uint64_t at = align_up(lowest, REGION_UNIT);

		try_place(hole, at, size, block_size, &best);
		try_place(hole, align_up(at, block_size), size, block_size, &best);
	}
	return best;
}

/* --- the order of ports and decoders ------------------------------------------------------------
 */

static const struct memdev *memdev_called(const struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(memdev, &inventory->memdevs)
		if (!strcmp(memdev->name, name))
			return memdev;
	return NULL;
}

/* Whether the ways to two memdevs share a port below the root. */
static bool share_port(const struct memdev *a, const struct memdev *b)
{
	if (a == b)
		return true;
	array_foreach(x, &a->path)
		array_foreach(y, &b->path)
			if (!strcmp(x->port, y->port) && strncmp(x->port, "root", strlen("root")))
				return true;
	return false;
}

static bool shares_port_with(const struct kmemd_inventory *inventory, const struct memdev *memdev,
			     const struct region *region)
{
	array_foreach(target, &region->targets) {
		const struct memdev *other = memdev_called(inventory, target->memdev);

		if (other && share_port(memdev, other))
			return true;
	}
	return false;
}

/*
 * Decoders of a port are committed in ascending order of their addresses, so a new region lies
 * above every region that shares a port with it: alloc_region_ref() says "HPA order violation"
 * otherwise (Linux 6.0 to 7.3). *ret_highest is the region that decides, or NULL.
 */
static uint64_t lowest_allowed(const struct kmemd_inventory *inventory, const struct memdev *memdev,
			       const struct region **ret_highest)
{
	uint64_t floor = 0;

	*ret_highest = NULL;
	array_foreach(region, &inventory->regions) {
		if (region->start == UINT64_MAX || !region->size ||
		    !shares_port_with(inventory, memdev, region) ||
		    region->start + region->size <= floor)
			continue;
		floor = region->start + region->size;
		*ret_highest = region;
	}
	return floor;
}

/* --- windows ------------------------------------------------------------------------------------
 */

static bool reaches(const struct root_decoder *window, const struct memdev *memdev)
{
	array_foreach(name, &window->memdevs)
		if (!strcmp(*name, memdev->name))
			return true;
	return false;
}

/* What is in the way of most of a window, for a sentence; "" when nothing is known. */
static void describe_occupants(const struct root_decoder *window, char *buffer, size_t size)
{
	const struct occupant *largest = NULL;
	char bytes[SIZE_TEXT_MAX];

	buffer[0] = '\0';
	array_foreach(occupant, &window->occupants)
		if (!largest || occupant->range.size > largest->range.size)
			largest = occupant;
	if (largest)
		snprintf(buffer, size, "; %s of it is %s (/proc/iomem)",
			 format_size(largest->range.size, bytes), largest->name);
}

/* A window with room, and the place in it. */
struct place {
	const struct root_decoder *window;
	uint64_t start; /* 0: not known */
	bool forced;	/* the kernel's own choice would be another one */
};

/* The last obstacle that a window was found to have. */
struct obstacles {
	const struct root_decoder *full, *old, *fixed, *unordered;
	const struct region *above;
};

static bool find_place(const struct kmemd_inventory *inventory, const struct root_decoder *window,
		       const struct memdev *memdev, uint64_t size, struct obstacles *obstacles,
		       struct place *ret)
{
	uint64_t block_size = inventory->host.block_size, floor, natural;
	const struct region *above;

	*ret = (struct place){.window = window};
	if (!window->free_is_known) {
		if (window->largest_free < size)
			obstacles->full = window;
		return window->largest_free >= size;
	}
	floor = lowest_allowed(inventory, memdev, &above);
	natural = region_place(window, size, 0, 0);
	ret->start = region_place(window, size, floor, block_size);
	ret->forced = ret->start != natural;
	if (!natural)
		obstacles->full = window;
	else if (!ret->start)
		*obstacles = (struct obstacles){.unordered = window, .above = above};
	return ret->start;
}

static void refuse_place(struct plan *plan, const struct kmemd_inventory *inventory,
			 const struct memdev *memdev, uint64_t size,
			 const struct obstacles *obstacles)
{
	const struct root_decoder *full = obstacles->full;
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX], window[SIZE_TEXT_MAX], occupied[128];

	if (obstacles->unordered && obstacles->above) {
		plan_refuse(plan,
			    "a region of %s would have to lie above %s, with which %s shares a "
			    "port, and the CXL window %s has no room there; drain what %s lies "
			    "on, and then apply both",
			    format_size(size, need), obstacles->above->name, memdev->name,
			    obstacles->unordered->name, obstacles->above->name);
	} else if (full) {
		describe_occupants(full, occupied, sizeof(occupied));
		plan_refuse(plan,
			    "no free HPA for a region of %s: the largest free part of the CXL "
			    "window %s is %s of %s%s",
			    format_size(size, need), full->name,
			    format_size(full->largest_free, have), format_size(full->size, window),
			    occupied);
	} else if (obstacles->fixed) {
		plan_refuse(plan,
			    "firmware has fixed the CXL window %s: no region can be made in it",
			    obstacles->fixed->name);
	} else if (obstacles->old) {
		plan_refuse(plan, "Linux %s cannot create volatile CXL regions (6.3 and later can)",
			    inventory->host.kernel);
	} else {
		plan_refuse(plan,
			    "no CXL window for volatile memory reaches %s without interleaving",
			    memdev->name);
	}
}

/* The first window that reaches the memdev and has room; the plan is refused when there is none. */
static bool choose_place(struct plan *plan, const struct kmemd_inventory *inventory,
			 const struct memdev *memdev, uint64_t size, struct place *ret)
{
	struct obstacles obstacles = {0};

	array_foreach(window, &inventory->root_decoders) {
		if (!reaches(window, memdev) || !window->volatile_capable || window->ways > 1)
			continue;
		if (!window->creates_ram)
			obstacles.old = window;
		else if (window->locked)
			obstacles.fixed = window;
		else if (find_place(inventory, window, memdev, size, &obstacles, ret))
			return true;
	}
	refuse_place(plan, inventory, memdev, size, &obstacles);
	return false;
}

/* --- the memdev's capacity ----------------------------------------------------------------------
 */

static const struct endpoint_decoder *last_allocated(const struct memdev *memdev)
{
	const struct endpoint_decoder *last = NULL;

	array_foreach(decoder, &memdev->decoders)
		if (decoder->dpa_size && (!last || decoder->id > last->id))
			last = decoder;
	return last;
}

/* The decoder that the kernel takes next: the one behind the last that holds capacity. */
static const char *next_decoder(const struct memdev *memdev)
{
	const struct endpoint_decoder *last = last_allocated(memdev);

	if (!memdev->decoders.count)
		return memdev->free_decoder;
	array_foreach(decoder, &memdev->decoders)
		if (!decoder->dpa_size && (!last || decoder->id == last->id + 1))
			return decoder->name;
	return "";
}

static void note_stranded(struct plan *plan, const struct memdev *memdev)
{
	char size[SIZE_TEXT_MAX];

	array_foreach(decoder, &memdev->decoders)
		if (decoder->dpa_size && !decoder->region[0] && !decoder->size &&
		    decoder->mode == DECODER_RAM)
			plan_note(plan,
				  "%s holds %s of %s without a region, as after a failed "
				  "cxl create-region; 'kmemctl drain %s' frees it",
				  decoder->name, format_size(decoder->dpa_size, size), memdev->name,
				  memdev->name);
}

/* The decoder of persistent capacity that makes the kernel skip what volatile capacity is free. */
static const struct endpoint_decoder *find_persistent(const struct memdev *memdev)
{
	array_foreach(decoder, &memdev->decoders)
		if (decoder->dpa_size && decoder->mode == DECODER_PMEM)
			return decoder;
	return NULL;
}

/* Whether capacity is there that a region could be made of. */
static bool has_capacity(struct plan *plan, const struct memdev *memdev, uint64_t free_size)
{
	const struct endpoint_decoder *persistent = find_persistent(memdev);
	char size[SIZE_TEXT_MAX];

	if (memdev->restricted || memdev->accelerator) {
		plan_note(plan, "%s is %s: shown, and left alone", memdev->name,
			  memdev->accelerator ? "an accelerator" : "a CXL 1.1 device");
		return false;
	}
	if (!memdev->enabled) {
		plan_note(plan, "%s is not ready yet: no endpoint port in the CXL hierarchy",
			  memdev->name);
		return false;
	}
	if (persistent) {
		plan_refuse(plan,
			    "%s of volatile capacity of %s are behind %s, which holds persistent "
			    "capacity: decoders take capacity in ascending order, so they can be "
			    "used only when %s is destroyed",
			    format_size(free_size, size), memdev->name, persistent->name,
			    persistent->region[0] ? persistent->region : persistent->name);
		return false;
	}
	if (!next_decoder(memdev)[0]) {
		plan_refuse(plan, "%s has %" PRIu64 " MiB of free capacity and no free HDM decoder",
			    memdev->name, free_size >> 20);
		return false;
	}
	return true;
}

int plan_new_region(struct plan *plan, const struct kmemd_inventory *inventory,
		    struct range *ret_range)
{
	const struct memdev *memdev = plan->device->memdev;
	uint64_t free_size = memdev->ram_size - memdev->ram_allocated;
	uint64_t size = free_size - free_size % REGION_UNIT;
	struct place place;
	struct step *step;

	note_stranded(plan, memdev);
	if (memdev->ram_allocated >= memdev->ram_size || !size ||
	    !has_capacity(plan, memdev, free_size) ||
	    !choose_place(plan, inventory, memdev, size, &place))
		return 0;
	step = plan_add_step(plan, STEP_CREATE_REGION, memdev->name, KEY_CREATE);
	if (!step)
		return -ENOMEM;
	copy_name(step->create_region.root_decoder, place.window->name);
	copy_name(step->create_region.endpoint_decoder, next_decoder(memdev));
	step->create_region.granularity = place.window->granularity ? place.window->granularity
								    : GRANULARITY_DEFAULT;
	step->create_region.size = size;
	step->create_region.start = place.forced ? place.start : 0;
	step->lost_bytes = free_size - size;
	*ret_range = (struct range){place.start, size};
	return 1;
}
