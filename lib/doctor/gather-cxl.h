/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_CXL_H
#define KMEMD_GATHER_CXL_H
/* Endpoint decoders that hold capacity, and what firmware locked. */
#include "doctor/facts.h"

/* 0 or -ENOMEM. */
int facts_gather_cxl(const struct kmemd *kmemd, struct facts *facts);

#endif
