/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/use-check.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "inventory/dax-source.h"
#include "inventory/memory-block.h"
#include "inventory/read-dax.h"
#include "step/cxl-region.h"
#include "step/dax-driver.h"
#include "step/in-use.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

int dax_ranges_read(const struct run *run, const char *dax, struct ranges *ret,
		    struct kmemd_error *error)
{
	char *names[] = {(char *)dax, NULL};
	struct kmemd_inventory *now = NULL;
	const struct dax_device *device;
	int r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_RANGES | DAX_READ_IDLE, &now,
				   error);

	if (r < 0)
		return r;
	device = inventory_dax(now, dax);
	*ret = (struct ranges){0};
	if (device && device->ranges.count) {
		ret->items = calloc(device->ranges.count, sizeof(*ret->items));
		ret->count = device->ranges.count;
	}
	if (device && ret->items)
		memcpy(ret->items, device->ranges.items, ret->count * sizeof(*ret->items));
	if (!device)
		r = error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", dax);
	else if (ret->count && !ret->items)
		r = error_memory(error);
	kmemd_inventory_free(now);
	return r;
}

int region_range_read(const struct run *run, const char *region, struct range *ret,
		      struct kmemd_error *error)
{
	static const char *const attributes[] = {"resource", "size"};
	uint64_t values[array_size(attributes)];

	for (size_t i = 0; i < array_size(attributes); i++) {
		_cleanup_free_ char *path = format_text("%s/" CXL_DEVICES "/%s/%s",
							run->kmemd->sysfs, region, attributes[i]);
		int r = path ? attribute_read_u64(AT_FDCWD, path, &values[i]) : -ENOMEM;

		if (r < 0)
			return error_errno(error, -r, "cannot read %s of %s: %s", attributes[i],
					   region, strerror(-r));
	}
	*ret = (struct range){values[0], values[1]};
	if (values[0] == UINT64_MAX) /* no address yet, hence no memory */
		ret->size = 0;
	return 0;
}

int check_offline(const struct run *run, const char *name, const struct range *ranges, size_t count,
		  struct kmemd_error *error)
{
	unsigned int online;
	uint64_t first;
	char more[48] = "";
	int r = blocks_count_online(run->kmemd->sysfs, ranges, count, run->block_size, &online,
				    &first);

	if (r < 0)
		return error_errno(error, -r, "cannot read the memory blocks of %s: %s", name,
				   strerror(-r));
	if (!online)
		return 0;
	if (online > 1)
		snprintf(more, sizeof(more), " and %u more are", online - 1);
	return error_set(error, KMEMD_REFUSED, EBUSY,
			 "memory blocks of %s are online (memory%" PRIu64 "%s)", name, first, more);
}

int check_dax_offline(const struct run *run, const char *dax, struct kmemd_error *error)
{
	struct ranges ranges = {0};
	int r = dax_ranges_read(run, dax, &ranges, error);

	if (r == 0)
		r = check_offline(run, dax, ranges.items, ranges.count, error);
	free(ranges.items);
	return r;
}

int check_holders(const struct run *run, const char *dax, bool force, struct kmemd_error *error)
{
	char path[64], mapper[96], driver[DEVICE_NAME_MAX];
	int r = dax_driver(run, dax, driver, error);

	if (r < 0)
		return r;
	if (!force && !dax_driver_is_known(driver))
		return error_set(error, KMEMD_REFUSED, EBUSY,
				 "%s is held by the driver %s, which is somebody else's", dax,
				 driver);
	snprintf(path, sizeof(path), "/dev/%s", dax);
	r = find_mapper(run->kmemd, path, mapper, sizeof(mapper));
	if (r < 0)
		return error_errno(error, -r, "cannot see in %s who has %s mapped: %s",
				   run->kmemd->procfs, path, strerror(-r));
	if (r > 0)
		return error_set(error, KMEMD_REFUSED, EBUSY, "%s has %s mapped", mapper, path);
	return 0;
}

int each_dax_of_region(const struct run *run, const char *region,
		       int (*callback)(const struct run *run, const char *dax, void *data,
				       struct kmemd_error *error),
		       void *data, struct kmemd_error *error)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_dir_ DIR *directory = NULL;
	struct dirent *entry;
	unsigned int number;
	int r = 0;

	if (sscanf(region, "region%u", &number) != 1)
		return 0;
	path = format_text("%s/" CXL_DEVICES "/%s/dax_region%u", run->kmemd->sysfs, region, number);
	if (!path)
		return error_memory(error);
	directory = opendir(path);
	if (!directory && errno != ENOENT)
		return error_errno(error, errno, "cannot read %s: %s", path, strerror(errno));
	while (r == 0 && directory && (entry = readdir(directory))) {
		unsigned int dax_region, device;
		char rest;

		if (sscanf(entry->d_name, "dax%u.%u%c", &dax_region, &device, &rest) == 2 &&
		    strlen(entry->d_name) < DEVICE_NAME_MAX)
			r = callback(run, entry->d_name, data, error);
	}
	return r;
}

static int check_one(const struct run *run, const char *dax, void *data, struct kmemd_error *error)
{
	(void)data;
	return check_holders(run, dax, false, error);
}

int check_region_holders(const struct run *run, const char *region, struct kmemd_error *error)
{
	return each_dax_of_region(run, region, check_one, NULL, error);
}
