/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CREATE_REGION_H
#define KMEMD_CREATE_REGION_H
#include "step/step.h"

extern const struct step_operations create_region_operations;

#endif
