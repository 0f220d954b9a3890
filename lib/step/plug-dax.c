/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device whose driver has `state` can be bound and have no block, after somebody wrote
 * "unplugged" to it (Documentation/ABI/testing/sysfs-bus-dax, Linux 7.3, and the drop-in driver on
 * every kernel). Its blocks come back by the same attribute: all of them, into the zone that the
 * word names, whatever auto_online_blocks says, or none.
 */
#include "step/plug-dax.h"

#include "base/error.h"
#include "base/json.h"
#include "inventory/names.h"
#include "step/change-blocks.h"
#include "step/dax-driver.h"
#include "step/run.h"

#include <stdio.h>

#define ATTEMPTS 3

static const char *const online_words[ZONE_COUNT] = {
	[ZONE_MOVABLE] = "online_movable",
	[ZONE_KERNEL] = "online_kernel",
};

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "plug the %u memory blocks of %s in again, online in the %s zone",
		 step->blocks.count, step_target_text(step), zone_names[step->blocks.zone]);
}

static void write_path(char path[96], const char *dax)
{
	snprintf(path, 96, DAX_DEVICES "/%s/state", dax);
}

static bool is_unplugged(const struct run *run, const char *dax)
{
	char path[96], now[32];

	write_path(path, dax);
	return dax_has_driver(run, dax, "kmem") &&
	       run_read(run, path, now, sizeof(now), NULL) == 0 && !strcmp(now, "unplugged");
}

static int plug_in(struct run *run, const char *dax, const struct step_blocks *blocks,
		   struct kmemd_error *error)
{
	struct json_object *what = json_object_new_object();
	char path[96];
	int r;

	json_put_text(what, "dax", dax);
	r = run_push_undo(run, STEP_PLUG, what, error, "unplug %s again", dax);
	if (r < 0)
		return r;
	write_path(path, dax);
	r = run_write(run, path, online_words[blocks->zone], error);
	if (r == 0)
		run->moved += blocks->count;
	else if (run_is_cancelled(run)) /* by a signal, which the driver heard as well */
		return error_set(error, KMEMD_FAILED, ECANCELED, "cancelled: %s stays unplugged",
				 dax);
	else
		error_append(error,
			     " (%s is unplugged, and its blocks could not be added or put "
			     "online: see the kernel log)",
			     dax);
	return r;
}

/* Somebody may have plugged it in since the plan was made, and into the other zone. */
static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct change_wish wish = {
		.type = STEP_ONLINE,
		.to = step->blocks.zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL,
		.patience = run->online,
		.attempts = ATTEMPTS,
	};
	const char *dax = run_target(run, step);
	int r = is_unplugged(run, dax) ? plug_in(run, dax, &step->blocks, error) : 0;

	return r < 0 ? r : blocks_change(run, dax, &wish, error);
}

/* Block by block first: that ends when a block does not follow, where `state` would wait. */
static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	const char *dax = json_text(what, "dax");
	char path[96];
	int r = dax_is_in_kmem(run, dax, error);

	if (r <= 0 || is_unplugged(run, dax))
		return r < 0 ? r : 0;
	write_path(path, dax);
	r = blocks_take_offline(run, dax, error);
	return r < 0 ? r : run_write(run, path, "unplugged", error);
}

const struct step_operations plug_dax_operations = {
	.name = "plug",
	.undo_text = "unplug it again",
	.text = text,
	.run = run_it,
	.undo = undo,
};
