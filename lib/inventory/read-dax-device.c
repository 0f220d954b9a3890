/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One dax device's attributes and ranges (Documentation/ABI/testing/sysfs-bus-dax). */
#include "inventory/read-dax-device.h"

#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "inventory/dax-source.h"
#include "inventory/read-dax.h"

#include <inttypes.h>
#include <stdio.h>

/* Physical addresses have at most 52 bits on x86-64 and arm64 alike. */
#define ADDRESS_LIMIT (UINT64_C(1) << 52)

static int read_text(const struct dax_reader *reader, const char *name, const char *attribute,
		     char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", name, attribute);
	return attribute_read(reader->directory, path, text, size);
}

/* What the kernel answers for a device, or a part of it, that is on its way out. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -ENXIO;
}

static int read_number(const struct dax_reader *reader, const char *name, const char *attribute,
		       uint64_t *ret, struct kmemd_error *error)
{
	char text[64];
	int r = read_text(reader, name, attribute, text, sizeof(text));

	if (is_gone(r))
		return -ENODEV;
	if (r == -EACCES || r == -EPERM)
		return -EACCES;
	if (r < 0)
		return error_errno(error, EINVAL, "%s: cannot read %s: %s", name, attribute,
				   strerror(-r));
	if (parse_u64(text, ret) < 0)
		return error_errno(error, EINVAL, "%s: %s says '%s', which is no number", name,
				   attribute, text);
	return 0;
}

/* Attributes that a kernel may not have, or that must not spoil the rest. */
static uint64_t read_optional(const struct dax_reader *reader, const char *name,
			      const char *attribute, uint64_t otherwise)
{
	uint64_t value;

	return read_number(reader, name, attribute, &value, NULL) < 0 ? otherwise : value;
}

static int read_range(const struct dax_reader *reader, const char *name, unsigned int index,
		      struct dax_device *dax, struct kmemd_error *error)
{
	static const char *const attributes[] = {"start", "end", "page_offset"};
	uint64_t values[array_size(attributes)], *offset;
	struct range *range;

	for (size_t i = 0; i < array_size(attributes); i++) {
		char path[64];
		int r;

		snprintf(path, sizeof(path), "mapping%u/%s", index, attributes[i]);
		r = read_number(reader, name, path, &values[i], error);
		if (r < 0)
			return r;
	}
	if (values[1] < values[0] || values[1] >= ADDRESS_LIMIT)
		return error_errno(error, EINVAL,
				   "%s: mapping%u from 0x%" PRIx64 " to 0x%" PRIx64
				   " is no range of memory",
				   name, index, values[0], values[1]);
	range = array_add(&dax->ranges);
	offset = array_add(&dax->page_offsets);
	if (!range || !offset)
		return error_memory(error);
	*range = (struct range){values[0], values[1] - values[0] + 1};
	*offset = values[2];
	return 0;
}

static int read_ranges(const struct dax_reader *reader, const char *name, struct dax_device *dax,
		       bool *hidden, struct kmemd_error *error)
{
	for (unsigned int i = 0;; i++) {
		int r = read_range(reader, name, i, dax, error);

		if (r == -ENODEV)
			return 0;
		if (r == -EACCES) {
			*hidden = true;
			return 0;
		}
		if (r < 0)
			return r;
	}
}

static void forget_ranges(struct dax_device *dax)
{
	free(dax->ranges.items);
	free(dax->page_offsets.items);
	memset(&dax->ranges, 0, sizeof(dax->ranges));
	memset(&dax->page_offsets, 0, sizeof(dax->page_offsets));
}

static uint64_t ranges_size(const struct dax_device *dax)
{
	uint64_t size = 0;

	array_foreach(range, &dax->ranges)
		size += range->size;
	return size;
}

/*
 * Size and ranges of one moment: somebody may be resizing the device. Ranges without a size, or
 * the other way round, are a device that is being made.
 */
static int read_size(const struct dax_reader *reader, const char *name, struct dax_device *dax,
		     bool *hidden, struct kmemd_error *error)
{
	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		int r = read_number(reader, name, "size", &dax->size, error);

		forget_ranges(dax);
		if (r == 0 && dax->size)
			r = read_ranges(reader, name, dax, hidden, error);
		if (r < 0 || !dax->ranges.count || ranges_size(dax) == dax->size)
			return r;
	}
	return error_errno(error, EINVAL,
			   "%s: its size is %" PRIu64 " bytes and its mappings have %" PRIu64, name,
			   dax->size, ranges_size(dax));
}

/* Of the drop-in driver; a version that does not count the zones leaves has_counts false. */
static void read_counts(const struct dax_reader *reader, const char *name, struct dax_device *dax)
{
	static const char *const attributes[] = {"kmem/blocks_total", "kmem/blocks_added",
						 "kmem/blocks_online_movable",
						 "kmem/blocks_online_kernel"};
	uint64_t values[array_size(attributes)], online;

	for (size_t i = array_size(attributes); i-- > 0;)
		if (read_number(reader, name, attributes[i], &values[i], NULL) < 0 ||
		    values[i] > UINT32_MAX)
			return;
	online = values[2] + values[3];
	if (values[1] > values[0] || online > values[1])
		return; /* counted while it was changing */
	dax->has_counts = true;
	dax->counts.total = (unsigned int)values[0];
	dax->counts.online = (unsigned int)online;
	dax->counts.in[BLOCK_ABSENT] = (unsigned int)(values[0] - values[1]);
	dax->counts.in[BLOCK_OFFLINE] = (unsigned int)(values[1] - online);
	dax->counts.in[BLOCK_MOVABLE] = (unsigned int)values[2];
	dax->counts.in[BLOCK_KERNEL] = (unsigned int)values[3];
}

static void read_kmem_group(const struct dax_reader *reader, const char *name,
			    struct dax_device *dax)
{
	uint64_t value;

	if (read_number(reader, name, "kmem/memmap_dram_bytes", &value, NULL) < 0)
		return;
	dax->has_kmem_numbers = true;
	dax->memmap_dram = value;
	dax->memmap_device = read_optional(reader, name, "kmem/memmap_device_bytes", 0);
	dax->blocks_self_hosted = read_optional(reader, name, "kmem/blocks_self_hosted", 0);
	dax->blocks_failed = read_optional(reader, name, "kmem/blocks_failed", 0);
	read_counts(reader, name, dax);
}

int dax_read_device(const struct dax_reader *reader, const char *name, struct dax_device *dax,
		    bool *hidden, struct kmemd_error *error)
{
	char path[64], text[16];
	int r = read_size(reader, name, dax, hidden, error);

	if (r < 0)
		return r == -EACCES ? error_errno(error, EINVAL, "%s: not allowed to read its size",
						  name)
				    : r;
	copy_name(dax->name, name);
	dax->align = read_optional(reader, name, "align", 0);
	dax->target_node = -1; /* which is also what sysfs says of no node */
	if (read_text(reader, name, "target_node", text, sizeof(text)) == 0 && text[0] != '-')
		dax->target_node = atoi(text);
	snprintf(path, sizeof(path), "%s/driver", name);
	if (link_name(reader->directory, path, dax->driver, sizeof(dax->driver)) < 0)
		dax->driver[0] = '\0';
	dax->memmap_on_memory = TRISTATE_UNKNOWN;
	if (read_text(reader, name, "memmap_on_memory", text, sizeof(text)) == 0)
		dax->memmap_on_memory = text[0] == '1' ? TRISTATE_YES : TRISTATE_NO;
	if (read_text(reader, name, "state", dax->hotplug_state, sizeof(dax->hotplug_state)) < 0)
		dax->hotplug_state[0] = '\0';
	if (dax_is_kmem(dax))
		read_kmem_group(reader, name, dax);
	return 0;
}
