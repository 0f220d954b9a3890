/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REGION_PLACE_H
#define KMEMD_REGION_PLACE_H
/*
 * Where in the physical addresses a region can lie: what CXL windows have free, what ports and
 * decoders accept. Pure.
 */
#include "inventory/inventory.h"
#include "plan/plan.h"

/* Regions are made of 256 MiB units (CXL 3.1, 9.18.1.3: CFMWS window size). */
#define REGION_UNIT (UINT64_C(256) << 20)

/* What is free, less what is planned already. */
struct space {
	const struct kmemd_inventory *inventory;
	ARRAY(struct root_decoder) windows; /* copies, of which free is their own */
	unsigned int *claimed;		    /* decoders of each port of the inventory */
};

/* 0 or -ENOMEM; space_release() is fine after both. */
int space_init(struct space *space, const struct kmemd_inventory *inventory);
void space_release(struct space *space);

/* A window with room, and the place in it. */
struct place {
	struct root_decoder *window; /* of the space */
	uint64_t start, size;	     /* start 0: not known */
	bool forced;		     /* the kernel's own choice would be another one */
};

/* The last obstacle that a window was found to have. */
struct obstacles {
	const struct root_decoder *full, *old, *fixed, *unordered, *interleaved;
	const struct region *above;
	const struct port *busy;		 /* no decoder is free, or the kernel gives none */
	const struct port_decoder *gap, *behind; /* of it: a free one before one in use */
};

/* Whether volatile regions can be made in the window at all. */
bool window_is_usable(const struct root_decoder *window, struct obstacles *obstacles);
bool window_reaches(const struct root_decoder *window, const struct memdev *memdev);

/* A place for a region of these memdevs; false when there is none. */
bool space_find(const struct space *space, struct root_decoder *window,
		const struct memdev *const *members, unsigned int ways, uint64_t size,
		struct obstacles *obstacles, struct place *ret);
/* Takes it away from what is free. 0 or -ENOMEM. */
int space_claim(struct space *space, const struct place *place, const struct memdev *const *members,
		unsigned int ways);

/* Why there is no place, as a sentence; "" when nothing is in the way. */
void describe_obstacles(const struct kmemd_inventory *inventory, const struct obstacles *obstacles,
			const char *memdev, uint64_t size, char *buffer, size_t buffer_size);

/*
 * The lowest place in a window for a region, as get_free_mem_region() finds it: in units of
 * 256 MiB, not below floor, holding as many whole memory blocks as any. 0 when there is none.
 */
uint64_t region_place(const struct root_decoder *window, uint64_t size, uint64_t floor,
		      uint64_t block_size);

#endif
