/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DAX_SHAPE_H
#define KMEMD_DAX_SHAPE_H
/*
 * Dax devices being cut from their dax region, by the attributes of
 * Documentation/ABI/testing/sysfs-bus-dax (Linux 5.10). The first device of a region (dax0.0) is
 * never deleted by the kernel; without a size it is the seed of the next one, and daxctl does not
 * show it.
 */
#include "step/run.h"

struct step_shape;

/* Numbers below the device's folder: size, align (0 where the kernel has none). */
int dax_read_number(const struct run *run, const char *dax, const char *attribute, uint64_t *ret,
		    struct kmemd_error *error);
int dax_write_number(const struct run *run, const char *dax, const char *attribute, uint64_t value,
		     struct kmemd_error *error);
/* Gives the device a range at these addresses; the end is included. */
int dax_write_mapping(const struct run *run, const char *dax, uint64_t start, uint64_t end,
		      struct kmemd_error *error);

/* The names of the devices of a region (its path from the root of sysfs), as an array of JSON. */
struct json_object *dax_names(const struct run *run, const char *region);
/*
 * The lowest device of the region without a size and a driver; except (may be NULL): not these. 1,
 * 0 when there is none, or a negative errno: the one that could not be read may be it.
 */
int dax_find_idle(const struct run *run, const char *region, struct json_object *except,
		  char name[DEVICE_NAME_MAX], struct kmemd_error *error);
/* Has the kernel make a device, which has no size. The kernel chooses the name. */
int dax_create(const struct run *run, const char *region, char name[DEVICE_NAME_MAX],
	       struct kmemd_error *error);
/*
 * Size and alignment (0: as it is). The kernel takes an alignment that the ranges have, and a size
 * that the alignment divides: one order or the other may be the one that works.
 */
int dax_reshape(const struct run *run, const char *dax, uint64_t size, uint64_t align,
		struct kmemd_error *error);
/*
 * Empties a device and lets it go, as far as the kernel does; only its size goes when it was not
 * created. Refused (-EBUSY) while memory in its ranges is online.
 */
int dax_empty(const struct run *run, const char *region, const char *dax, bool created,
	      struct kmemd_error *error);

/* "create a dax device of 1 GiB …", "resize dax0.1 to …", "set dax0.1 to an alignment of 2 MiB" */
void dax_shape_text(const struct step *step, char *buffer, size_t size);

#endif
