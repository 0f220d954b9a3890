/* SPDX-License-Identifier: GPL-2.0-only */
/* Adds all memory blocks of a device, and takes all of them out of the system. */
#ifndef KMEM_PLUG_H
#define KMEM_PLUG_H

#include <linux/list.h>
#include <linux/types.h>

#include "range.h"
#include "words.h"

struct dev_dax;
struct device;
struct memory_dev_type;

/**
 * struct kmem_memory - the memory that the driver made of one dax device
 * @list: entry in the list of all of them
 * @dev: the device it is bound to; NULL while it is remembered after unbind
 * @name: name of the device that it was made of, also of the resources
 * @node: target node
 * @type: memory type of the node
 * @mgid: memory group id
 * @self_host_wanted: memmap_on_memory when it was bound
 * @self_host_asked: somebody wrote it, it is not a default
 * @self_host_error: why a block got an ordinary memmap all the same, 0 if none did
 * @nr_poisoned: blocks with poisoned pages when they were counted last
 * @truncated: bytes of the device that are in no whole block
 * @pool: its ranges
 * @ranges: those of @pool
 *
 * It lives as long as it is bound or one of its blocks is added. All of it is
 * under the mutex of device.c, but for what watch.c keeps in @pool. What is read
 * without it does not change while the device is bound, or is a single number.
 */
struct kmem_memory {
	struct list_head list;
	struct device *dev;
	char *name;
	int node;
	struct memory_dev_type *type;
	int mgid;
	bool self_host_wanted;
	bool self_host_asked;
	int self_host_error;
	unsigned int nr_poisoned;
	u64 truncated;
	struct kmem_pool pool;
	struct kmem_range ranges[];
};

struct kmem_memory *kmem_memory_alloc(struct dev_dax *dev_dax);
void kmem_memory_free(struct kmem_memory *mem);
struct kmem_numbers kmem_memory_numbers(struct kmem_memory *mem);
int kmem_memory_write_reason(struct kmem_memory *mem, char *text, size_t size);

int kmem_plug_add(struct kmem_memory *mem, enum kmem_state wanted);
bool kmem_plug_shrink(struct kmem_memory *mem);
int kmem_plug_out(struct kmem_memory *mem);
int kmem_plug_in(struct kmem_memory *mem, enum kmem_state wanted);

#endif
