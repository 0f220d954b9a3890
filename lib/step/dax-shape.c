/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dax devices being cut from their dax region: created, resized, destroyed, by the attributes of
 * Documentation/ABI/testing/sysfs-bus-dax (Linux 5.10). The first device of a region (dax0.0) is
 * never deleted by the kernel; without a size it is the seed of the next one, and shown by nobody.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "job/run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

/* What a device was like, for the way back. */
struct shape {
	char name[DEVICE_NAME_MAX];
	char *region; /* path of the dax region's folder in sysfs */
	uint64_t size, align;
	ARRAY(struct range) ranges;
	bool created; /* by us: to be deleted, and not only emptied */
};

static void release_shape(void *data)
{
	struct shape *shape = data;

	free(shape->region);
	free(shape->ranges.items);
	free(shape);
}

static int write_number(const struct run *run, const char *dax, const char *attribute,
			uint64_t value, struct kmemd_error *error)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DAX_DEVICES "/%s/%s", dax, attribute);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return run_write(run, path, text, error);
}

static uint64_t read_number(const struct run *run, const char *dax, const char *attribute)
{
	_cleanup_free_ char *path = format_text("%s/" DAX_DEVICES "/%s/%s", run->kmemd->sysfs, dax,
						attribute);
	uint64_t value;

	return path && attribute_read_u64(AT_FDCWD, path, &value) == 0 ? value : 0;
}

static int write_region(const struct run *run, const char *region, const char *attribute,
			const char *value, struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/dax_region/%s", region, attribute);

	return path ? run_write(run, path, value, error) : error_memory(error);
}

static int write_mapping(const struct run *run, const char *dax, uint64_t start, uint64_t end,
			 struct kmemd_error *error)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), DAX_DEVICES "/%s/mapping", dax);
	snprintf(text, sizeof(text), "0x%" PRIx64 "-0x%" PRIx64, start, end);
	return run_write(run, path, text, error);
}

/* --- which device is to be filled ---------------------------------------------------------------
 */

/* A device of the region without a size and a driver; false when there is none. */
static bool find_idle(const struct run *run, const char *region, char name[DEVICE_NAME_MAX])
{
	_cleanup_free_ char *path = format_text("%s/%s", run->kmemd->sysfs, region);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	unsigned int lowest = UINT32_MAX;
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		struct kmemd_error ignored;
		char driver[DEVICE_NAME_MAX];
		unsigned int number;
		char rest;

		if (sscanf(entry->d_name, "dax%*u.%u%c", &number, &rest) != 1 || number >= lowest ||
		    strlen(entry->d_name) >= DEVICE_NAME_MAX ||
		    read_number(run, entry->d_name, "size") ||
		    dax_driver(run, entry->d_name, driver, &ignored) < 0 || driver[0])
			continue;
		lowest = number;
		snprintf(name, DEVICE_NAME_MAX, "%s", entry->d_name);
	}
	return lowest != UINT32_MAX;
}

/* Empties a device and lets it go, as far as the kernel does. */
static int destroy(const struct run *run, const char *region, const char *dax,
		   struct kmemd_error *error)
{
	unsigned int number = 0;
	int r = write_number(run, dax, "size", 0, error);

	sscanf(dax, "dax%*u.%u", &number);
	if (r < 0 || !number)
		return r;
	return write_region(run, region, "delete", dax, error);
}

static int undo_create(struct run *run, void *data, struct kmemd_error *error)
{
	const struct shape *shape = data;

	return shape->created ? destroy(run, shape->region, shape->name, error)
			      : write_number(run, shape->name, "size", 0, error);
}

static struct shape *new_shape(const char *name, const char *region)
{
	struct shape *shape = calloc(1, sizeof(*shape));

	if (!shape)
		return NULL;
	snprintf(shape->name, sizeof(shape->name), "%s", name);
	shape->region = strdup(region);
	if (shape->region)
		return shape;
	free(shape);
	return NULL;
}

/* The new device's name and its undo. */
static int claim(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const char *region = step->region->path;
	bool idle = find_idle(run, region, run->created_dax);
	struct shape *shape;
	int r = idle ? 0 : write_region(run, region, "create", "1", error);

	if (r < 0)
		return r;
	if (!idle && !find_idle(run, region, run->created_dax))
		return error_set(error, KMEMD_FAILED, EIO,
				 "the dax region %s made no new device, and says it did",
				 step->target);
	shape = new_shape(run->created_dax, region);
	if (!shape)
		return error_memory(error);
	shape->created = !idle;
	if (run_push_undo(run, undo_create, release_shape, shape, "destroy %s", run->created_dax) <
	    0)
		return error_memory(error);
	return 0;
}

int step_create_dax(struct run *run, const struct step *step, struct kmemd_error *error)
{
	uint64_t align = step->align;
	int r = claim(run, step, error);

	if (r < 0)
		return r;
	/* One that was there may have the alignment of its former life. */
	if (!align && step->region->has_align)
		align = step->region->align;
	if (align && align != read_number(run, run->created_dax, "align"))
		r = write_number(run, run->created_dax, "align", align, error);
	for (size_t i = 0; r == 0 && i < step->mapping_count; i++)
		r = write_mapping(run, run->created_dax, step->mappings[i].start,
				  step->mappings[i].end, error);
	if (r == 0 && !step->mapping_count)
		r = write_number(run, run->created_dax, "size", step->size, error);
	return r;
}

/* --- resizing -----------------------------------------------------------------------------------
 */

/*
 * The kernel takes an alignment that the ranges have, and a size that the alignment divides: one
 * order or the other may be the one that works.
 */
static int reshape(const struct run *run, const char *dax, uint64_t size, uint64_t align,
		   struct kmemd_error *error)
{
	bool aligned = !align || align == read_number(run, dax, "align");
	int r = aligned ? 0 : write_number(run, dax, "align", align, error);

	if (r == -EINVAL && size) {
		r = write_number(run, dax, "size", size, error);
		return r < 0 ? r : write_number(run, dax, "align", align, error);
	}
	if (r == 0 && size && size != read_number(run, dax, "size"))
		r = write_number(run, dax, "size", size, error);
	return r;
}

static int undo_resize(struct run *run, void *data, struct kmemd_error *error)
{
	const struct shape *shape = data;

	return reshape(run, shape->name, shape->size, shape->align, error);
}

int step_resize_dax(struct run *run, const struct step *step, struct kmemd_error *error)
{
	struct shape *shape = new_shape(step->target, "");

	if (!shape)
		return error_memory(error);
	shape->size = read_number(run, step->target, "size");
	shape->align = read_number(run, step->target, "align");
	if (run_push_undo(run, undo_resize, release_shape, shape, "resize %s back", step->target) <
	    0)
		return error_memory(error);
	return reshape(run, step->target, step->size, step->align, error);
}

/* --- destroying ---------------------------------------------------------------------------------
 */

/* Range by range, in the order in which they were: the memory is where it was. */
static int undo_destroy(struct run *run, void *data, struct kmemd_error *error)
{
	const struct shape *shape = data;
	char name[DEVICE_NAME_MAX];
	int r = 0;

	if (read_number(run, shape->name, "size"))
		return 0;
	if (!find_idle(run, shape->region, name)) {
		r = write_region(run, shape->region, "create", "1", error);
		if (r == 0 && !find_idle(run, shape->region, name))
			r = error_set(error, KMEMD_FAILED, EIO, "the dax region makes no device");
	}
	if (r == 0 && shape->align)
		r = write_number(run, name, "align", shape->align, error);
	array_foreach(range, &shape->ranges)
		if (r == 0)
			r = write_mapping(run, name, range->start, range->start + range->size - 1,
					  error);
	return r;
}

static const struct dax_device *find_device(const struct run *run, const char *name)
{
	array_foreach(dax, &run->inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

int step_destroy_dax(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct dax_device *dax = find_device(run, step->target);
	const char *region = dax ? run->inventory->dax_regions.items[dax->region].path : NULL;
	struct shape *shape;

	if (!dax)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", step->target);
	shape = new_shape(step->target, region);
	if (!shape)
		return error_memory(error);
	shape->align = dax->align;
	array_foreach(range, &dax->ranges) {
		struct range *copy = array_add(&shape->ranges);

		if (copy)
			*copy = *range;
	}
	if (shape->ranges.count != dax->ranges.count) {
		release_shape(shape);
		return error_memory(error);
	}
	if (run_push_undo(run, undo_destroy, release_shape, shape, "create %s again",
			  step->target) < 0)
		return error_memory(error);
	return destroy(run, region, step->target, error);
}
