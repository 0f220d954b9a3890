/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_READ_HOST_H
#define KMEMD_READ_HOST_H
/* What does not belong to a device. 0, or a negative errno and the error. */
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

int read_host(const struct kmemd *kmemd, struct kmemd_inventory *inventory,
	      struct kmemd_error *error);

/* The host's name and kernel. Cannot fail. */
void read_host_names(struct host *host);
/* The size of a memory block, into host; REFUSED on a kernel without memory hotplug. */
int read_block_size(const struct kmemd *kmemd, struct host *host, struct kmemd_error *error);
/* Adds one memory node, unless it is gone. 0 or -ENOMEM. */
int read_node(const struct kmemd *kmemd, int id, struct kmemd_inventory *inventory);

#endif
