/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_OFFLINE_BLOCKS_H
#define KMEMD_OFFLINE_BLOCKS_H
#include "step/step.h"

extern const struct step_operations offline_blocks_operations;

#endif
