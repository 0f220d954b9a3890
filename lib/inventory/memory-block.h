/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_MEMORY_BLOCK_H
#define KMEMD_MEMORY_BLOCK_H
/* Memory blocks by arithmetic over a device's ranges, and their state in sysfs. */
#include "inventory/inventory.h"

#define NODE_UNKNOWN (-1)

/*
 * The blocks that lie wholly inside a range: first index and count. A range is cut inwards to the
 * block size, as kmem does. Pure; a range that would wrap around has no blocks.
 */
void blocks_of_range(const struct range *range, uint64_t block_size, uint64_t *first,
		     uint64_t *count);

/*
 * The blocks that lie inside a range or overlap one of its edges. An online block is in use over
 * its whole length, whatever part of it belongs to whom. A range that would wrap around is cut.
 */
void blocks_touching_range(const struct range *range, uint64_t block_size, uint64_t *first,
			   uint64_t *count);

/* Fills dax->blocks from dax->ranges, ascending, all ABSENT. 0 or -ENOMEM. */
int blocks_find(struct dax_device *dax, uint64_t block_size);

/* An fd of sysfs' folder of memory blocks, or a negative errno. */
int blocks_open(const char *sysfs);
/*
 * `valid_zones` alone tells a block's state (drivers/base/memory.c, valid_zones_show(), the same
 * from Linux 6.1 to 7.3): of an online block it is the one zone that it is in, or "none" when it is
 * in several; of any other, one that is going offline included, the zone it would go to by default
 * and those it may be put into, which are at least two words, ZONE_MOVABLE being one of them.
 *
 * But it must not be read while the block is being added: until the block is told its node, the
 * kernel dereferences a null pointer there (seen on 6.12; in 7.2 a block has its node from the
 * first). The node's own link to the block comes after that, so the file is opened through it.
 * `directory` is that of blocks_open().
 */

/* An fd of valid_zones. -ENOENT without such a block in the node, or with a node below 0. */
int block_open_zones(int directory, int node, uint64_t index);
/* Asks the kernel at every call. -ENOENT: the block is gone; -ENODATA: it says nothing. */
int block_read_zones(int fd, enum block_state *ret);
/*
 * The state of one block: 0, or a negative errno. A block without a folder is ABSENT, which is no
 * error. Where the node is not known (below 0) or is another one, `state` is asked first, and
 * valid_zones of an online block only, which has its node.
 */
int block_read(int directory, int node, uint64_t index, enum block_state *ret);
/* block_read() for all blocks of the device. */
int blocks_read(int directory, struct dax_device *dax);

/*
 * Asks the kernel how many blocks in these ranges are online, those that overlap an edge included,
 * whatever driver is bound or none; a block that is going offline is still online. *ret_first is
 * the lowest one's number when there is any. One look at the folder of blocks, and three system
 * calls for each block there is in the ranges: cheap enough to be asked in the last moment before
 * something that cannot be taken back. 0 or a negative errno, and then nothing is known.
 */
int blocks_count_online(const char *sysfs, const struct range *ranges, size_t count,
			uint64_t block_size, unsigned int *ret_online, uint64_t *ret_first);

#endif
