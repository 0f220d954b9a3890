/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/added-blocks.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/memory-block.h"
#include "inventory/read-dax.h"
#include "inventory/snapshot.h"
#include "step/block-runs.h"
#include "step/change-blocks.h"
#include "step/stuck-blocks.h"
#include "step/transition.h"

#include <inttypes.h>
#include <string.h>

#define ATTEMPTS 3

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

/* --- before -------------------------------------------------------------------------------------
 */

/*
 * Those of a device in kmem have to be offline before it can be bound again, and go with the
 * driver. Of another one, what is there already is somebody else's.
 */
static int find_absent(const struct run *run, const struct dax_device *dax, struct dax_device *ret)
{
	_cleanup_close_ int directory = blocks_open(run->kmemd->sysfs);
	struct memory_block *kept;
	int r = blocks_find(ret, run->block_size);

	if (r < 0 || dax_is_kmem(dax))
		return r;
	r = directory < 0 ? directory : blocks_read(directory, ret);
	kept = ret->blocks.items;
	array_foreach(block, &ret->blocks)
		if (r == 0 && block->state == BLOCK_ABSENT)
			*kept++ = *block;
	if (r == 0)
		ret->blocks.count = (size_t)(kept - ret->blocks.items);
	return r;
}

static int note(const struct run *run, const struct dax_device *dax, struct json_object *what)
{
	struct dax_device absent = *dax;
	int r;

	absent.blocks.items = NULL;
	absent.blocks.count = 0;
	r = find_absent(run, dax, &absent);

	if (r == 0) {
		json_put_int(what, "node", dax->target_node);
		block_runs_put(what, "added", &absent);
	}
	free(absent.blocks.items);
	return r;
}

int added_blocks_note(const struct run *run, const char *name, struct json_object *what,
		      struct kmemd_error *error)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *read = NULL;
	char *names[] = {(char *)name, NULL};
	const struct dax_device *dax = NULL;
	int r = 0;

	if (run->inventory && !run->rebound)
		dax = inventory_dax(run->inventory, name);
	if (!dax || !dax->ranges.count) {
		r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_RANGES, &read, error);
		dax = r < 0 ? NULL : inventory_dax(read, name);
	}
	if (r < 0 || !dax || !dax->ranges.count)
		return r;
	r = note(run, dax, what);
	return r < 0 ? error_errno(error, -r, "%s: cannot read the state of its memory blocks: %s",
				   name, strerror(-r))
		     : 0;
}

/* --- afterwards ---------------------------------------------------------------------------------
 */

static int add_online(const struct run *run, const struct dax_device *added,
		      struct transition *transition, struct kmemd_error *error)
{
	_cleanup_close_ int directory = blocks_open(run->kmemd->sysfs);

	if (directory < 0)
		return error_errno(error, -directory, "cannot open the memory blocks: %s",
				   strerror(-directory));
	for (size_t i = added->blocks.count; i-- > 0;) {
		const struct memory_block *block = &added->blocks.items[i];
		enum block_state now;
		int r = block_read(directory, added->target_node, block->index, &now);

		if (r < 0)
			return error_errno(error, -r, "cannot read memory%" PRIu64 ": %s",
					   block->index, strerror(-r));
		if (block_is_online(now))
			transition_add(transition, block->index, BLOCK_OFFLINE);
	}
	return 0;
}

static int take_offline(const struct run *run, const struct dax_device *added,
			struct kmemd_error *error)
{
	struct transition transition = {0};
	struct deadline deadline;
	int r = transition_new(&transition, added, added->blocks.count);

	r = r < 0 ? error_memory(error) : add_online(run, added, &transition, error);
	if (r == 0) {
		deadline_begin(&deadline, (struct patience){.stall_sec = ONLINE_STALL_SEC});
		r = transition_run(run, &transition, &deadline, ATTEMPTS);
		if (r < 0)
			set_stuck_failure(run, &transition, r, error);
	}
	transition_release(&transition);
	return r;
}

int added_blocks_take_offline(const struct run *run, const struct json_object *what,
			      struct kmemd_error *error)
{
	struct dax_device added = {.target_node = (int)json_get_int(what, "node")};
	int r;

	json_get_text(what, "dax", added.name, sizeof(added.name));
	r = block_runs_get(what, "added", &added);
	if (r < 0)
		error_errno(error, -r, "cannot read what was noted of %s: %s", added.name,
			    strerror(-r));
	else if (added.blocks.count)
		r = take_offline(run, &added, error);
	free(added.blocks.items);
	return r;
}
