/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_TURNS_H
#define KMEMD_TURNS_H
/* In which order a job of policy takes devices. */
#include "plan/find-sets.h"

/* A device's turn in the job. */
struct turn {
	char *identity;
	uint64_t start; /* of the region that it will have; UINT64_MAX: none */
	size_t number;
};

typedef ARRAY(struct turn) turn_list;

/*
 * Regions are made from the lowest addresses upwards: ports take no other order, and it does not
 * depend on how memdevs are numbered. 0 or -ENOMEM; turns_release() is fine after both.
 */
int turns_find(const struct region_sets *sets, turn_list *turns);
void turns_release(turn_list *turns);

#endif
