/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/dax-shape.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "step/dax-driver.h"
#include "step/use-check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

int dax_write_number(const struct run *run, const char *dax, const char *attribute, uint64_t value,
		     struct kmemd_error *error)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DAX_DEVICES "/%s/%s", dax, attribute);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return run_write(run, path, text, error);
}

int dax_read_number(const struct run *run, const char *dax, const char *attribute, uint64_t *ret,
		    struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/" DAX_DEVICES "/%s/%s", run->kmemd->sysfs, dax,
						attribute);
	int r;

	if (!path)
		return error_memory(error);
	r = attribute_read_u64(AT_FDCWD, path, ret);
	if (r == -ENOENT && !strcmp(attribute, "align")) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return error_errno(error, -r, "cannot read %s: %s", path, strerror(-r));
	return 0;
}

int dax_write_mapping(const struct run *run, const char *dax, uint64_t start, uint64_t end,
		      struct kmemd_error *error)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), DAX_DEVICES "/%s/mapping", dax);
	snprintf(text, sizeof(text), "0x%" PRIx64 "-0x%" PRIx64, start, end);
	return run_write(run, path, text, error);
}

static int write_region(const struct run *run, const char *region, const char *attribute,
			const char *value, struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/dax_region/%s", region, attribute);

	return path ? run_write(run, path, value, error) : error_memory(error);
}

/* 1 or 0, also for one that is gone; or a negative errno. */
static int is_idle(const struct run *run, const char *dax, struct kmemd_error *error)
{
	char driver[DEVICE_NAME_MAX];
	uint64_t size;
	int r = dax_read_number(run, dax, "size", &size, error);

	if (r == 0 && !size)
		r = dax_driver(run, dax, driver, error);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	return r < 0 ? r : !size && !driver[0];
}

static DIR *open_region(const struct run *run, const char *region)
{
	_cleanup_free_ char *path = format_text("%s/%s", run->kmemd->sysfs, region);

	return path ? opendir(path) : NULL;
}

/* The number of an entry of that folder that is a device, or -1. */
static int64_t dax_index(const char *name)
{
	unsigned int number;
	char rest;

	if (sscanf(name, "dax%*u.%u%c", &number, &rest) != 1 || strlen(name) >= DEVICE_NAME_MAX)
		return -1;
	return number;
}

struct json_object *dax_names(const struct run *run, const char *region)
{
	struct json_object *names = json_object_new_array();
	_cleanup_dir_ DIR *directory = open_region(run, region);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (dax_index(entry->d_name) >= 0)
			json_object_array_add(names, json_object_new_string(entry->d_name));
	return names;
}

static bool is_among(struct json_object *names, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(names, i)), name))
			return true;
	return false;
}

int dax_find_idle(const struct run *run, const char *region, struct json_object *except,
		  char name[DEVICE_NAME_MAX], struct kmemd_error *error)
{
	_cleanup_dir_ DIR *directory = open_region(run, region);
	int64_t lowest = INT64_MAX;
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		int64_t index = dax_index(entry->d_name);
		int r;

		if (index < 0 || index >= lowest || (except && is_among(except, entry->d_name)))
			continue;
		r = is_idle(run, entry->d_name, error);
		if (r < 0)
			return r;
		if (!r)
			continue;
		lowest = index;
		snprintf(name, DEVICE_NAME_MAX, "%s", entry->d_name);
	}
	return lowest != INT64_MAX;
}

int dax_create(const struct run *run, const char *region, char name[DEVICE_NAME_MAX],
	       struct kmemd_error *error)
{
	int r = write_region(run, region, "create", "1", error);

	if (r < 0)
		return r;
	r = dax_find_idle(run, region, NULL, name, error);
	if (r == 0)
		return error_set(error, KMEMD_FAILED, EIO,
				 "the dax region %s made no new device, and says it did", region);
	return r < 0 ? r : 0;
}

int dax_reshape(const struct run *run, const char *dax, uint64_t size, uint64_t align,
		struct kmemd_error *error)
{
	uint64_t size_now = size, align_now = align;
	int r = size ? dax_read_number(run, dax, "size", &size_now, error) : 0;

	if (r == 0 && align)
		r = dax_read_number(run, dax, "align", &align_now, error);
	if (r < 0)
		return r;
	if (align != align_now)
		r = dax_write_number(run, dax, "align", align, error);
	if (r == -EINVAL && size) {
		r = dax_write_number(run, dax, "size", size, error);
		return r < 0 ? r : dax_write_number(run, dax, "align", align, error);
	}
	if (r == 0 && size != size_now)
		r = dax_write_number(run, dax, "size", size, error);
	return r;
}

int dax_empty(const struct run *run, const char *region, const char *dax, bool created,
	      struct kmemd_error *error)
{
	uint64_t size;
	int r = dax_read_number(run, dax, "size", &size, error);

	if (r == 0 && size) {
		r = check_dax_offline(run, dax, error);
		if (r == 0)
			r = dax_write_number(run, dax, "size", 0, error);
	}
	if (r < 0 || dax_index(dax) <= 0 || !created)
		return r;
	return write_region(run, region, "delete", dax, error);
}

void dax_shape_text(const struct step *step, char *buffer, size_t size)
{
	const struct step_shape *shape = &step->shape;
	char bytes[SIZE_TEXT_MAX], align[SIZE_TEXT_MAX], aligned[64] = "";

	if (shape->align)
		snprintf(aligned, sizeof(aligned), "%s %s",
			 step->type == STEP_CREATE_DAX ? " aligned to"
			 : shape->size		       ? ", aligned to"
						       : " to an alignment of",
			 format_size(shape->align, align));
	if (step->type == STEP_CREATE_DAX)
		snprintf(buffer, size, "create a dax device of %s%s in the dax region %s",
			 format_size(shape->size, bytes), aligned, step->target.name);
	else if (shape->size)
		snprintf(buffer, size, "resize %s to %s%s", step->target.name,
			 format_size(shape->size, bytes), aligned);
	else
		snprintf(buffer, size, "set %s%s", step->target.name, aligned);
}
