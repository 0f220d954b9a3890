/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FREE_DECODER_H
#define KMEMD_FREE_DECODER_H
#include "step/step.h"

extern const struct step_operations free_decoder_operations;

#endif
