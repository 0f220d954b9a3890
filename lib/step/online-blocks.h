/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ONLINE_BLOCKS_H
#define KMEMD_ONLINE_BLOCKS_H
#include "step/step.h"

extern const struct step_operations online_blocks_operations;

#endif
