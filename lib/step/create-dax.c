/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/create-dax.h"

#include "base/json.h"
#include "step/dax-shape.h"

/* What undo needs once the device has a name. */
static int note_device(struct run *run, const char *region, const char *name, bool created,
		       struct kmemd_error *error)
{
	struct json_object *what = json_object_new_object();

	json_put_text(what, "region", region);
	json_put_text(what, "dax", name);
	json_put_bool(what, "created", created);
	return run_push_undo(run, STEP_CREATE_DAX, what, error, "destroy %s", name);
}

/* The kernel chooses the name: until it is known, undo knows a new device by those that were there.
 */
static int note_creation(struct run *run, const char *region, struct kmemd_error *error)
{
	struct json_object *what = json_object_new_object();

	json_put_text(what, "region", region);
	json_object_object_add(what, "there", dax_names(run, region));
	return run_push_undo(run, STEP_CREATE_DAX, what, error, "destroy the new device");
}

/* A device to be shaped: one without a size that is there, or a new one. */
static int claim(struct run *run, const struct step *step, char name[DEVICE_NAME_MAX],
		 struct kmemd_error *error)
{
	const char *region = step->shape.region->path;
	int found = dax_find_idle(run, region, NULL, name, error), r = found < 0 ? found : 0;
	bool created = !found;

	if (created) {
		r = note_creation(run, region, error);
		if (r == 0)
			r = dax_create(run, region, name, error);
	}
	if (r < 0)
		return r;
	run_made(run, step, name);
	return note_device(run, region, name, created, error);
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct step_shape *shape = &step->shape;
	char name[DEVICE_NAME_MAX];
	uint64_t align = shape->align, align_now;
	int r = claim(run, step, name, error);

	if (r < 0)
		return r;
	/* One that was there may have the alignment of its former life. */
	if (!align && shape->region->has_align)
		align = shape->region->align;
	align_now = align;
	if (align)
		r = dax_read_number(run, name, "align", &align_now, error);
	if (r == 0 && align != align_now)
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
	const char *region = json_text(what, "region"), *name = json_text(what, "dax");
	struct json_object *there;
	char made[DEVICE_NAME_MAX];
	int r;

	if (name[0])
		return dax_empty(run, region, name, json_get_bool(what, "created"), error);
	if (!json_object_object_get_ex(what, "there", &there))
		return 0;
	r = dax_find_idle(run, region, there, made, error);
	return r > 0 ? dax_empty(run, region, made, true, error) : r;
}

const struct step_operations create_dax_operations = {
	.name = "create-device",
	.undo_text = "destroy the device",
	.text = dax_shape_text,
	.run = run_it,
	.undo = undo,
};
