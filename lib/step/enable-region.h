/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ENABLE_REGION_H
#define KMEMD_ENABLE_REGION_H
#include "step/step.h"

extern const struct step_operations enable_region_operations;

#endif
