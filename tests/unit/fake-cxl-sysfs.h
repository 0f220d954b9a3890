/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAKE_CXL_SYSFS_H
#define KMEMD_TEST_FAKE_CXL_SYSFS_H
/* CXL of the kernel made of files: a part of fake-kernel.h, which includes it. */

static const char *cxl(const char *device, const char *attribute)
{
	return sysfs("bus/cxl/devices/%s/%s", device, attribute);
}

static void offer_region_name(void)
{
	char name[32];
	int number = 0;

	while (exists(sysfs("bus/cxl/devices/region%d", number)))
		number++;
	snprintf(name, sizeof(name), "region%d\n", number);
	write_text(cxl("decoder0.0", "create_ram_region"), name);
}

/* Whether kernel_plug_second() was called. */
static bool has_second(void)
{
	return exists(cxl("mem1", "serial"));
}

static int create_region(const char *name)
{
	if (strcmp(name, text_of(cxl("decoder0.0", "create_ram_region"))))
		return -EBUSY;
	write_text(cxl(name, "mode"), "ram\n");
	write_text(cxl(name, "size"), "0x0\n");
	write_text(cxl(name, "resource"), "0xffffffffffffffff\n");
	write_text(cxl(name, "commit"), "0\n");
	write_text(cxl(name, "target0"), "\n");
	if (has_second())
		write_text(cxl(name, "target1"), "\n");
	write_text(cxl(name, "interleave_ways"), "0\n");
	write_text(cxl(name, "interleave_granularity"), "0\n");
	offer_region_name();
	return 0;
}

/* "dax0.0" of "region0". */
static const char *dax_of(const char *region)
{
	static char name[DEVICE_NAME_MAX];

	snprintf(name, sizeof(name), "dax%s.0", region + strlen("region"));
	return name;
}

/* The driver of regions makes the dax device, and kmem takes it, as it takes everything of CXL. */
static int region_bind(const char *region)
{
	if (!exists(cxl(region, "commit")))
		return -ENODEV;
	if (strcmp(text_of(cxl(region, "commit")), "1"))
		return -ENXIO;
	if (exists(cxl(region, "driver")))
		return -EBUSY;
	assert_int_equal(symlink("../../drivers/cxl_region", cxl(region, "driver")), 0);
	make_folders(sysfs("bus/cxl/devices/%s/dax_%s/%s", region, region, dax_of(region)));
	make_dax(dax_of(region), number_of(cxl(region, "resource")), number_of(cxl(region, "size")),
		 region);
	return dax_bind(dax_of(region), "kmem");
}

static int region_unbind(const char *region)
{
	if (!exists(cxl(region, "driver")))
		return -ENODEV;
	dax_unbind(dax_of(region));
	folder_remove(sysfs("bus/dax/devices/%s", dax_of(region)));
	folder_remove(sysfs("bus/cxl/devices/%s/dax_%s", region, region));
	unlink(cxl(region, "driver"));
	return 0;
}

/* What another region lies in the way of, or 0: where it ends. */
static uint64_t place_is_taken(uint64_t start, uint64_t size)
{
	for (int number = 0; number < REGIONS_MAX; number++) {
		char name[32];
		uint64_t other, length;

		snprintf(name, sizeof(name), "region%d", number);
		if (!exists(cxl(name, "size")))
			continue;
		other = number_of(cxl(name, "resource"));
		length = number_of(cxl(name, "size"));
		if (length && start < other + length && other < start + size)
			return other + length;
	}
	return 0;
}

/* The lowest place that is free: alloc_free_mem_region() (6.12). */
static int write_region_size(const char *region, uint64_t size)
{
	uint64_t start = WINDOW_START, end = WINDOW_START + number_of(cxl("decoder0.0", "size"));
	uint64_t next;

	if (size && number_of(cxl(region, "size")))
		return number_of(cxl(region, "size")) == size ? 0 : -EBUSY;
	while (size && (next = place_is_taken(start, size)))
		start = next;
	if (start + size > end)
		return -ENOSPC;
	write_number_to(cxl(region, "size"), size);
	write_number_to(cxl(region, "resource"), size ? start : UINT64_MAX);
	return 0;
}

static int write_commit(const char *region, const char *value)
{
	uint64_t ways = number_of(cxl(region, "interleave_ways")), size = 0;

	for (unsigned int i = 0; i < ways; i++) {
		const char *decoder = text_of(sysfs("bus/cxl/devices/%s/target%u", region, i));

		size += decoder[0] ? number_of(cxl(decoder, "dpa_size")) : 0;
	}
	if (!strcmp(value, "1") && (!size || number_of(cxl(region, "size")) != size ||
				    number_of(cxl(region, "interleave_granularity")) < 256))
		return -ENXIO;
	if (!strcmp(value, "0") && exists(cxl(region, "driver")))
		region_unbind(region);
	write_text(cxl(region, "commit"), value);
	return 0;
}

static int write_target(const char *region, const char *attribute, const char *value)
{
	if (!strcmp(text_of(cxl(region, "commit")), "1"))
		return -EBUSY;
	if (strcmp(value, "\n") && !number_of(cxl(value, "dpa_size")))
		return -ENXIO;
	write_text(cxl(region, attribute), value);
	return 0;
}

/* A decoder that a region has as its target keeps its capacity. */
static int write_dpa_size(const char *decoder, const char *value)
{
	for (int number = 0; number < REGIONS_MAX; number++) {
		const char *region = sysfs("bus/cxl/devices/region%d", number);

		if (exists(region) && (!strcmp(text_of(at(region, "target0")), decoder) ||
				       !strcmp(text_of(at(region, "target1")), decoder)))
			return -EBUSY;
	}
	write_number_to(cxl(decoder, "dpa_size"), strtoull(value, NULL, 0));
	return 0;
}

static int delete_region(const char *region)
{
	if (!exists(cxl(region, "commit")))
		return -ENODEV;
	if (exists(cxl(region, "driver")))
		region_unbind(region);
	folder_remove(sysfs("bus/cxl/devices/%s", region));
	offer_region_name();
	return 0;
}

#endif
