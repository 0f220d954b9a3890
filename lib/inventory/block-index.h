/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_BLOCK_INDEX_H
#define KMEMD_BLOCK_INDEX_H
/*
 * The memory blocks of the machine: which there are, by one look at their folder, and the states of
 * those that are asked for, once each. Most dax devices that are not in kmem have no blocks, and
 * that takes no system call for each block that might be there.
 */
#include "inventory/inventory.h"

#include <dirent.h>

struct indexed_block {
	struct memory_block block;
	bool asked; /* the state was read */
};

struct block_index {
	DIR *folder;
	int directory;			    /* of that folder */
	ARRAY(struct indexed_block) blocks; /* ascending */
};

#define BLOCK_INDEX_NONE                                                                           \
	{                                                                                          \
		.directory = -1                                                                    \
	}

/* 0 or a negative errno, with nothing to be closed then. */
int block_index_open(const char *sysfs, struct block_index *ret);
void block_index_close(struct block_index *index);

/* The position of the first block with that number or a higher one; the count if there is none. */
size_t block_index_find(const struct block_index *index, uint64_t number);
/* Whether there is a block that lies wholly inside one of the ranges. */
bool block_index_has(const struct block_index *index, const struct range *ranges, size_t count,
		     uint64_t block_size);
/* The states of the device's blocks; ABSENT where there was none. 0 or a negative errno. */
int block_index_read(struct block_index *index, struct dax_device *dax);
/* Counts the blocks that are online and lie in the range or in a part of it. */
int block_index_count(struct block_index *index, const struct range *range, uint64_t block_size,
		      unsigned int *ret_online, uint64_t *ret_first);

#endif
