/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REQUEST_H
#define KMEMD_REQUEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a person asks for by hand, in place of policy; the verbs are daxctl's. Devices are dax
 * devices, called by name, by "all", or by what they were made of.
 */
enum kmemd_verb {
	KMEMD_RECONFIGURE_DEVICE,
	KMEMD_ONLINE_MEMORY,
	KMEMD_OFFLINE_MEMORY,
	KMEMD_ENABLE_DEVICE,
	KMEMD_DISABLE_DEVICE,
	KMEMD_CREATE_DEVICE,
	KMEMD_DESTROY_DEVICE,
};

enum kmemd_mode {
	KMEMD_MODE_UNCHANGED, /* of a new device: devdax */
	KMEMD_MODE_DEVDAX,
	KMEMD_MODE_SYSTEM_RAM,
};

struct kmemd_range {
	uint64_t start, end; /* bytes; the end is included */
};

struct kmemd_request {
	enum kmemd_verb verb;
	char *const *devices; /* NULL-terminated; NULL (all regions) for KMEMD_CREATE_DEVICE */
	const char *region;   /* only devices of this dax region; NULL: of all */
	enum kmemd_mode mode;
	bool no_online;	      /* leave the blocks offline */
	bool no_movable;      /* online in the kernel zone */
	bool force;	      /* offline memory first where that is needed */
	bool keep;	      /* when some of it cannot be done, keep what is done */
	bool has_size;	      /* else: what there is */
	uint64_t size, align; /* bytes; align 0: as it is */
	/* Of a new device: exactly these, in this order. */
	const struct kmemd_range *mappings;
	size_t mapping_count;
};

#endif
