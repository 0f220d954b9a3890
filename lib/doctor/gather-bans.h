/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_BANS_H
#define KMEMD_GATHER_BANS_H
/* What keeps modprobe from loading kmem: modprobe.d(5). */
#include "doctor/facts.h"

/* 0 or -ENOMEM. */
int facts_gather_bans(const struct kmemd *kmemd, struct module_facts *module);

#endif
