/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps in words. */
#include "base/parse.h"
#include "plan/plan.h"

#include <stdio.h>

const char *const step_names[STEP_COUNT] = {
	[STEP_CREATE_REGION] = "create-region",
	[STEP_ENABLE_REGION] = "enable-region",
	[STEP_OFFLINE] = "offline",
	[STEP_BIND] = "bind",
	[STEP_UNBIND] = "unbind",
	[STEP_ONLINE] = "online",
	[STEP_DESTROY_REGION] = "destroy-region",
};

const char *step_undo_text(enum step_type type)
{
	static const char *const texts[STEP_COUNT] = {
		[STEP_CREATE_REGION] = "destroy the region",
		[STEP_ENABLE_REGION] = "disable the region",
		[STEP_OFFLINE] = "put the blocks back into the zones they were in",
		[STEP_BIND] = "bind the driver that was bound before",
		[STEP_UNBIND] = "bind kmem again",
		[STEP_ONLINE] = "put the blocks back into the states they were in",
		[STEP_DESTROY_REGION] = "create the region again",
	};

	return texts[type];
}

static const char *name_of_target(const struct step *step)
{
	return step->target[0] ? step->target : "the region's dax device";
}

static void bind_text(const struct step *step, char *buffer, size_t size)
{
	static const char *const memmap[] = {
		[TRISTATE_NO] = " with its memmap in DRAM",
		[TRISTATE_YES] = " with its memmap on the device",
	};

	snprintf(buffer, size, "bind %s to %s%s", name_of_target(step), step->driver,
		 step->memmap == TRISTATE_UNKNOWN ? "" : memmap[step->memmap]);
}

void step_text(const struct step *step, char *buffer, size_t size)
{
	char bytes[SIZE_TEXT_MAX];

	switch (step->type) {
	case STEP_CREATE_REGION:
		snprintf(buffer, size, "create a region of %s on %s (window %s, decoder %s)",
			 format_size(step->size, bytes), step->target, step->root_decoder,
			 step->endpoint_decoder);
		break;
	case STEP_ENABLE_REGION:
		snprintf(buffer, size, "enable %s", step->target);
		break;
	case STEP_OFFLINE:
		snprintf(buffer, size, "offline %u memory blocks of %s", step->blocks,
			 step->target);
		break;
	case STEP_BIND:
		bind_text(step, buffer, size);
		break;
	case STEP_UNBIND:
		snprintf(buffer, size, "unbind %s from kmem", step->target);
		break;
	case STEP_ONLINE:
		snprintf(buffer, size, "online %u memory blocks of %s in the %s zone", step->blocks,
			 name_of_target(step), zone_names[step->zone]);
		break;
	case STEP_DESTROY_REGION:
		snprintf(buffer, size, "destroy %s and free its decoders", step->target);
		break;
	case STEP_COUNT:
	default:
		snprintf(buffer, size, "nothing");
	}
}
