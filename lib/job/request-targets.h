/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REQUEST_TARGETS_H
#define KMEMD_REQUEST_TARGETS_H
/* What a request is about, read from the machine; the errors name what is not there. */
#include "base/error.h"
#include "context.h"
#include "plan/plan-request.h"

/* A verb that changes nothing but the states of memory blocks. */
bool request_only_blocks(const struct kmemd_request *request);

/* The DAX_READ_* that a request takes, to be carried out or only to be planned. */
unsigned int request_what_to_read(const struct kmemd_request *request, bool plan_only);

/*
 * A snapshot of the dax devices that are meant (NULL: all), each with its devices in the order of
 * identities. A name that is nobody's is no error.
 */
int request_read_devices(struct kmemd *kmemd, const struct kmemd_request *request,
			 char *const *names, unsigned int what, struct kmemd_inventory **ret,
			 struct kmemd_error *error);
/* The first of the devices that a dax device was made of; NULL when it has none. */
const struct device *request_device_of(const struct kmemd_inventory *inventory,
				       const struct dax_device *dax);
/* `what` is that of the snapshot. Its device is NULL when there is none. */
struct request_target request_target_of(const struct kmemd_inventory *inventory,
					const struct kmemd_request *request,
					const struct dax_device *dax, unsigned int what);

/*
 * A snapshot of the dax regions that a device can be made in, with what is cut from them already.
 * KMEMD_NO_DEVICE without a region, KMEMD_REFUSED when none has room.
 */
int request_read_regions(struct kmemd *kmemd, const struct kmemd_request *request,
			 struct kmemd_inventory **ret, struct kmemd_error *error);
/* Regions that have room; one that is named is tried whether it has or not. */
bool request_is_candidate(const struct kmemd_request *request, const struct dax_region *region);
/* Of the region with this index in the snapshot. */
struct request_target request_region_target(const struct kmemd_inventory *inventory, size_t i);

#endif
