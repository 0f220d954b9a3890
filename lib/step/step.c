/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/step.h"

#include "step/bind-driver.h"
#include "step/create-dax.h"
#include "step/create-region.h"
#include "step/destroy-dax.h"
#include "step/destroy-region.h"
#include "step/enable-region.h"
#include "step/free-decoder.h"
#include "step/offline-blocks.h"
#include "step/online-blocks.h"
#include "step/plug-dax.h"
#include "step/power-off-slot.h"
#include "step/resize-dax.h"
#include "step/unbind-driver.h"

#include <string.h>

static const struct step_operations *const all_operations[STEP_COUNT] = {
	[STEP_CREATE_REGION] = &create_region_operations,
	[STEP_ENABLE_REGION] = &enable_region_operations,
	[STEP_OFFLINE] = &offline_blocks_operations,
	[STEP_BIND] = &bind_driver_operations,
	[STEP_UNBIND] = &unbind_driver_operations,
	[STEP_ONLINE] = &online_blocks_operations,
	[STEP_DESTROY_REGION] = &destroy_region_operations,
	[STEP_FREE_DECODER] = &free_decoder_operations,
	[STEP_CREATE_DAX] = &create_dax_operations,
	[STEP_RESIZE_DAX] = &resize_dax_operations,
	[STEP_PLUG] = &plug_dax_operations,
	[STEP_DESTROY_DAX] = &destroy_dax_operations,
	[STEP_POWER_OFF_SLOT] = &power_off_slot_operations,
};

const struct step_operations *step_operations(enum step_type type)
{
	return all_operations[type];
}

enum step_type step_type_of(const char *name)
{
	enum step_type type = 0;

	while (type < STEP_COUNT && strcmp(all_operations[type]->name, name) != 0)
		type++;
	return type;
}

void step_text(const struct step *step, char *buffer, size_t size)
{
	all_operations[step->type]->text(step, buffer, size);
}

const char *step_target_text(const struct step *step)
{
	return step->target.name[0] ? step->target.name : "the new dax device";
}
