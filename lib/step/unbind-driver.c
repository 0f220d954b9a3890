/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/unbind-driver.h"

#include "base/json.h"
#include "step/dax-driver.h"
#include "step/use-check.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "unbind %s from %s", step->target.name,
		 step->unbind.driver ? step->unbind.driver : "kmem");
}

static int check(struct run *run, const struct step *step, struct kmemd_error *error)
{
	return check_holders(run, step->target.name, step->unbind.force, error);
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const char *dax = step->target.name;
	char driver[DEVICE_NAME_MAX];
	struct json_object *what;
	int r = dax_driver(run, dax, driver, error);

	if (r < 0 || !driver[0])
		return r;
	what = json_object_new_object();
	json_put_text(what, "dax", dax);
	json_put_text(what, "driver", driver);
	r = run_push_undo(run, STEP_UNBIND, what, error, "bind %s to %s again", dax, driver);
	return r < 0 ? r : dax_unbind(run, dax, driver, step->unbind.force, error);
}

static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	return dax_rebind(run, json_text(what, "dax"), json_text(what, "driver"), TRISTATE_UNKNOWN,
			  false, error);
}

const struct step_operations unbind_driver_operations = {
	.name = "unbind",
	.undo_text = "bind the driver again",
	.undo_adds_memory = true,
	.text = text,
	.check = check,
	.run = run_it,
	.undo = undo,
};
