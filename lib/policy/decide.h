/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DECIDE_H
#define KMEMD_DECIDE_H
#include "policy/policy.h"

/* Pure. */
void policy_decide(const struct kmemd_policy *policy, const struct device *device,
		   struct decision *ret);

/* The first key of [Match] that the device does not fit; KEY_COUNT when the file is about it. Pure.
 */
enum policy_key policy_misfit(const struct policy_file *file, const struct device *device);

#endif
