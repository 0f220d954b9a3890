/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/region-place.h"

#include "base/parse.h"
#include "inventory/free-space.h"
#include "inventory/memory-block.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* --- what is free -------------------------------------------------------------------------------
 */

int space_init(struct space *space, const struct kmemd_inventory *inventory)
{
	*space = (struct space){.inventory = inventory};
	space->claimed = calloc(inventory->ports.count + 1, sizeof(*space->claimed));
	if (!space->claimed)
		return -ENOMEM;
	array_foreach(window, &inventory->root_decoders) {
		struct root_decoder *copy = array_add(&space->windows);

		if (!copy)
			return -ENOMEM;
		*copy = *window;
		memset(&copy->free, 0, sizeof(copy->free));
		array_foreach(range, &window->free) {
			struct range *slot = array_add(&copy->free);

			if (!slot)
				return -ENOMEM;
			*slot = *range;
		}
	}
	return 0;
}

void space_release(struct space *space)
{
	array_foreach(window, &space->windows)
		free(window->free.items);
	free(space->windows.items);
	free(space->claimed);
	memset(space, 0, sizeof(*space));
}

/* Cuts a place out of the hole that it lies in. */
static int cut(struct root_decoder *window, const struct range *place)
{
	uint64_t end = place->start + place->size;

	array_foreach(hole, &window->free) {
		uint64_t hole_end = hole->start + hole->size;

		if (!fits(hole, place->start, place->size))
			continue;
		hole->size = place->start - hole->start;
		if (end < hole_end) {
			struct range *rest = array_add(&window->free);

			if (!rest)
				return -ENOMEM;
			*rest = (struct range){end, hole_end - end};
		}
		break;
	}
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	uint64_t x = ((const struct range *)a)->start, y = ((const struct range *)b)->start;

	return (x > y) - (x < y);
}

/* --- ports --------------------------------------------------------------------------------------
 */

static size_t find_port(const struct kmemd_inventory *inventory, const char *name)
{
	size_t i = 0;

	while (i < inventory->ports.count && strcmp(inventory->ports.items[i].name, name) != 0)
		i++;
	return i;
}

/*
 * Whether an endpoint has capacity without a region behind a port's decoder; or may have, when it
 * shows none. One of a region says nothing: the same addresses may have been another region's.
 */
static bool is_mapped(const struct kmemd_inventory *inventory, const struct port_decoder *decoder)
{
	array_foreach(memdev, &inventory->memdevs) {
		if (!memdev->enabled && !memdev->decoders.count)
			return true;
		array_foreach(endpoint, &memdev->decoders)
			if (endpoint->dpa_size && !endpoint->region[0] &&
			    endpoint->start < decoder->start + decoder->size &&
			    decoder->start < endpoint->start + endpoint->size)
				return true;
	}
	return false;
}

/*
 * A decoder goes on showing the addresses of its last region after that is gone (seen on 6.12 and
 * 7.3); one that maps something for an endpoint without a region is firmware's.
 */
static bool is_in_use(const struct kmemd_inventory *inventory, const struct port_decoder *decoder)
{
	return decoder->region[0] || (decoder->size && is_mapped(inventory, decoder));
}

/* The kernel takes the decoder behind the last one in use (match_free_decoder(), Linux 6.12). */
static unsigned int free_decoders(const struct kmemd_inventory *inventory, const struct port *port)
{
	unsigned int count = 0;

	array_foreach(decoder, &port->decoders)
		count = is_in_use(inventory, decoder) ? 0 : count + 1;
	return count;
}

/*
 * One that was freed while one behind it is in use: the kernel gives none of this port's decoders
 * to anybody until that is free, too ("out of order shutdown" in match_free_decoder(), Linux 6.12
 * and 7.3; before, it is the commit that fails).
 */
static bool find_gap(const struct kmemd_inventory *inventory, const struct port *port,
		     struct obstacles *obstacles)
{
	const struct port_decoder *gap = NULL;

	array_foreach(decoder, &port->decoders) {
		if (!is_in_use(inventory, decoder)) {
			gap = gap ? gap : decoder;
			continue;
		}
		if (!gap)
			continue;
		obstacles->gap = gap;
		obstacles->behind = decoder;
		obstacles->busy = port;
		return true;
	}
	return false;
}

/* Whether a port on the way to a memdev has no decoder for one more region. */
static bool finds_busy_port(const struct space *space, const struct memdev *memdev,
			    struct obstacles *obstacles)
{
	for (size_t level = 1; level < memdev->path.count; level++) {
		size_t at = find_port(space->inventory, memdev->path.items[level].port);
		const struct port *port;

		if (at == space->inventory->ports.count)
			continue;
		port = &space->inventory->ports.items[at];
		if (find_gap(space->inventory, port, obstacles))
			return true;
		if (port->decoders.count &&
		    free_decoders(space->inventory, port) <= space->claimed[at]) {
			obstacles->busy = port;
			return true;
		}
	}
	return false;
}

/* One decoder of each port that leads to any of the members. */
static void claim_ports(struct space *space, const struct memdev *const *members, unsigned int ways)
{
	for (unsigned int i = 0; i < ways; i++) {
		for (size_t level = 1; level < members[i]->path.count; level++) {
			const char *name = members[i]->path.items[level].port;
			size_t at = find_port(space->inventory, name);
			bool seen = at == space->inventory->ports.count;

			for (unsigned int j = 0; j < i && !seen; j++)
				seen = level < members[j]->path.count &&
				       !strcmp(members[j]->path.items[level].port, name);
			if (!seen)
				space->claimed[at]++;
		}
	}
}

int space_claim(struct space *space, const struct place *place, const struct memdev *const *members,
		unsigned int ways)
{
	const struct range range = {place->start, place->size};
	struct root_decoder *window = place->window;

	claim_ports(space, members, ways);
	if (!place->start) { /* no holes are known: only how much there is */
		window->largest_free -= place->size;
		return 0;
	}
	if (cut(window, &range) < 0)
		return -ENOMEM;
	qsort(window->free.items, window->free.count, sizeof(*window->free.items), compare_ranges);
	window->largest_free = free_space_largest(window);
	return 0;
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

static bool shares_port_with(const struct kmemd_inventory *inventory,
			     const struct memdev *const *members, unsigned int ways,
			     const struct region *region)
{
	array_foreach(target, &region->targets) {
		const struct memdev *other = memdev_called(inventory, target->memdev);

		for (unsigned int i = 0; other && i < ways; i++)
			if (share_port(members[i], other))
				return true;
	}
	return false;
}

/*
 * Decoders of a port are committed in ascending order of their addresses, so a new region lies
 * above every region that shares a port with it: alloc_region_ref() says "HPA order violation"
 * otherwise (Linux 6.0 to 7.3). *ret_highest is the region that decides, or NULL.
 */
static uint64_t lowest_allowed(const struct kmemd_inventory *inventory,
			       const struct memdev *const *members, unsigned int ways,
			       const struct region **ret_highest)
{
	uint64_t floor = 0;

	*ret_highest = NULL;
	array_foreach(region, &inventory->regions) {
		if (region->start == UINT64_MAX || !region->size ||
		    !shares_port_with(inventory, members, ways, region) ||
		    region->start + region->size <= floor)
			continue;
		floor = region->start + region->size;
		*ret_highest = region;
	}
	return floor;
}

/* --- windows ------------------------------------------------------------------------------------
 */

bool window_reaches(const struct root_decoder *window, const struct memdev *memdev)
{
	array_foreach(name, &window->memdevs)
		if (!strcmp(*name, memdev->name))
			return true;
	return false;
}

bool window_is_usable(const struct root_decoder *window, struct obstacles *obstacles)
{
	if (!window->volatile_capable)
		return false;
	if (!window->creates_ram)
		obstacles->old = window;
	else if (window->locked)
		obstacles->fixed = window;
	return window->creates_ram && !window->locked;
}

bool space_find(const struct space *space, struct root_decoder *window,
		const struct memdev *const *members, unsigned int ways, uint64_t size,
		struct obstacles *obstacles, struct place *ret)
{
	const struct kmemd_inventory *inventory = space->inventory;
	uint64_t block_size = inventory->host.block_size, floor, natural;
	const struct region *above;

	*ret = (struct place){.window = window, .size = size};
	for (unsigned int i = 0; i < ways; i++)
		if (finds_busy_port(space, members[i], obstacles))
			return false;
	if (!window->free_is_known) {
		if (window->largest_free < size)
			obstacles->full = window;
		return window->largest_free >= size;
	}
	floor = lowest_allowed(inventory, members, ways, &above);
	natural = region_place(window, size, 0, 0);
	ret->start = region_place(window, size, floor, block_size);
	ret->forced = ret->start != natural;
	if (!natural) {
		obstacles->full = window;
	} else if (!ret->start) {
		obstacles->unordered = window;
		obstacles->above = above;
	}
	return ret->start;
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

void describe_obstacles(const struct kmemd_inventory *inventory, const struct obstacles *obstacles,
			const char *memdev, uint64_t size, char *buffer, size_t buffer_size)
{
	const struct root_decoder *full = obstacles->full;
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX], window[SIZE_TEXT_MAX], occupied[128];

	buffer[0] = '\0';
	if (obstacles->unordered && obstacles->above) {
		snprintf(buffer, buffer_size,
			 "a region of %s would have to lie above %s, with which %s shares a port, "
			 "and the CXL window %s has no room there; drain what %s lies on, and then "
			 "apply both",
			 format_size(size, need), obstacles->above->name, memdev,
			 obstacles->unordered->name, obstacles->above->name);
	} else if (full) {
		describe_occupants(full, occupied, sizeof(occupied));
		snprintf(buffer, buffer_size,
			 "no free HPA for a region of %s: the largest free part of the CXL window "
			 "%s is %s of %s%s",
			 format_size(size, need), full->name, format_size(full->largest_free, have),
			 format_size(full->size, window), occupied);
	} else if (obstacles->gap) {
		snprintf(buffer, buffer_size,
			 "%s of %s is free and %s behind it is not%s%s: the kernel makes no region "
			 "there until that is drained, too",
			 obstacles->gap->name, obstacles->busy->name, obstacles->behind->name,
			 obstacles->behind->region[0] ? ", because of " : "",
			 obstacles->behind->region);
	} else if (obstacles->busy) {
		snprintf(buffer, buffer_size, "%s, on the way to %s, has no free HDM decoder",
			 obstacles->busy->name, memdev);
	} else if (obstacles->fixed) {
		snprintf(buffer, buffer_size,
			 "firmware has fixed the CXL window %s: no region can be made in it",
			 obstacles->fixed->name);
	} else if (obstacles->old) {
		snprintf(buffer, buffer_size,
			 "Linux %s cannot create volatile CXL regions (6.3 and later can)",
			 inventory->host.kernel);
	}
}
