/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/blocks.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

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

static int compare_blocks(const void *a, const void *b)
{
	uint64_t x = ((const struct memory_block *)a)->index;
	uint64_t y = ((const struct memory_block *)b)->index;

	return (x > y) - (x < y);
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

static int read_block(int directory, uint64_t index, const char *attribute, char text[128])
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/%s", index, attribute);
	r = attribute_read(directory, path, text, 128);
	return r == -ENODEV ? -ENOENT : r; /* open, and then gone */
}

/* Without an answer in valid_zones: no such block, or a kernel that cannot remove memory. */
static int block_read_state(int directory, uint64_t index, enum block_state *ret)
{
	char text[128];
	int r = read_block(directory, index, "state", text);

	if (r == -ENOENT)
		*ret = BLOCK_ABSENT;
	else if (r < 0)
		return r;
	else
		*ret = strcmp(text, "online") ? BLOCK_OFFLINE : BLOCK_MIXED;
	return 0;
}

int block_read(int directory, uint64_t index, enum block_state *ret)
{
	char text[128];
	int r = read_block(directory, index, "valid_zones", text);

	if (r == -ENOENT || (r == 0 && !text[0]))
		return block_read_state(directory, index, ret);
	if (r < 0)
		return r;
	if (!strcmp(text, "none"))
		*ret = BLOCK_MIXED;
	else if (strchr(text, ' '))
		*ret = BLOCK_OFFLINE;
	else
		*ret = !strcmp(text, "Movable") ? BLOCK_MOVABLE : BLOCK_KERNEL;
	return 0;
}

int blocks_read(int directory, struct dax_device *dax)
{
	array_foreach(block, &dax->blocks) {
		int r = block_read(directory, block->index, &block->state);

		if (r < 0)
			return r;
	}
	return 0;
}
