/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CHOOSE_SET_H
#define KMEMD_CHOOSE_SET_H
/* A region that a person asks for by hand, in place of the sets that policy makes. Pure. */
#include "base/error.h"
#include "plan/find-sets.h"

struct kmemd_region_request {
	char *const *memdevs;	  /* names, NULL-terminated, at least one */
	unsigned int granularity; /* bytes; 0: the window's own, or the nearest that works */
	uint64_t size;		  /* bytes of the region; 0: as much as every memdev has free */
	const char *root_decoder; /* the window; NULL: the first with room */
};

/*
 * The set of exactly these memdevs, each in the position that the kernel demands. It is the only
 * one of *ret. 0; or a negative errno, and the error says which memdev, size or window is in the
 * way. sets_release() is fine after both.
 */
int set_of_request(const struct kmemd_inventory *inventory,
		   const struct kmemd_region_request *request, struct region_sets *ret,
		   struct kmemd_error *error);

#endif
