/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DESTROY_REGION_H
#define KMEMD_DESTROY_REGION_H
#include "step/step.h"

extern const struct step_operations destroy_region_operations;

#endif
