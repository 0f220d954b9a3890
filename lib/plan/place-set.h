/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLACE_SET_H
#define KMEMD_PLACE_SET_H
/* Whether memdevs make one region in a CXL window, in which order, and where it lies. Pure. */
#include "plan/interleave.h"
#include "plan/region-place.h"

struct set_place {
	const struct memdev *members[INTERLEAVE_MAX]; /* by position */
	struct place place;
	unsigned int granularity; /* bytes */
};

/* Whether a volatile region of so many positions can be made in the window at all. */
bool window_takes_set(const struct root_decoder *window, unsigned int ways,
		      struct obstacles *obstacles);

/*
 * A region of `ways` of the candidates, with member_size bytes of each. The window reaches all
 * candidates, which are sorted by interleave_compare(). `granularity` is what is wanted, 0 the
 * window's own. Without members[0] no choice of them fits the window; otherwise they find no room,
 * and the obstacles say why.
 */
bool place_set(const struct space *space, struct root_decoder *window, unsigned int ways,
	       const struct memdev *const *candidates, size_t count, uint64_t member_size,
	       unsigned int granularity, struct obstacles *obstacles, struct set_place *ret);

#endif
