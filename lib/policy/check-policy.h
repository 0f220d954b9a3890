/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CHECK_POLICY_H
#define KMEMD_CHECK_POLICY_H
#include "policy/policy.h"

/*
 * Adds a warning for each valid file that can never do anything: one before it takes all of its
 * devices, or no device can be what it asks for. What is found is certain; not all there is may be
 * found. Pure. 0 or -ENOMEM.
 */
int policy_find_useless(struct kmemd_policy *policy);

#endif
