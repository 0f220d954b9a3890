/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/memory-block.h"

#include "base/cleanup.h"
#include "base/compare.h"
#include "base/file.h"
#include "inventory/block-index.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void blocks_of_range(const struct range *range, uint64_t block_size, uint64_t *first,
		     uint64_t *count)
{
	uint64_t end, begin;

	*first = *count = 0;
	if (!block_size || __builtin_add_overflow(range->start, range->size, &end))
		return;
	begin = range->start / block_size + (range->start % block_size != 0);
	end /= block_size;
	*first = begin;
	*count = end > begin ? end - begin : 0;
}

void blocks_touching_range(const struct range *range, uint64_t block_size, uint64_t *first,
			   uint64_t *count)
{
	uint64_t last;

	*first = *count = 0;
	if (!block_size || !range->size)
		return;
	if (__builtin_add_overflow(range->start, range->size - 1, &last))
		last = UINT64_MAX;
	*first = range->start / block_size;
	*count = last / block_size - *first + 1;
}

static int compare_blocks(const void *a, const void *b)
{
	return compare_numbers(((const struct memory_block *)a)->index,
			       ((const struct memory_block *)b)->index);
}

int blocks_find(struct dax_device *dax, uint64_t block_size)
{
	array_foreach(range, &dax->ranges) {
		uint64_t first, count;

		blocks_of_range(range, block_size, &first, &count);
		for (uint64_t i = 0; i < count; i++) {
			struct memory_block *block = array_add(&dax->blocks);

			if (!block)
				return -ENOMEM;
			block->index = first + i;
		}
	}
	if (dax->blocks.count)
		qsort(dax->blocks.items, dax->blocks.count, sizeof(*dax->blocks.items),
		      compare_blocks);
	return 0;
}

int blocks_open(const char *sysfs)
{
	_cleanup_free_ char *path = format_text("%s/devices/system/memory", sysfs);
	int fd;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_block(int directory, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int open_block(int directory, const char *format, ...)
{
	char path[96];
	va_list arguments;
	int fd;

	va_start(arguments, format);
	vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int block_open_zones(int directory, int node, uint64_t index)
{
	if (node < 0)
		return -ENOENT;
	return open_block(directory, "../node/node%d/memory%" PRIu64 "/valid_zones", node, index);
}

int block_read_zones(int fd, enum block_state *ret)
{
	char text[128];
	int r = attribute_read_open(fd, text, sizeof(text));

	if (r < 0)
		return r == -ENODEV ? -ENOENT : r; /* open, and then gone */
	if (!text[0])
		return -ENODATA;
	if (!strcmp(text, "none"))
		*ret = BLOCK_MIXED;
	else if (strchr(text, ' '))
		*ret = BLOCK_OFFLINE;
	else
		*ret = !strcmp(text, "Movable") ? BLOCK_MOVABLE : BLOCK_KERNEL;
	return 0;
}

/* -ENOENT: there is no valid_zones, and -ENODATA: nothing in it. */
static int read_zones_once(int opened, enum block_state *ret)
{
	_cleanup_close_ int fd = opened;

	return fd < 0 ? fd : block_read_zones(fd, ret);
}

/* Of a block that is in no node, or not in the one that was thought. */
static int read_state(int directory, uint64_t index, enum block_state *ret)
{
	char path[64], text[128];
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", index);
	r = attribute_read(directory, path, text, sizeof(text));
	if (r == -ENOENT || r == -ENODEV) {
		*ret = BLOCK_ABSENT;
		return 0;
	}
	if (r < 0)
		return r;
	if (!text[0]) /* that says nothing, least of all that it is offline */
		return -EIO;
	if (strcmp(text, "online")) {
		*ret = BLOCK_OFFLINE;
		return 0;
	}
	r = read_zones_once(open_block(directory, "memory%" PRIu64 "/valid_zones", index), ret);
	/* A kernel that cannot remove memory has none. */
	if (r == -ENOENT || r == -ENODATA) {
		*ret = BLOCK_MIXED;
		r = 0;
	}
	return r;
}

int block_read(int directory, int node, uint64_t index, enum block_state *ret)
{
	int r = read_zones_once(block_open_zones(directory, node, index), ret);

	return r == -ENOENT || r == -ENODATA ? read_state(directory, index, ret) : r;
}

int blocks_read(int directory, struct dax_device *dax)
{
	array_foreach(block, &dax->blocks) {
		int r = block_read(directory, dax->target_node, block->index, &block->state);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_touched(const struct range *ranges, size_t count, uint64_t block_size,
		       uint64_t number)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t first, blocks;

		blocks_touching_range(&ranges[i], block_size, &first, &blocks);
		if (number >= first && number - first < blocks)
			return true;
	}
	return false;
}

/* Anything but "offline" is in use; a block that is gone is not. */
static int is_in_use(int directory, uint64_t number, bool *ret)
{
	char path[64], text[32];
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", number);
	r = attribute_read(directory, path, text, sizeof(text));
	*ret = r == 0 && strcmp(text, "offline") != 0;
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

int blocks_count_online(const char *sysfs, const struct range *ranges, size_t count,
			uint64_t block_size, unsigned int *ret_online, uint64_t *ret_first)
{
	_cleanup_(block_index_close) struct block_index index = BLOCK_INDEX_NONE;
	unsigned int online = 0;
	uint64_t first = 0;
	int r = block_index_open(sysfs, &index);

	for (size_t i = 0; r == 0 && i < index.blocks.count; i++) {
		uint64_t number = index.blocks.items[i].block.index;
		bool in_use = false;

		if (is_touched(ranges, count, block_size, number))
			r = is_in_use(index.directory, number, &in_use);
		if (in_use && !online++)
			first = number;
	}
	if (r < 0)
		return r;
	*ret_online = online;
	*ret_first = first;
	return 0;
}
