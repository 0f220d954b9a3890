/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps in words. */
#include "base/parse.h"
#include "inventory/names.h"
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
	[STEP_CREATE_DAX] = "create-device",
	[STEP_RESIZE_DAX] = "resize",
	[STEP_DESTROY_DAX] = "destroy-device",
};

const char *step_undo_text(enum step_type type)
{
	static const char *const texts[STEP_COUNT] = {
		[STEP_CREATE_REGION] = "destroy the region",
		[STEP_ENABLE_REGION] = "disable the region",
		[STEP_OFFLINE] = "put the blocks back into the zones they were in",
		[STEP_BIND] = "bind the driver that was bound before",
		[STEP_UNBIND] = "bind the driver again",
		[STEP_ONLINE] = "put the blocks back into the states they were in",
		[STEP_DESTROY_REGION] = "create the region again",
		[STEP_CREATE_DAX] = "destroy the device",
		[STEP_RESIZE_DAX] = "give it the size and alignment it had",
		[STEP_DESTROY_DAX] = "create it again in the same place",
	};

	return texts[type];
}

static const char *name_of_target(const struct step *step)
{
	return step->target[0] ? step->target : "the new dax device";
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

static void resize_text(const struct step *step, char *buffer, size_t size)
{
	char bytes[SIZE_TEXT_MAX], align[SIZE_TEXT_MAX], aligned[64] = "";

	format_size(step->align, align);
	if (step->align)
		snprintf(aligned, sizeof(aligned), "%s %s",
			 step->type == STEP_CREATE_DAX ? " aligned to"
			 : step->size		       ? ", aligned to"
						       : " to an alignment of",
			 align);
	if (step->type == STEP_CREATE_DAX)
		snprintf(buffer, size, "create a dax device of %s%s in the dax region %s",
			 format_size(step->size, bytes), aligned, step->target);
	else if (step->size)
		snprintf(buffer, size, "resize %s to %s%s", step->target,
			 format_size(step->size, bytes), aligned);
	else
		snprintf(buffer, size, "set %s%s", step->target, aligned);
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
		snprintf(buffer, size, "unbind %s from %s", step->target,
			 step->driver ? step->driver : "kmem");
		break;
	case STEP_ONLINE:
		snprintf(buffer, size, "online %u memory blocks of %s in the %s zone", step->blocks,
			 name_of_target(step), zone_names[step->zone]);
		break;
	case STEP_DESTROY_REGION:
		snprintf(buffer, size, "destroy %s and free its decoders", step->target);
		break;
	case STEP_CREATE_DAX:
	case STEP_RESIZE_DAX:
		resize_text(step, buffer, size);
		break;
	case STEP_DESTROY_DAX:
		snprintf(buffer, size, "destroy %s and free its capacity", step->target);
		break;
	case STEP_COUNT:
	default:
		snprintf(buffer, size, "nothing");
	}
}
