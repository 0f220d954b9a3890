/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CXL_REGION_H
#define KMEMD_CXL_REGION_H
/*
 * Volatile CXL regions, by the attributes of Documentation/ABI/testing/sysfs-bus-cxl
 * (create_ram_region: Linux 6.3). They are written here and not through libcxl, because libcxl 76
 * cannot make volatile regions and because a failure has to name the attribute that refused.
 */
#include "step/run.h"

/* In sysfs. */
#define CXL_DEVICES "bus/cxl/devices"
#define CXL_DRIVER  "bus/cxl/drivers/cxl_region"

/* What a region is made of. */
struct region_parts {
	char region[DEVICE_NAME_MAX]; /* its name, which the kernel gives */
	char root_decoder[DEVICE_NAME_MAX];
	char decoders[REGION_WAYS_MAX][DEVICE_NAME_MAX]; /* of endpoints, by position */
	unsigned int target_count;			 /* 0: it only holds a place */
	unsigned int granularity, ways;
	uint64_t size;
	uint64_t start; /* where it has to lie; 0: where the kernel puts it */
};

struct json_object *region_parts_to_json(const struct region_parts *parts);
void region_parts_from_json(const struct json_object *json, struct region_parts *ret);

/* The name that the kernel gives the next region of the window. */
int region_next_name(const struct run *run, const char *root_decoder, char name[DEVICE_NAME_MAX],
		     struct kmemd_error *error);
/* Claims that name. -EAGAIN or -EBUSY (before 6.9): another program was faster. */
int region_claim(const struct run *run, const struct region_parts *parts,
		 struct kmemd_error *error);
/*
 * Gives a region that has been claimed its size, and with it its addresses, the lowest that are
 * free. Where that is below parts->start it becomes a filler up to there, which is 1: it has to be
 * kept until the real one has its place, and destroyed then. -EBUSY when it is above.
 */
int region_settle_place(const struct run *run, const struct region_parts *parts,
			struct kmemd_error *error);
/* Programs and enables a region that has its place. */
int region_build(const struct run *run, const struct region_parts *parts,
		 struct kmemd_error *error);

/* Bytes that an endpoint decoder holds; 0 also when it is gone. */
uint64_t decoder_capacity(const struct run *run, const char *decoder);
int decoder_set_capacity(const struct run *run, const char *decoder, uint64_t size,
			 struct kmemd_error *error);

bool region_exists(const struct run *run, const char *region);
/*
 * Whether what has that name can be what was made of those parts: another program may have taken
 * the name when this one was killed before it did. A region without targets is taken for ours.
 */
bool region_is_made_of(const struct run *run, const struct region_parts *parts);
bool region_is_committed(const struct run *run, const char *region);
/* Whether it is bound to cxl_region: then its dax region exists. */
bool region_has_driver(const struct run *run, const char *region);
/*
 * Whether the hardware decodes the region's addresses, as far as the kernel knows: only then memory
 * may be put online there. Firmware's regions of Linux 6.12 that are half assembled have commit 0
 * although they decode; they have no dax device either.
 */
bool region_decodes(const struct run *run, const char *region);

int region_bind(const struct run *run, const char *region, struct kmemd_error *error);
/*
 * Takes the region's driver, and with it its dax devices, away. Refused (-EBUSY) while any of its
 * memory is in use: asked by address, immediately before.
 */
int region_unbind(const struct run *run, const char *region, struct kmemd_error *error);
/*
 * Frees whatever of a region exists, in the order that the kernel takes: driver, commit, targets,
 * DPA, region. Refused like region_unbind(). Every part that can be freed is; the first error is
 * returned. The endpoint decoders are those that the region's targets name, and those in parts.
 */
int region_destroy(const struct run *run, const struct region_parts *parts,
		   struct kmemd_error *error);

#endif
