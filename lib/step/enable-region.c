/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/enable-region.h"

#include "base/json.h"
#include "step/change-blocks.h"
#include "step/cxl-region.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "enable %s", step->target.name);
}

static bool adds_memory(const struct step *step)
{
	(void)step;
	return true;
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const char *region = step->target.name;
	struct json_object *what;
	int r;

	run_made(run, step, region);
	if (region_has_driver(run, region))
		return 0;
	what = json_object_new_object();
	json_put_text(what, "region", region);
	r = run_push_undo(run, STEP_ENABLE_REGION, what, error, "disable %s", region);
	return r < 0 ? r : region_bind(run, region, error);
}

static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	const char *region = json_text(what, "region");
	int r;

	if (!region_has_driver(run, region))
		return 0;
	r = blocks_take_region_offline(run, region, error);
	return r < 0 ? r : region_unbind(run, region, error);
}

const struct step_operations enable_region_operations = {
	.name = "enable-region",
	.undo_text = "disable the region",
	.adds_memory = adds_memory,
	.text = text,
	.run = run_it,
	.undo = undo,
};
