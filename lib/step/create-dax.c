/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/create-dax.h"

#include "base/json.h"
#include "step/dax-shape.h"

/* The new device's name, and its undo. */
static int claim(struct run *run, const struct step *step, char name[DEVICE_NAME_MAX],
		 struct kmemd_error *error)
{
	const char *region = step->shape.region->path;
	struct json_object *what;
	bool created;
	int r = dax_find_or_create(run, region, name, &created, error);

	if (r < 0)
		return r;
	run_made(run, step, name);
	what = json_object_new_object();
	json_put_text(what, "dax", name);
	json_put_text(what, "region", region);
	json_put_bool(what, "created", created);
	r = run_push_undo(run, STEP_CREATE_DAX, what, error, "destroy %s", name);
	if (r < 0 && created)
		dax_empty(run, region, name, true, NULL);
	return r;
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct step_shape *shape = &step->shape;
	char name[DEVICE_NAME_MAX];
	uint64_t align = shape->align;
	int r = claim(run, step, name, error);

	if (r < 0)
		return r;
	/* One that was there may have the alignment of its former life. */
	if (!align && shape->region->has_align)
		align = shape->region->align;
	if (align && align != dax_number(run, name, "align"))
		r = dax_write_number(run, name, "align", align, error);
	for (size_t i = 0; r == 0 && i < shape->mapping_count; i++)
		r = dax_write_mapping(run, name, shape->mappings[i].start, shape->mappings[i].end,
				      error);
	if (r == 0 && !shape->mapping_count)
		r = dax_write_number(run, name, "size", shape->size, error);
	return r;
}

static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	return dax_empty(run, json_text(what, "region"), json_text(what, "dax"),
			 json_get_bool(what, "created"), error);
}

const struct step_operations create_dax_operations = {
	.name = "create-device",
	.undo_text = "destroy the device",
	.text = dax_shape_text,
	.run = run_it,
	.undo = undo,
};
