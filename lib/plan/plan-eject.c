/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-eject.h"

#include <string.h>

/* Whether the drain that is planned frees what a decoder holds. */
static bool is_freed(const struct plan *plan, const struct endpoint_decoder *decoder)
{
	array_foreach(step, &plan->steps) {
		const char *target = step->target.name;

		if (step->type == STEP_DESTROY_REGION && !strcmp(target, decoder->region))
			return true;
		if (step->type == STEP_FREE_DECODER && !strcmp(target, decoder->name))
			return true;
	}
	return false;
}

static const struct endpoint_decoder *find_kept(const struct plan *plan)
{
	array_foreach(decoder, &plan->device->memdev->decoders)
		if ((decoder->dpa_size || decoder->size) && !is_freed(plan, decoder))
			return decoder;
	return NULL;
}

/* The part that it belongs to is refused when the slot cannot be powered off. */
static void refuse(struct plan *plan)
{
	const struct memdev *memdev = plan->device->memdev;
	const struct endpoint_decoder *kept = memdev ? find_kept(plan) : NULL;

	if (!memdev)
		plan_refuse(plan, "%s is no CXL memdev: only those are ejected",
			    plan->device->name);
	else if (!memdev->slot[0])
		plan_refuse(plan,
			    "%s (%s) is in no PCI slot that the kernel can power off: without "
			    "--eject it is drained",
			    memdev->name, memdev->host);
	else if (memdev->slot_shared)
		plan_refuse(plan,
			    "PCI slot %s has other functions besides %s (%s), which would lose "
			    "their power",
			    memdev->slot, memdev->name, memdev->host);
	else if (kept)
		plan_refuse(plan,
			    "%s holds capacity of %s and stays: its slot cannot be powered off",
			    kept->region[0] ? kept->region : kept->name, memdev->name);
}

int plan_eject(struct plan *plan)
{
	const struct memdev *memdev = plan->device->memdev;
	struct step *step;
	int r = plan_begin_part(plan, memdev ? memdev->slot : "");

	if (r < 0)
		return r;
	plan->parts.items[plan->parts.count - 1].after_all = true;
	refuse(plan);
	if (plan_is_refused(plan))
		return 0;
	step = plan_add_step(plan, STEP_POWER_OFF_SLOT, memdev->slot, KEY_COUNT);
	if (!step)
		return -ENOMEM;
	copy_name(step->slot.memdev, memdev->name);
	copy_name(step->slot.host, memdev->host);
	return 0;
}
