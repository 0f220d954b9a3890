/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RESIZE_DAX_H
#define KMEMD_RESIZE_DAX_H
#include "step/step.h"

extern const struct step_operations resize_dax_operations;

#endif
