/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLUG_DAX_H
#define KMEMD_PLUG_DAX_H
/* STEP_PLUG: a dax device that is bound and unplugged gets its memory blocks back, online. */
#include "step/step.h"

extern const struct step_operations plug_dax_operations;

#endif
