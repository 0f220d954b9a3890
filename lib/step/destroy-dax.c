/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/destroy-dax.h"

#include "base/json.h"
#include "step/dax-shape.h"
#include "step/use-check.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "destroy %s and free its capacity", step->target.name);
}

static const struct dax_device *find_device(const struct run *run, const char *name)
{
	array_foreach(dax, &run->inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

static struct json_object *note(const struct dax_device *dax, const char *region)
{
	struct json_object *what = json_object_new_object();
	struct json_object *ranges = json_put_array(what, "ranges");

	json_put_text(what, "dax", dax->name);
	json_put_text(what, "region", region);
	json_put_u64(what, "align", dax->align);
	array_foreach(range, &dax->ranges) {
		struct json_object *json = json_append_object(ranges);

		json_put_u64(json, "start", range->start);
		json_put_u64(json, "end", range->start + range->size - 1);
	}
	return what;
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct dax_device *dax = find_device(run, step->target.name);
	const char *region = dax ? run->inventory->dax_regions.items[dax->region].path : NULL;
	int r;

	if (!dax)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", step->target.name);
	r = run_push_undo(run, STEP_DESTROY_DAX, note(dax, region), error, "create %s again",
			  dax->name);
	return r < 0 ? r : dax_empty(run, region, dax->name, true, error);
}

/* Range by range, in the order in which they were: the memory is where it was. */
static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	const char *region = json_text(what, "region");
	uint64_t align = json_get_u64(what, "align"), size;
	char name[DEVICE_NAME_MAX];
	int r = dax_read_number(run, json_text(what, "dax"), "size", &size, error);

	/* A device that is gone is created again. */
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && size)
		return 0;
	r = dax_find_idle(run, region, NULL, name, error);
	if (r >= 0)
		r = r ? 0 : dax_create(run, region, name, error);
	if (r == 0 && align)
		r = dax_write_number(run, name, "align", align, error);
	for (size_t i = 0; r == 0 && i < json_count(what, "ranges"); i++) {
		struct json_object *range = json_member(what, "ranges", i);

		r = dax_write_mapping(run, name, json_get_u64(range, "start"),
				      json_get_u64(range, "end"), error);
	}
	return r;
}

const struct step_operations destroy_dax_operations = {
	.name = "destroy-device",
	.undo_text = "create it again in the same place",
	.undo_adds_memory = true,
	.text = text,
	.run = run_it,
	.undo = undo,
};
