/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/resize-dax.h"

#include "base/json.h"
#include "step/dax-shape.h"
#include "step/use-check.h"

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const char *dax = step->target.name;
	struct json_object *what;
	uint64_t size, align;
	int r = dax_read_number(run, dax, "size", &size, error);

	if (r == 0)
		r = dax_read_number(run, dax, "align", &align, error);
	if (r < 0)
		return r;
	what = json_object_new_object();
	json_put_text(what, "dax", dax);
	json_put_u64(what, "size", size);
	json_put_u64(what, "align", align);
	r = run_push_undo(run, STEP_RESIZE_DAX, what, error, "resize %s back", dax);
	if (r == 0)
		r = check_dax_offline(run, dax, error);
	if (r == 0)
		r = dax_reshape(run, dax, step->shape.size, step->shape.align, error);
	return r;
}

static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	const char *dax = json_text(what, "dax");
	int r = check_dax_offline(run, dax, error);

	if (r < 0)
		return r;
	return dax_reshape(run, dax, json_get_u64(what, "size"), json_get_u64(what, "align"),
			   error);
}

const struct step_operations resize_dax_operations = {
	.name = "resize",
	.undo_text = "give it the size and alignment it had",
	.text = dax_shape_text,
	.run = run_it,
	.undo = undo,
};
