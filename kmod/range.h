/* SPDX-License-Identifier: GPL-2.0-only */
/* Reserves the ranges of a device and adds and removes their memory blocks. */
#ifndef KMEM_RANGE_H
#define KMEM_RANGE_H

#include <linux/types.h>

#include "watch.h"

struct kmem_failures;
struct resource;

/**
 * struct kmem_range - one range of a dax device
 * @watch: its memory blocks
 * @res: what the driver reserves in /proc/iomem, NULL when no block is added
 */
struct kmem_range {
	struct kmem_watch watch;
	struct resource *res;
};

/**
 * struct kmem_pool - all ranges of a dax device
 * @account: what is known of their blocks together
 * @nr_ranges: number of @ranges, the same as the device's
 * @ranges: in the order of their addresses
 */
struct kmem_pool {
	struct kmem_account account;
	unsigned int nr_ranges;
	struct kmem_range *ranges;
};

/**
 * struct kmem_request - how blocks are to be added
 * @name: of the reservation in /proc/iomem
 * @mgid: memory group id
 * @self_host: blocks are to carry their own memmap
 * @strict: a block that cannot is left out, instead of getting an ordinary one
 * @self_host_error: error of the first block that could not, 0 without one
 * @failures: told about every block that could not be added
 */
struct kmem_request {
	const char *name;
	int mgid;
	bool self_host;
	bool strict;
	int self_host_error;
	struct kmem_failures *failures;
};

int kmem_range_module_init(void);
void kmem_range_module_exit(bool memory_stays);

void kmem_range_add_whole(struct kmem_range *range,
			  const struct kmem_request *request);
void kmem_range_add(struct kmem_range *range, struct kmem_request *request);
void kmem_range_remove(struct kmem_range *range);
void kmem_range_remember_poison(const struct kmem_range *range);
void kmem_range_removed(struct kmem_range *range);
unsigned int kmem_range_poisoned(const struct kmem_range *range);

#endif
