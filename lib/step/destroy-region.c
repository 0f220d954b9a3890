/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/destroy-region.h"

#include "base/json.h"
#include "step/cxl-region.h"
#include "step/use-check.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "destroy %s and free its decoders", step->target.name);
}

static int check(struct run *run, const struct step *step, struct kmemd_error *error)
{
	return check_region_holders(run, step->target.name, error);
}

static const struct region *find_region(const struct run *run, const char *name)
{
	array_foreach(region, &run->inventory->regions)
		if (!strcmp(region->name, name))
			return region;
	return NULL;
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct region *region = find_region(run, step->target.name);
	struct region_parts parts = {0};
	int r;

	if (!region)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", step->target.name);
	parts.size = region->size;
	parts.ways = region->ways;
	parts.granularity = region->granularity;
	copy_name(parts.region, region->name);
	copy_name(parts.root_decoder, region->root_decoder);
	array_foreach(target, &region->targets)
		if (parts.target_count < REGION_WAYS_MAX)
			copy_name(parts.decoders[parts.target_count++], target->decoder);
	r = run_push_undo(run, STEP_DESTROY_REGION, region_parts_to_json(&parts), error,
			  "create %s again", region->name);
	return r < 0 ? r : region_destroy(run, &parts, error);
}

/* Frees what is left of it and makes it once more; the name may be another one then. */
static int make_again(struct run *run, struct region_parts *parts, struct kmemd_error *error)
{
	char name[DEVICE_NAME_MAX];
	int r = region_destroy(run, parts, error);

	if (r == 0)
		r = region_next_name(run, parts->root_decoder, name, error);
	if (r < 0)
		return r;
	if (strcmp(name, parts->region) != 0)
		run_event(run, KMEMD_EVENT_NOTICE, "%s comes back as %s", parts->region, name);
	copy_name(parts->region, name);
	r = region_claim(run, parts, error);
	if (r == 0)
		r = region_settle_place(run, parts, error);
	return r < 0 ? r : region_build(run, parts, error);
}

/* As complete as it was: with its driver again, or made again from what is left of it. */
static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	struct region_parts parts;

	region_parts_from_json(what, &parts);
	if (region_is_committed(run, parts.region))
		return region_bind(run, parts.region, error);
	if (parts.ways != parts.target_count)
		return error_set(error, KMEMD_PARTLY, EOPNOTSUPP,
				 "%s was interleaved over %u memdevs, of which %u were known: make "
				 "it again with cxl create-region",
				 parts.region, parts.ways, parts.target_count);
	return make_again(run, &parts, error);
}

const struct step_operations destroy_region_operations = {
	.name = "destroy-region",
	.undo_text = "create the region again",
	.undo_adds_memory = true,
	.text = text,
	.check = check,
	.run = run_it,
	.undo = undo,
};
