/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/dax-shape.h"

#include "base/cleanup.h"
#include "base/file.h"
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

uint64_t dax_number(const struct run *run, const char *dax, const char *attribute)
{
	_cleanup_free_ char *path = format_text("%s/" DAX_DEVICES "/%s/%s", run->kmemd->sysfs, dax,
						attribute);
	uint64_t value;

	return path && attribute_read_u64(AT_FDCWD, path, &value) == 0 ? value : 0;
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

static bool is_idle(const struct run *run, const char *dax)
{
	return !dax_number(run, dax, "size") && dax_has_driver(run, dax, "");
}

static bool find_idle(const struct run *run, const char *region, char name[DEVICE_NAME_MAX])
{
	_cleanup_free_ char *path = format_text("%s/%s", run->kmemd->sysfs, region);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	unsigned int lowest = UINT32_MAX;
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		unsigned int number;
		char rest;

		if (sscanf(entry->d_name, "dax%*u.%u%c", &number, &rest) != 1 || number >= lowest ||
		    strlen(entry->d_name) >= DEVICE_NAME_MAX || !is_idle(run, entry->d_name))
			continue;
		lowest = number;
		snprintf(name, DEVICE_NAME_MAX, "%s", entry->d_name);
	}
	return lowest != UINT32_MAX;
}

int dax_find_or_create(const struct run *run, const char *region, char name[DEVICE_NAME_MAX],
		       bool *created, struct kmemd_error *error)
{
	int r;

	*created = false;
	if (find_idle(run, region, name))
		return 0;
	r = write_region(run, region, "create", "1", error);
	if (r < 0)
		return r;
	if (!find_idle(run, region, name))
		return error_set(error, KMEMD_FAILED, EIO,
				 "the dax region %s made no new device, and says it did", region);
	*created = true;
	return 0;
}

int dax_reshape(const struct run *run, const char *dax, uint64_t size, uint64_t align,
		struct kmemd_error *error)
{
	bool aligned = !align || align == dax_number(run, dax, "align");
	int r = aligned ? 0 : dax_write_number(run, dax, "align", align, error);

	if (r == -EINVAL && size) {
		r = dax_write_number(run, dax, "size", size, error);
		return r < 0 ? r : dax_write_number(run, dax, "align", align, error);
	}
	if (r == 0 && size && size != dax_number(run, dax, "size"))
		r = dax_write_number(run, dax, "size", size, error);
	return r;
}

int dax_empty(const struct run *run, const char *region, const char *dax, bool created,
	      struct kmemd_error *error)
{
	unsigned int number = 0;
	int r = check_dax_offline(run, dax, error);

	if (r == 0)
		r = dax_write_number(run, dax, "size", 0, error);
	sscanf(dax, "dax%*u.%u", &number);
	if (r < 0 || !number || !created)
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
