/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/bind-driver.h"

#include "base/json.h"
#include "step/added-blocks.h"
#include "step/change-blocks.h"
#include "step/dax-driver.h"
#include "step/use-check.h"
#include "step/wait-dax.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	static const char *const memmap[] = {
		[TRISTATE_NO] = " with its memmap in DRAM",
		[TRISTATE_YES] = " with its memmap on the device",
	};

	snprintf(buffer, size, "bind %s to %s%s", step_target_text(step), step->bind.driver,
		 step->bind.memmap == TRISTATE_UNKNOWN ? "" : memmap[step->bind.memmap]);
}

static bool adds_memory(const struct step *step)
{
	return !strcmp(step->bind.driver, "kmem");
}

static int check(struct run *run, const struct step *step, struct kmemd_error *error)
{
	if (!step->target.name[0])
		return 0;
	return check_holders(run, step->target.name, step->bind.force, error);
}

static bool is_made_of_region(const struct run *run, const struct step *step)
{
	enum step_type type = run->steps[step->target.made_by].type;

	return !step->target.name[0] && (type == STEP_CREATE_REGION || type == STEP_ENABLE_REGION);
}

/* Whether driver and switch are as the step wants them. */
static bool is_done(const struct run *run, const struct step *step, const char *dax,
		    const char *driver, enum tristate memmap)
{
	enum tristate wanted = step->bind.memmap;

	if (strcmp(driver, step->bind.driver) != 0)
		return false;
	if (wanted != TRISTATE_UNKNOWN && memmap != TRISTATE_UNKNOWN && memmap != wanted)
		return false;
	return !driver[0] || dax_is_bound(run, dax, driver);
}

static int push_undo(struct run *run, const struct step *step, const char *dax, const char *driver,
		     enum tristate memmap, struct kmemd_error *error)
{
	struct json_object *what = json_object_new_object();
	int r = 0;

	json_put_text(what, "dax", dax);
	json_put_text(what, "driver", driver);
	json_put_int(what, "memmap", memmap);
	if (adds_memory(step))
		r = added_blocks_note(run, dax, what, error);
	if (r < 0) {
		json_object_put(what);
		return r;
	}
	return run_push_undo(run, STEP_BIND, what, error, "bind %s to %s again", dax,
			     driver[0] ? driver : "no driver");
}

/*
 * A new region's dax device binds to kmem in a worker of udev when the module comes late; a device
 * that was there has the driver that it has.
 */
static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	char dax[DEVICE_NAME_MAX], driver[DEVICE_NAME_MAX];
	enum tristate memmap;
	int r = 0;

	copy_name(dax, run_target(run, step));
	if (is_made_of_region(run, step))
		r = wait_dax_of_region(run, run_target(run, step), dax, error);
	if (r == 0)
		r = dax_driver(run, dax, driver, error);
	if (r < 0)
		return r;
	run_made(run, step, dax);
	r = dax_memmap_read(run, dax, &memmap, error);
	if (r < 0)
		return r;
	if (is_done(run, step, dax, driver, memmap))
		return 0;
	/* Of a device that was there the plan has seen the switch; a new one may have none. */
	if (memmap == TRISTATE_UNKNOWN && step->bind.memmap != TRISTATE_UNKNOWN &&
	    (step->bind.insists || step->target.name[0]))
		return error_set(error, KMEMD_REFUSED, EOPNOTSUPP,
				 "%s has no memmap_on_memory switch", dax);
	r = push_undo(run, step, dax, driver, memmap, error);
	if (r < 0)
		return r;
	run->rebound = true;
	return dax_rebind(run, dax, step->bind.driver,
			  memmap == TRISTATE_UNKNOWN ? memmap : step->bind.memmap, step->bind.force,
			  error);
}

/* What the kernel has put online by itself since then is in no step's undo. */
static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	const char *dax = json_text(what, "dax"), *driver = json_text(what, "driver");
	enum tristate memmap = (enum tristate)json_get_int(what, "memmap"), now = memmap;
	int in_kmem = dax_is_in_kmem(run, dax, error), r = in_kmem < 0 ? in_kmem : 0;

	if (in_kmem == 0)
		r = added_blocks_take_offline(run, what, error);
	else if (in_kmem > 0 && !strcmp(driver, "kmem"))
		r = dax_memmap_read(run, dax, &now, error);
	if (r == 0 && in_kmem && (strcmp(driver, "kmem") != 0 || now != memmap))
		r = blocks_take_offline(run, dax, error);
	return r < 0 ? r : dax_rebind(run, dax, driver, memmap, false, error);
}

const struct step_operations bind_driver_operations = {
	.name = "bind",
	.undo_text = "bind the driver that was bound before",
	.adds_memory = adds_memory,
	.undo_adds_memory = true,
	.text = text,
	.check = check,
	.run = run_it,
	.undo = undo,
};
