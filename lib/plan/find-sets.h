/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FIND_SETS_H
#define KMEMD_FIND_SETS_H
/*
 * Sets of expanders: which memdevs make one region together, in which window and order. Pure. A set
 * is made of memdevs that one policy file matches and that have as much free volatile capacity;
 * what is in use is never taken apart. What is found depends on where memdevs are plugged in, and
 * not on how the kernel numbers them.
 */
#include "plan/interleave.h"
#include "plan/region-place.h"

/* Whether a device takes part. */
enum set_part {
	SET_OUT,   /* it is to be left alone */
	SET_IN,	   /* it is there */
	SET_WAITS, /* it is there, and may still wait for others */
};

struct set_source {
	const struct kmemd_policy *policy;
	enum set_part (*ask)(void *userdata, const struct device *device,
			     const struct decision *decision);
	void *userdata;
};

/* A region to be: of one memdev or several. */
struct region_set {
	struct place place;
	unsigned int ways, granularity;
	uint64_t member_size;			      /* bytes of each */
	const struct device *members[INTERLEAVE_MAX]; /* by position; the first speaks for it */
	char note[320];				      /* why it is not what was asked for, or "" */
};

/* What was found of a device. */
struct set_entry {
	size_t set;	    /* one more than its index; 0: in none */
	char waits[192];    /* what for, or "" */
	char obstacle[240]; /* why there is no place for the set that it could be in, or "" */
};

struct region_sets {
	const struct kmemd_inventory *inventory;
	struct space space; /* less what the sets take */
	ARRAY(struct region_set) sets;
	struct set_entry *entries; /* of each device of the inventory */
};

/* 0 or -ENOMEM; sets_release() is fine after both. */
int sets_find(const struct kmemd_inventory *inventory, const struct set_source *source,
	      struct region_sets *ret);
void sets_release(struct region_sets *sets);

/* The set that a device is in, or NULL. */
const struct region_set *set_of(const struct region_sets *sets, const struct device *device);
/* Why a set of the device, which is in none, has no place; or "": it would be in none anyway. */
const char *set_obstacle(const struct region_sets *sets, const struct device *device);
/* What the device waits for, or "". */
const char *set_waits(const struct region_sets *sets, const struct device *device);

#endif
