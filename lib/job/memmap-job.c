/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The job that moves a memmap at a person's word: lock, recover, dax device by dax device. */
#include "job/memmap-job.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "inventory/inventory.h"
#include "inventory/memmap-place.h"
#include "inventory/names.h"
#include "inventory/snapshot.h"
#include "job/engine.h"
#include "job/event.h"
#include "plan/plan-memmap.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "step/change-blocks.h"

#include <inttypes.h>
#include <stdio.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);

static const struct dax_device *find_dax(const struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(dax, &inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	return NULL;
}

static int compare_blocks(const struct dax_device *before, const struct dax_device *after,
			  struct kmemd_error *error)
{
	for (size_t i = 0; i < before->blocks.count; i++) {
		const struct memory_block *was = &before->blocks.items[i], *is;

		is = i < after->blocks.count ? &after->blocks.items[i] : NULL;
		if (!is || is->index != was->index || is->state != was->state)
			return error_set(error, KMEMD_FAILED, EIO,
					 "memory%" PRIu64 " of %s is %s and was %s", was->index,
					 before->name,
					 block_state_names[is ? is->state : BLOCK_ABSENT],
					 block_state_names[was->state]);
	}
	return 0;
}

static enum tristate wanted_of(const struct plan *plan)
{
	array_foreach(step, &plan->steps)
		if (step->type == STEP_BIND)
			return step->bind.memmap;
	return TRISTATE_UNKNOWN;
}

/* Driver, switch, every block, and where the memmap is as far as that can be told. */
static int compare(const struct kmemd_inventory *inventory, const struct dax_device *before,
		   const struct dax_device *after, enum tristate wanted, struct kmemd_error *error)
{
	static const char *const places[] = {
		[TRISTATE_NO] = "in DRAM", [TRISTATE_YES] = "on the device"};
	const char *name = before->name, *how;
	enum tristate in_force;

	if (strcmp(after->driver, before->driver))
		return error_set(error, KMEMD_FAILED, EIO, "%s is bound to %s and was to %s", name,
				 after->driver[0] ? after->driver : "no driver", before->driver);
	if (after->memmap_on_memory != wanted)
		return error_set(error, KMEMD_FAILED, EIO, "memmap_on_memory of %s is %d", name,
				 after->memmap_on_memory == TRISTATE_YES);
	in_force = dax_memmap_on_device(inventory, after, &how);
	if (in_force != TRISTATE_UNKNOWN && in_force != wanted)
		return error_set(error, KMEMD_FAILED, EIO, "the memmap of %s is %s (%s)", name,
				 places[in_force], how);
	return compare_blocks(before, after, error);
}

static int check(struct task *task, const struct plan_part *part, const struct run *run,
		 struct kmemd_error *error)
{
	const char *name = run->steps[part->first].target.name;
	const struct dax_device *before = find_dax(run->inventory, name), *after;
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	int r = kmemd_inventory_read(task->kmemd, &inventory, error);

	if (r < 0)
		return r;
	after = find_dax(inventory, name);
	if (!after)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", name);
	return compare(inventory, before, after, wanted_of(task->plan), error);
}

static int run_one(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		   const struct plan *plan, const struct dax_device *dax,
		   const struct kmemd_job *job, struct kmemd_error *error)
{
	struct task task = {
		.kmemd = kmemd,
		.job = job,
		.inventory = inventory,
		.plan = plan,
		.verb = "memmap",
		.name = dax->name,
		.offline = job_patience(job),
		.online = {.total_sec = job->timeout_sec, .stall_sec = ONLINE_STALL_SEC},
		.check = check,
	};
	int r = task_run(&task, error);

	if (r < 0) {
		error_prefix(error, "%s", dax->name);
		task_tell(&task, KMEMD_EVENT_FAILED, error, "%s", error->message);
	} else {
		task_tell(&task, KMEMD_EVENT_DONE, NULL, "%s: done and verified", dax->name);
	}
	task_release(&task);
	return r;
}

static int do_one(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		  const struct kmemd_policy *policy, const struct device *device,
		  const struct dax_device *dax, struct memmap_wish_by_hand wish,
		  const struct kmemd_job *job, struct kmemd_error *error)
{
	struct decision decision = {.settings = default_settings};
	struct plan plan;
	int r;

	if (policy)
		policy_decide(policy, &inventory->host, device, &decision);
	r = plan_memmap(inventory, device, dax, &decision, wish, &plan);
	if (r < 0)
		r = error_memory(error);
	else if (plan.refusal[0])
		r = error_set(error, KMEMD_REFUSED,
			      dax->memmap_on_memory == TRISTATE_UNKNOWN ? EOPNOTSUPP : EBUSY, "%s",
			      plan.refusal);
	else if (plan.steps.count)
		r = run_one(kmemd, inventory, &plan, dax, job, error);
	plan_release(&plan);
	return r;
}

static int move(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *name,
		struct memmap_wish_by_hand wish, const struct kmemd_job *job,
		struct kmemd_error *error)
{
	_cleanup_close_ int lock = job_begin(kmemd, job, error);
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	const struct device *device;
	unsigned int done = 0;
	int r;

	if (lock < 0)
		return lock;
	r = job_read_device(kmemd, name, &inventory, &device, error);
	if (r < 0)
		return r;
	if (!device->dax.count)
		return error_set(error, KMEMD_REFUSED, ENXIO,
				 "%s has no dax device yet: the switch belongs to one", name);
	array_foreach(dax, &device->dax) {
		/* A person who says dax0.0 means that one, and not its neighbours. */
		if (find_dax(inventory, name) && strcmp((*dax)->name, name))
			continue;
		r = do_one(kmemd, inventory, policy, device, *dax, wish, job, error);
		if (r < 0) {
			if (done)
				error->result = KMEMD_PARTLY;
			return r;
		}
		done++;
	}
	return 0;
}

int kmemd_memmap_set(struct kmemd *kmemd, const char *device, bool on, const struct kmemd_job *job,
		     struct kmemd_error *error)
{
	struct memmap_wish_by_hand wish = {.on_device = on};

	return move(kmemd, NULL, device, wish, job, error);
}

int kmemd_memmap_move(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		      bool on, const struct kmemd_job *job, struct kmemd_error *error)
{
	struct memmap_wish_by_hand wish = {.on_device = on, .rebind = true};

	return move(kmemd, policy, device, wish, job, error);
}
