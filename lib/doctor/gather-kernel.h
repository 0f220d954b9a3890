/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_KERNEL_H
#define KMEMD_GATHER_KERNEL_H
/* What the kernel can do, and what it was told: sysfs. */
#include "doctor/facts.h"

void facts_gather_kernel(const struct kmemd *kmemd, struct facts *facts);

#endif
