/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_INTERLEAVE_H
#define KMEMD_INTERLEAVE_H
/*
 * Which memdevs can share a region, and at which position each has to be. Pure.
 *
 * A region of a window with W targets has W times a power of two positions (interleave_ways_store()
 * in drivers/cxl/core/region.c). Position P belongs to the window's target P % W, whatever its
 * arithmetic (cxl_region_attach_position(), Linux 6.11; CXL 3.1, table 9-22: targets are in the
 * order of interleaving, for XOR too). A port below hands its positions to its own targets in turn,
 * and so on down (check_last_peer(): members below one target of a port are a fixed distance
 * apart).
 */
#include "inventory/inventory.h"

#define INTERLEAVE_MAX REGION_WAYS_MAX

/* The order of memdevs by where they are plugged in, for qsort() of pointers to them. */
int interleave_compare(const struct memdev *a, const struct memdev *b);

/* Whether a region in the window can have so many positions. */
bool interleave_fits_window(const struct root_decoder *window, unsigned int ways);

/*
 * Chooses members of a region from candidates, which are sorted by interleave_compare(), spread
 * over as many host bridges as the window has, then over as many ports as there are. Those chosen
 * are put into `members` by position. false: they make no such region.
 */
bool interleave_choose(const struct root_decoder *window, unsigned int ways,
		       const struct memdev *const *candidates, size_t count,
		       const struct memdev *members[INTERLEAVE_MAX]);

/*
 * Bytes that go to one member before the next, the nearest to what is wanted (0: the window's own)
 * that the ports on the way can do; 0: none. A window of several targets dictates its own
 * (interleave_granularity_store()); a port's is that of the port above times the targets of that
 * one, and 16 KiB at most (cxl_port_setup_targets()).
 */
unsigned int interleave_granularity(const struct root_decoder *window, unsigned int ways,
				    const struct memdev *const *members, unsigned int wanted);

#endif
