/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_BIND_DRIVER_H
#define KMEMD_BIND_DRIVER_H
#include "step/step.h"

extern const struct step_operations bind_driver_operations;

#endif
