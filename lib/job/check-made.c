/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/check-made.h"

#include "base/error.h"
#include "inventory/snapshot.h"
#include "plan/verify-policy.h"

/* What the part was about, and what its steps have made. With a region by hand, what is left of the
 * capacity is nobody's business. */
static void scope_of(const struct task *task, const struct plan_part *part, const struct run *run,
		     char names[][DEVICE_NAME_MAX], struct verify_scope *ret)
{
	size_t count = 0;

	*ret = (struct verify_scope){
		.names = names, .capacity = !part->subject[0] && task->plan->goal == GOAL_POLICY};
	if (part->subject[0])
		copy_name(names[count++], part->subject);
	for (size_t i = part->first; i < part->first + part->count; i++)
		if (run->made[i][0])
			copy_name(names[count++], run->made[i]);
	ret->count = count;
}

int check_made(struct task *task, const struct plan_part *part, const struct run *run,
	       struct kmemd_error *error)
{
	char(*names)[DEVICE_NAME_MAX] = calloc(part->count + 1, DEVICE_NAME_MAX);
	struct verify_scope scope;
	int r;

	if (!names)
		return error_memory(error);
	scope_of(task, part, run, names, &scope);
	task->after = kmemd_inventory_free(task->after);
	r = kmemd_inventory_read(task->kmemd, &task->after, error);
	for (size_t i = part->first; r == 0 && i < part->first + part->count; i++)
		if (task->plan->steps.items[i].type == STEP_CREATE_REGION)
			r = verify_region(task->after, run->made[i],
					  &task->plan->steps.items[i].create_region, error);
	if (r == 0)
		r = verify_policy(task->after, task->plan->device->identity, &task->plan->decision,
				  GOAL_POLICY, &scope, error);
	free(names);
	return r;
}
