/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include "base/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void plan_release(struct plan *plan)
{
	free(plan->steps.items);
	free(plan->parts.items);
	memset(&plan->steps, 0, sizeof(plan->steps));
	memset(&plan->parts, 0, sizeof(plan->parts));
}

bool goal_drains(enum goal goal)
{
	return goal == GOAL_DRAIN || goal == GOAL_EJECT || goal_is_about_region(goal);
}

bool goal_is_about_region(enum goal goal)
{
	return goal == GOAL_DRAIN_REGION || goal == GOAL_DESTROY_REGION;
}

int plan_begin_part(struct plan *plan, const char *subject)
{
	struct plan_part *part = array_add(&plan->parts);

	if (!part)
		return -ENOMEM;
	part->first = plan->steps.count;
	copy_name(part->subject, subject);
	return 0;
}

static struct plan_part *current_part(const struct plan *plan)
{
	return plan->parts.count ? &plan->parts.items[plan->parts.count - 1] : NULL;
}

struct step *plan_add_step(struct plan *plan, enum step_type type, const char *target,
			   enum policy_key why)
{
	struct step *step;

	if (!plan->parts.count && plan_begin_part(plan, plan->device->name) < 0)
		return NULL;
	step = array_add(&plan->steps);
	if (!step)
		return NULL;
	current_part(plan)->count++;
	step->type = type;
	step->why = plan->goal == GOAL_POLICY ? why : KEY_COUNT;
	if (type == STEP_BIND)
		step->bind.memmap = TRISTATE_UNKNOWN;
	copy_name(step->target.name, target);
	return step;
}

struct step *plan_add_step_after(struct plan *plan, enum step_type type, enum policy_key why)
{
	struct step *step = plan_add_step(plan, type, "", why);

	if (step)
		step->target.made_by = plan->steps.count - 2;
	return step;
}

void plan_refuse(struct plan *plan, const char *format, ...)
{
	struct plan_part *part;
	va_list arguments;

	if (!plan->parts.count && plan_begin_part(plan, plan->device->name) < 0)
		return;
	part = current_part(plan);
	plan->steps.count = part->first;
	part->count = 0;
	if (part->refusal[0])
		return;
	va_start(arguments, format);
	vsnprintf(part->refusal, sizeof(part->refusal), format, arguments);
	va_end(arguments);
	if (!plan->refusal[0])
		memcpy(plan->refusal, part->refusal, sizeof(plan->refusal));
}

bool plan_is_refused(const struct plan *plan)
{
	const struct plan_part *part = current_part(plan);

	return part && part->refusal[0];
}

void plan_note(struct plan *plan, const char *format, ...)
{
	va_list arguments;

	if (plan->note[0])
		return;
	va_start(arguments, format);
	vsnprintf(plan->note, sizeof(plan->note), format, arguments);
	va_end(arguments);
}

void plan_memmap_cost(struct plan *plan, const struct host *host, struct step *step, uint64_t bytes,
		      bool on_device)
{
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX];

	step->dram_bytes = on_device ? 0 : memmap_bytes(bytes);
	step->device_bytes = on_device ? memmap_bytes(bytes) : 0;
	if (step->dram_bytes <= host->memory_available)
		return;
	plan_refuse(plan,
		    "the memmap would take %s of DRAM and %s are available; "
		    "MemmapOnMemory=yes puts it on the device",
		    format_size(step->dram_bytes, need), format_size(host->memory_available, have));
}

void plan_hold_many_blocks(struct plan *plan, const struct host *host)
{
	if (host->kmem == KMEM_DROP_IN)
		return;
	array_foreach(step, &plan->steps)
		if (step->type == STEP_ONLINE && step->blocks.count >= MANY_BLOCKS)
			plan->auto_online = "offline";
}
