/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CREATE_DAX_H
#define KMEMD_CREATE_DAX_H
#include "step/step.h"

extern const struct step_operations create_dax_operations;

#endif
