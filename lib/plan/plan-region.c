/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-region.h"

#include "base/parse.h"
#include "plan/find-sets.h"
#include "plan/memdev-capacity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Whether capacity is there that a region could be made of. */
static bool has_capacity(struct plan *plan, const struct memdev *memdev)
{
	char why[sizeof(plan->refusal)];

	if (!memdev_describe_unusable(memdev, why, sizeof(why)))
		return true;
	if (memdev->restricted || memdev->accelerator || !memdev->enabled)
		plan_note(plan, "%s", why);
	else
		plan_refuse(plan, "%s", why);
	return false;
}

/* --- of one memdev ------------------------------------------------------------------------------
 */

static void refuse_place(struct plan *plan, const struct kmemd_inventory *inventory,
			 const struct obstacles *obstacles, uint64_t size)
{
	const char *memdev = plan->device->memdev->name;
	char why[sizeof(plan->refusal)];

	describe_obstacles(inventory, obstacles, memdev, size, why, sizeof(why));
	if (!why[0] && obstacles->interleaved && plan->sets)
		snprintf(why, sizeof(why), "%s", set_obstacle(plan->sets, plan->device));
	if (why[0])
		plan_refuse(plan, "%s", why);
	else if (obstacles->interleaved)
		plan_refuse(plan,
			    "the only CXL window for volatile memory that reaches %s, %s, "
			    "interleaves over %u host bridges, and there are no expanders with as "
			    "much free capacity to go with it below the others",
			    memdev, obstacles->interleaved->name, obstacles->interleaved->ways);
	else
		plan_refuse(plan, "no CXL window for volatile memory reaches %s", memdev);
}

/* The first window that reaches the memdev and has room; the plan is refused when there is none. */
static bool choose_place(struct plan *plan, struct space *space, uint64_t size, struct place *ret)
{
	const struct memdev *memdev = plan->device->memdev;
	struct obstacles obstacles = {0};

	array_foreach(window, &space->windows) {
		if (!window_reaches(window, memdev) || !window->volatile_capable)
			continue;
		if (window->ways > 1)
			obstacles.interleaved = window;
		else if (window_is_usable(window, &obstacles) &&
			 space_find(space, window, &memdev, 1, size, &obstacles, ret))
			return true;
	}
	refuse_place(plan, space->inventory, &obstacles, size);
	return false;
}

/* --- the step -----------------------------------------------------------------------------------
 */

static void fill_place(struct step_create_region *create, const struct place *place)
{
	copy_name(create->root_decoder, place->window->name);
	create->size = place->size;
	create->start = place->forced ? place->start : 0;
}

static void fill_target(struct step *step, unsigned int position, const struct memdev *memdev)
{
	struct region_target *target = &step->create_region.targets[position];

	copy_name(target->memdev, memdev->name);
	copy_name(target->decoder, memdev_next_decoder(memdev));
	step->lost_bytes += memdev->ram_size - memdev->ram_allocated - memdev_free_units(memdev);
}

static int add_step(struct plan *plan, const struct place *place, unsigned int granularity,
		    const struct memdev *const *members, unsigned int ways, struct range *ret_range)
{
	bool by_hand = plan->goal == GOAL_CREATE_REGION;
	struct step *step = plan_add_step(plan, STEP_CREATE_REGION, plan->device->memdev->name,
					  by_hand ? KEY_COUNT : KEY_CREATE);

	if (!step)
		return -ENOMEM;
	fill_place(&step->create_region, place);
	step->create_region.granularity = granularity;
	step->create_region.ways = ways;
	for (unsigned int i = 0; i < ways; i++)
		fill_target(step, i, members[i]);
	*ret_range = (struct range){place->start, place->size};
	return 1;
}

/* The region of a set, by its first member. */
static int plan_set(struct plan *plan, const struct region_set *set, struct range *ret_range)
{
	const struct memdev *members[INTERLEAVE_MAX];

	for (unsigned int i = 0; i < set->ways; i++)
		members[i] = set->members[i]->memdev;
	if (set->note[0])
		plan_note(plan, "%s", set->note);
	if (set->members[0] != plan->device) {
		plan_note(plan, "it goes into one region with %s, which speaks for all %u",
			  set->members[0]->name, set->ways);
		return 0;
	}
	return add_step(plan, &set->place, set->granularity, members, set->ways, ret_range);
}

static int plan_alone(struct plan *plan, struct space *space, uint64_t size,
		      struct range *ret_range)
{
	const struct memdev *memdev = plan->device->memdev;
	struct place place;
	unsigned int granularity;

	if (!choose_place(plan, space, size, &place))
		return 0;
	granularity = interleave_granularity(place.window, 1, &memdev,
					     plan->decision.settings.granularity);
	return add_step(plan, &place, granularity, &memdev, 1, ret_range);
}

int plan_new_region(struct plan *plan, const struct kmemd_inventory *inventory,
		    struct range *ret_range)
{
	const struct memdev *memdev = plan->device->memdev;
	const struct region_set *set = plan->sets ? set_of(plan->sets, plan->device) : NULL;
	const char *waits = plan->sets ? set_waits(plan->sets, plan->device) : "";
	uint64_t size = memdev_free_units(memdev);
	struct space space;
	int r;

	note_stranded(plan, memdev);
	if (!size || !has_capacity(plan, memdev))
		return 0;
	if (waits[0]) {
		plan_note(plan, "%s", waits);
		return 0;
	}
	if (set)
		return plan_set(plan, set, ret_range);
	if (plan->sets)
		return plan_alone(plan, &plan->sets->space, size, ret_range);
	r = space_init(&space, inventory);
	if (r == 0)
		r = plan_alone(plan, &space, size, ret_range);
	space_release(&space);
	return r;
}
