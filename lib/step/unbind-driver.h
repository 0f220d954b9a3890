/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_UNBIND_DRIVER_H
#define KMEMD_UNBIND_DRIVER_H
#include "step/step.h"

extern const struct step_operations unbind_driver_operations;

#endif
