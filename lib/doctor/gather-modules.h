/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_MODULES_H
#define KMEMD_GATHER_MODULES_H
/* Which kmem is loaded, which are installed, and which of them modprobe would take. */
#include "doctor/facts.h"

/* 0 or -ENOMEM. */
int facts_gather_modules(const struct kmemd *kmemd, struct facts *facts);

#endif
