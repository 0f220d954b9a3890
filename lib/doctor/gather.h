/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_H
#define KMEMD_GATHER_H
#include "doctor/facts.h"

/* 0 or -ENOMEM: what cannot be read is not known, and no error. */
int facts_gather(const struct kmemd *kmemd, struct facts *ret);
void facts_release(struct facts *facts);

#endif
