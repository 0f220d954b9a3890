/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/free-space.h"

#include <string.h>

/* One past the last byte; a range that wraps around ends with the address space. */
static uint64_t range_end(uint64_t start, uint64_t size)
{
	uint64_t end;

	return __builtin_add_overflow(start, size, &end) ? UINT64_MAX : end;
}

static int compare_occupants(const void *a, const void *b)
{
	const struct range *x = &((const struct occupant *)a)->range;
	const struct range *y = &((const struct occupant *)b)->range;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (x->size > y->size) - (x->size < y->size);
}

static int add_free(struct root_decoder *decoder, uint64_t start, uint64_t end)
{
	struct range *range;

	if (end <= start)
		return 0;
	range = array_add(&decoder->free);
	if (!range)
		return -ENOMEM;
	*range = (struct range){start, end - start};
	return 0;
}

int free_space_find(struct root_decoder *decoder)
{
	uint64_t at = decoder->start, end = range_end(decoder->start, decoder->size);

	free(decoder->free.items);
	memset(&decoder->free, 0, sizeof(decoder->free));
	if (decoder->occupants.count)
		qsort(decoder->occupants.items, decoder->occupants.count,
		      sizeof(*decoder->occupants.items), compare_occupants);
	array_foreach(occupant, &decoder->occupants) {
		uint64_t start = occupant->range.start;
		uint64_t after = range_end(start, occupant->range.size);

		if (!occupant->range.size)
			continue;
		if (add_free(decoder, at, start < end ? start : end) < 0)
			return -ENOMEM;
		if (after > at)
			at = after;
	}
	return add_free(decoder, at, end);
}

uint64_t free_space_largest(const struct root_decoder *decoder)
{
	uint64_t largest = 0;

	array_foreach(range, &decoder->free)
		if (range->size > largest)
			largest = range->size;
	return largest;
}

static int add_occupant(struct root_decoder *decoder, uint64_t start, uint64_t size,
			const char *name)
{
	struct occupant *occupant = array_add(&decoder->occupants);

	if (!occupant)
		return -ENOMEM;
	occupant->range = (struct range){start, size};
	copy_name(occupant->name, name);
	return 0;
}

static bool overlaps(const struct range *a, const struct range *b)
{
	return a->start < range_end(b->start, b->size) && b->start < range_end(a->start, a->size);
}

static bool contains(const struct range *outer, const struct range *inner)
{
	return outer->start <= inner->start &&
	       range_end(outer->start, outer->size) >= range_end(inner->start, inner->size);
}

/* The window's own line: drivers/cxl/acpi.c, add_cxl_resources(). NULL: it has none. */
static const struct resource_line *find_window(const struct resources *resources,
					       const struct range *window)
{
	const struct resource_line *found = NULL;

	array_foreach(line, &resources->lines)
		if (!strncmp(line->name, "CXL Window", strlen("CXL Window")) &&
		    contains(&line->range, window))
			found = line; /* the innermost, should there be several */
	return found;
}

/* Its children are the lines that follow it and are one deeper, up to one that is no deeper. */
static int add_children(const struct resources *resources, const struct resource_line *parent,
			const struct range *window, struct root_decoder *decoder)
{
	const struct resource_line *end = resources->lines.items + resources->lines.count;

	for (const struct resource_line *line = parent + 1; line < end; line++) {
		if (line->depth <= parent->depth)
			break;
		if (line->depth != parent->depth + 1 || !overlaps(&line->range, window))
			continue;
		if (add_occupant(decoder, line->range.start, line->range.size, line->name) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Of a window without a line of its own, whatever overlaps it, but for what it is a part of. */
static int add_overlapping(const struct resources *resources, const struct range *window,
			   struct root_decoder *decoder)
{
	array_foreach(line, &resources->lines) {
		if (!overlaps(&line->range, window) ||
		    (contains(&line->range, window) && !contains(window, &line->range)))
			continue;
		if (add_occupant(decoder, line->range.start, line->range.size, line->name) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void forget_occupants(struct root_decoder *decoder)
{
	free(decoder->occupants.items);
	memset(&decoder->occupants, 0, sizeof(decoder->occupants));
}

int free_space_by_resources(const struct resources *resources, struct root_decoder *decoder)
{
	const struct range window = {decoder->start, decoder->size};
	const struct resource_line *own = find_window(resources, &window);
	int r;

	forget_occupants(decoder);
	r = own ? add_children(resources, own, &window, decoder)
		: add_overlapping(resources, &window, decoder);
	decoder->free_is_known = true;
	return r < 0 ? r : free_space_find(decoder);
}

bool resources_have_plain_ram(const struct resources *resources, const struct range *range)
{
	array_foreach(line, &resources->lines)
		if (!strcmp(line->name, "System RAM") && overlaps(&line->range, range))
			return true;
	return false;
}

int free_space_by_regions(const struct kmemd_inventory *inventory, struct root_decoder *decoder)
{
	forget_occupants(decoder);
	decoder->free_is_known = false;
	array_foreach(region, &inventory->regions) {
		if (strcmp(region->root_decoder, decoder->name) || region->start == UINT64_MAX ||
		    !region->size)
			continue;
		if (add_occupant(decoder, region->start, region->size, region->name) < 0)
			return -ENOMEM;
	}
	return free_space_find(decoder);
}
