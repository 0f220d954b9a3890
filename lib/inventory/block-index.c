/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/block-index.h"

#include "base/cleanup.h"
#include "base/compare.h"
#include "base/file.h"
#include "base/parse.h"
#include "inventory/memory-block.h"

static int compare_blocks(const void *a, const void *b)
{
	return compare_numbers(((const struct indexed_block *)a)->block.index,
			       ((const struct indexed_block *)b)->block.index);
}

/* "memory32"; other things in that folder have other names. */
static bool block_number(const char *name, uint64_t *ret)
{
	const char *number = name + strlen("memory");

	return !strncmp(name, "memory", strlen("memory")) && *number >= '0' && *number <= '9' &&
	       parse_u64(number, ret) == 0;
}

static int list_blocks(struct block_index *index)
{
	struct dirent *entry;

	while (errno = 0, (entry = readdir(index->folder))) {
		struct indexed_block *block;
		uint64_t number;

		if (!block_number(entry->d_name, &number))
			continue;
		block = array_add(&index->blocks);
		if (!block)
			return -ENOMEM;
		block->block.index = number;
	}
	if (errno)
		return -errno;
	if (index->blocks.count)
		qsort(index->blocks.items, index->blocks.count, sizeof(*index->blocks.items),
		      compare_blocks);
	return 0;
}

int block_index_open(const char *sysfs, struct block_index *ret)
{
	_cleanup_free_ char *path = format_text("%s/devices/system/memory", sysfs);
	struct block_index index = {.folder = path ? opendir(path) : NULL};
	int r;

	if (!index.folder)
		return path ? -errno : -ENOMEM;
	index.directory = dirfd(index.folder);
	r = list_blocks(&index);
	if (r < 0)
		block_index_close(&index);
	else
		*ret = index;
	return r;
}

void block_index_close(struct block_index *index)
{
	closedirp(&index->folder);
	free(index->blocks.items);
	*index = (struct block_index)BLOCK_INDEX_NONE;
}

size_t block_index_find(const struct block_index *index, uint64_t number)
{
	size_t low = 0, high = index->blocks.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->blocks.items[middle].block.index < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool block_index_has(const struct block_index *index, const struct range *ranges, size_t count,
		     uint64_t block_size)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t first, blocks;
		size_t at;

		blocks_of_range(&ranges[i], block_size, &first, &blocks);
		at = block_index_find(index, first);
		if (at < index->blocks.count &&
		    index->blocks.items[at].block.index - first < blocks)
			return true;
	}
	return false;
}

static int ask(struct block_index *index, int node, struct indexed_block *block)
{
	int r;

	if (block->asked)
		return 0;
	r = block_read(index->directory, node, block->block.index, &block->block.state);
	block->asked = r == 0;
	return r;
}

int block_index_read(struct block_index *index, struct dax_device *dax)
{
	array_foreach(block, &dax->blocks) {
		size_t at = block_index_find(index, block->index);
		struct indexed_block *found = index->blocks.items + at;
		int r;

		block->state = BLOCK_ABSENT;
		if (at == index->blocks.count || found->block.index != block->index)
			continue;
		r = ask(index, dax->target_node, found);
		if (r < 0)
			return r;
		block->state = found->block.state;
	}
	return 0;
}

int block_index_count(struct block_index *index, const struct range *range, uint64_t block_size,
		      unsigned int *ret_online, uint64_t *ret_first)
{
	uint64_t first, count, first_online = 0;
	unsigned int online = 0;

	blocks_touching_range(range, block_size, &first, &count);
	for (size_t at = block_index_find(index, first); at < index->blocks.count; at++) {
		struct indexed_block *block = &index->blocks.items[at];
		int r;

		if (block->block.index - first >= count)
			break;
		r = ask(index, NODE_UNKNOWN, block);
		if (r < 0)
			return r;
		if (block_is_online(block->block.state) && !online++)
			first_online = block->block.index;
	}
	*ret_online = online;
	*ret_first = first_online;
	return 0;
}
