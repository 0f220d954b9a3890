/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAKE_DAX_REGION_H
#define KMEMD_TEST_FAKE_DAX_REGION_H
/*
 * A Soft Reserved range of the fake kernel, hmem.2, from which dax devices are cut (Linux 5.10,
 * drivers/dax/bus.c): created without a size, grown and shrunk, mapped exactly, deleted when empty.
 * Include it behind fake-kernel.h and call add_dax_region().
 */
#include "fake-kernel.h"

#define HMEM_START UINT64_C(0x3000000000)
#ifndef HMEM_BLOCKS
#define HMEM_BLOCKS 16
#endif
#define HMEM_SIZE (HMEM_BLOCKS * BLOCK)
#define DAX_UNIT  (2 * MIB)
/* What is handed out at a time; the kernel would give smaller parts, too. */
#define DAX_GRAIN (64 * MIB)

static const char *region_file(const char *name)
{
	return sysfs("devices/hmem.2/%s", name);
}

static void write_ranges(const char *dax, const struct range *ranges, unsigned int count)
{
	char text[RANGES_MAX * 48] = "";
	uint64_t size = 0;
	size_t used = 0;

	for (unsigned int i = 0; i < count; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "0x%" PRIx64 "+0x%" PRIx64 " ", ranges[i].start,
					 ranges[i].size);
		size += ranges[i].size;
	}
	write_text(sysfs("bus/dax/devices/%s/ranges", dax), text);
	write_number_to(sysfs("bus/dax/devices/%s/size", dax), size);
}

/* Whether nobody has a unit of the region. */
static bool is_free(uint64_t start)
{
	for (unsigned int i = 0; i < 8; i++) {
		char name[16];
		struct range ranges[RANGES_MAX];
		unsigned int count;

		snprintf(name, sizeof(name), "dax2.%u", i);
		if (!exists(sysfs("bus/dax/devices/%s", name)))
			continue;
		count = read_ranges(name, ranges);
		for (unsigned int j = 0; j < count; j++)
			if (start >= ranges[j].start && start < ranges[j].start + ranges[j].size)
				return false;
	}
	return true;
}

static uint64_t count_free(void)
{
	uint64_t bytes = HMEM_SIZE;

	for (unsigned int i = 0; i < 8; i++) {
		const char *size = sysfs("bus/dax/devices/dax2.%u/size", i);

		bytes -= exists(size) ? number_of(size) : 0;
	}
	return bytes;
}

/* The paths of a few calls are valid at a time, and counting needs them all. */
static void write_available(void)
{
	uint64_t bytes = count_free();

	write_number_to(region_file("dax_region/available_size"), bytes);
}

/* From the lowest free part on; parts that touch are one range. */
static void grow(const char *dax, uint64_t bytes)
{
	struct range ranges[RANGES_MAX];
	unsigned int count = read_ranges(dax, ranges);

	for (uint64_t at = HMEM_START; bytes; at += DAX_GRAIN) {
		if (!is_free(at))
			continue;
		if (count && ranges[count - 1].start + ranges[count - 1].size == at) {
			ranges[count - 1].size += DAX_GRAIN;
		} else {
			assert_true(count < RANGES_MAX);
			ranges[count++] = (struct range){at, DAX_GRAIN};
		}
		bytes -= DAX_GRAIN;
	}
	write_ranges(dax, ranges, count);
}

static void shrink(const char *dax, uint64_t bytes)
{
	struct range ranges[RANGES_MAX];
	unsigned int count = read_ranges(dax, ranges);

	while (bytes) {
		struct range *last = &ranges[count - 1];
		uint64_t part = bytes < last->size ? bytes : last->size;

		last->size -= part;
		bytes -= part;
		count -= !last->size;
	}
	write_ranges(dax, ranges, count);
}

static void make_empty_dax(unsigned int number)
{
	char name[16], target[64];

	snprintf(name, sizeof(name), "dax2.%u", number);
	write_text(sysfs("devices/hmem.2/%s/origin", name), "hmem.2");
	snprintf(target, sizeof(target), "../../../devices/hmem.2/%s", name);
	assert_int_equal(symlink(target, sysfs("bus/dax/devices/%s", name)), 0);
	write_ranges(name, NULL, 0);
	write_number_to(sysfs("bus/dax/devices/%s/align", name), DAX_UNIT);
	write_text(sysfs("bus/dax/devices/%s/mapping", name), "");
	write_text(sysfs("bus/dax/devices/%s/memmap_on_memory", name), "0\n");
}

static int create_dax(const char *value)
{
	unsigned int number = 0;

	if (strcmp(value, "1"))
		return -EINVAL;
	if (!count_free())
		return -ENOSPC;
	while (exists(sysfs("bus/dax/devices/dax2.%u", number)))
		number++;
	make_empty_dax(number);
	return 0;
}

static int delete_dax(const char *name)
{
	const char *device = sysfs("bus/dax/devices/%s", name);

	if (!exists(device))
		return -ENODEV;
	if (driver_of(device)[0] || number_of(at(device, "size")) || !strcmp(name, "dax2.0"))
		return -EBUSY;
	unlink(device);
	folder_remove(sysfs("devices/hmem.2/%s", name));
	return 0;
}

static int write_size(const char *dax, uint64_t size)
{
	uint64_t now = number_of(sysfs("bus/dax/devices/%s/size", dax));
	uint64_t align = number_of(sysfs("bus/dax/devices/%s/align", dax));

	if (size % DAX_GRAIN || size % align)
		return -EINVAL;
	if (size > now && size - now > count_free())
		return -ENOSPC;
	if (size > now)
		grow(dax, size - now);
	else
		shrink(dax, now - size);
	return 0;
}

static int write_mapping(const char *dax, const char *value)
{
	struct range ranges[RANGES_MAX];
	unsigned int count = read_ranges(dax, ranges);
	uint64_t start, end;

	if (sscanf(value, "%" SCNi64 "-%" SCNi64, (int64_t *)&start, (int64_t *)&end) != 2 ||
	    end < start)
		return -EINVAL;
	for (uint64_t at = start; at < end; at += DAX_GRAIN)
		if (!is_free(at))
			return -EBUSY;
	ranges[count++] = (struct range){start, end - start + 1};
	write_ranges(dax, ranges, count);
	return 0;
}

static int write_align(const char *dax, uint64_t align)
{
	struct range ranges[RANGES_MAX];
	unsigned int count = read_ranges(dax, ranges);

	for (unsigned int i = 0; i < count; i++)
		if (ranges[i].start % align || ranges[i].size % align)
			return -EINVAL;
	write_number_to(sysfs("bus/dax/devices/%s/align", dax), align);
	return 0;
}

static int write_cut_device(const char *dax, const char *attribute, const char *value)
{
	if (driver_of(sysfs("bus/dax/devices/%s", dax))[0])
		return -EBUSY;
	if (!strcmp(attribute, "size"))
		return write_size(dax, strtoull(value, NULL, 0));
	if (!strcmp(attribute, "align"))
		return write_align(dax, strtoull(value, NULL, 0));
	if (!strcmp(attribute, "mapping"))
		return write_mapping(dax, value);
	return 1;
}

static int write_hmem(const char *path, const char *value)
{
	char dax[32], attribute[64];
	int r = 1;

	if (!strcmp(path, "devices/hmem.2/dax_region/create"))
		r = create_dax(value);
	else if (!strcmp(path, "devices/hmem.2/dax_region/delete"))
		r = delete_dax(value);
	else if (sscanf(path, "bus/dax/devices/%31[^/]/%63s", dax, attribute) == 2 &&
		 !strncmp(dax, "dax2.", strlen("dax2.")))
		r = write_cut_device(dax, attribute, value);
	if (r == 0)
		write_available();
	return r;
}

/* Of HMEM_BLOCKS blocks, the first ones in dax2.0, which kmem has. */
static void add_dax_region(uint64_t used)
{
	write_dax_region = write_hmem;
	make_folders(region_file("dax_region"));
	write_text(region_file("dax_region/create"), "");
	write_text(region_file("dax_region/delete"), "");
	write_number_to(region_file("dax_region/size"), HMEM_SIZE);
	make_empty_dax(0);
	write_ranges("dax2.0", &(struct range){HMEM_START, used}, 1);
	write_available();
	assert_int_equal(dax_bind("dax2.0", "kmem"), 0);
}

#endif
