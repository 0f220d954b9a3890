/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DESTROY_DAX_H
#define KMEMD_DESTROY_DAX_H
#include "step/step.h"

extern const struct step_operations destroy_dax_operations;

#endif
