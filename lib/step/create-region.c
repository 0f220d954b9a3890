/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/create-region.h"

#include "base/json.h"
#include "base/parse.h"
#include "step/change-blocks.h"
#include "step/cxl-region.h"

#include <inttypes.h>
#include <stdio.h>

#define CLAIM_ATTEMPTS 3
#define FILLERS_MAX    16

/* "create a region of 4 GiB on mem0, mem2 (2 ways of 4 KiB, window decoder0.1)" */
static void set_text(const struct step_create_region *create, char *buffer, size_t size)
{
	char bytes[SIZE_TEXT_MAX], granularity[SIZE_TEXT_MAX];
	size_t used;

	snprintf(buffer, size, "create a region of %s on ", format_size(create->size, bytes));
	for (unsigned int i = 0; i < create->ways; i++) {
		used = strlen(buffer);
		snprintf(buffer + used, size - used, "%s%s", i ? ", " : "",
			 create->targets[i].memdev);
	}
	used = strlen(buffer);
	snprintf(buffer + used, size - used, " (%u ways of %s, window %s)", create->ways,
		 format_size(create->granularity, granularity), create->root_decoder);
}

static void text(const struct step *step, char *buffer, size_t size)
{
	const struct step_create_region *create = &step->create_region;
	char bytes[SIZE_TEXT_MAX];

	if (create->ways > 1)
		set_text(create, buffer, size);
	else
		snprintf(buffer, size, "create a region of %s on %s (window %s, decoder %s)",
			 format_size(create->size, bytes), step->target.name, create->root_decoder,
			 create->targets[0].decoder);
}

/*
 * The kernel hands out the next free name and wants it written back. The undo is noted before the
 * name is claimed, and taken back when another program was faster: what has the name then is not
 * ours to destroy.
 */
static int claim(struct run *run, struct region_parts *parts, struct kmemd_error *error)
{
	int r = 0;

	for (unsigned int attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
		r = region_next_name(run, parts->root_decoder, parts->region, error);
		if (r == 0)
			r = run_push_undo(run, STEP_CREATE_REGION, region_parts_to_json(parts),
					  error, "destroy %s", parts->region);
		if (r < 0)
			return r;
		r = region_claim(run, parts, error);
		if (r == 0)
			return 0;
		run_drop_undo(run, 0);
		if (r != -EAGAIN && r != -EBUSY)
			break;
	}
	return r;
}

/* What held places until the region had its own; the newest undo is the region's. */
static int drop_fillers(struct run *run, const struct region_parts *fillers, unsigned int count,
			struct kmemd_error *error)
{
	for (unsigned int i = count; i-- > 0;) {
		int r = region_destroy(run, &fillers[i], error);

		if (r < 0)
			return r;
		run_drop_undo(run, 1);
	}
	return 0;
}

/* Claims regions until one lies where it has to: see region_settle_place(). */
static int claim_place(struct run *run, struct region_parts *parts, struct kmemd_error *error)
{
	struct region_parts fillers[FILLERS_MAX];
	unsigned int count = 0;
	int r;

	for (;;) {
		r = claim(run, parts, error);
		if (r == 0)
			r = region_settle_place(run, parts, error);
		if (r <= 0)
			break;
		if (count == FILLERS_MAX)
			return error_set(error, KMEMD_FAILED, EBUSY,
					 "no place at 0x%" PRIx64 " after %u attempts",
					 parts->start, count);
		fillers[count] = *parts;
		fillers[count++].target_count = 0;
	}
	return r < 0 ? r : drop_fillers(run, fillers, count, error);
}

static bool adds_memory(const struct step *step)
{
	(void)step;
	return true;
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	struct region_parts parts = {
		.granularity = step->create_region.granularity,
		.ways = step->create_region.ways,
		.target_count = step->create_region.ways,
		.size = step->create_region.size,
		.start = step->create_region.start,
	};
	int r;

	copy_name(parts.root_decoder, step->create_region.root_decoder);
	for (unsigned int i = 0; i < parts.target_count; i++)
		copy_name(parts.decoders[i], step->create_region.targets[i].decoder);
	r = claim_place(run, &parts, error);
	if (r < 0)
		return r;
	run_made(run, step, parts.region);
	return region_build(run, &parts, error);
}

static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	struct region_parts parts;
	int r;

	region_parts_from_json(what, &parts);
	if (!region_is_made_of(run, &parts))
		return 0;
	r = blocks_take_region_offline(run, parts.region, error);
	return r < 0 ? r : region_destroy(run, &parts, error);
}

/* One that is committed is complete: what is missing beyond it is planned. */
static int settle(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	struct region_parts parts;

	region_parts_from_json(what, &parts);
	if (region_is_committed(run, parts.region) || !region_is_made_of(run, &parts))
		return 0;
	return region_destroy(run, &parts, error);
}

const struct step_operations create_region_operations = {
	.name = "create-region",
	.undo_text = "destroy the region",
	.adds_memory = adds_memory,
	.text = text,
	.run = run_it,
	.undo = undo,
	.settle = settle,
};
