/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_PROC_H
#define KMEMD_GATHER_PROC_H
/* Processors, zones, resources, poisoned memory and the command line: /proc. */
#include "doctor/facts.h"

/* 0 or -ENOMEM. */
int facts_gather_proc(const struct kmemd *kmemd, struct facts *facts);

#endif
