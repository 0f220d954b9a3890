/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_ONLINERS_H
#define KMEMD_GATHER_ONLINERS_H
/* Who else puts memory online, or acts when it comes: settings, udev rules, daxctl, daemons. */
#include "doctor/facts.h"

/* 0 or -ENOMEM; what was read is to be released in any case. */
int facts_gather_onliners(const struct kmemd *kmemd, struct onliner_facts *ret);
void onliner_facts_release(struct onliner_facts *onliners);

#endif
