/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_DIMMS_H
#define KMEMD_GATHER_DIMMS_H
/* NVDIMMs that report a failure. */
#include "doctor/facts.h"

/* 0 or -ENOMEM. */
int facts_gather_dimms(const struct kmemd *kmemd, struct facts *facts);

#endif
