/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/place-set.h"

/* Two targets that are one host bridge: its own decoder could not tell their addresses apart. */
static bool repeats_target(const struct root_decoder *window)
{
	for (size_t i = 0; i < window->targets.count; i++)
		for (size_t j = 0; j < i; j++)
			if (window->targets.items[i].id == window->targets.items[j].id)
				return true;
	return false;
}

bool window_takes_set(const struct root_decoder *window, unsigned int ways,
		      struct obstacles *obstacles)
{
	return interleave_fits_window(window, ways) && window_is_usable(window, obstacles) &&
	       !repeats_target(window);
}

static bool choose(const struct root_decoder *window, unsigned int ways,
		   const struct memdev *const *candidates, size_t count,
		   const struct memdev *members[INTERLEAVE_MAX])
{
	if (!count)
		return false;
	if (ways > 1)
		return interleave_choose(window, ways, candidates, count, members);
	members[0] = candidates[0];
	return window->ways == 1;
}

bool place_set(const struct space *space, struct root_decoder *window, unsigned int ways,
	       const struct memdev *const *candidates, size_t count, uint64_t member_size,
	       unsigned int granularity, struct obstacles *obstacles, struct set_place *ret)
{
	uint64_t size;

	ret->members[0] = NULL;
	if (count < ways || __builtin_mul_overflow(member_size, ways, &size))
		return false;
	if (!choose(window, ways, candidates, count, ret->members)) {
		ret->members[0] = NULL;
		return false;
	}
	ret->granularity = interleave_granularity(window, ways, ret->members, granularity);
	return ret->granularity &&
	       space_find(space, window, ret->members, ways, size, obstacles, &ret->place);
}
