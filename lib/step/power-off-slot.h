/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_POWER_OFF_SLOT_H
#define KMEMD_POWER_OFF_SLOT_H
#include "step/step.h"

extern const struct step_operations power_off_slot_operations;

#endif
