/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_STATE_H
#define KMEMD_GATHER_STATE_H
/* Units of systemd, and what the jobs of kmemd left. */
#include "doctor/facts.h"

/* Whether a service of systemd has a process. */
bool service_runs(const struct kmemd *kmemd, const char *name);
void facts_gather_state(const struct kmemd *kmemd, struct facts *facts);

#endif
