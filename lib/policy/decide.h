/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DECIDE_H
#define KMEMD_DECIDE_H
#include "policy/policy.h"

/*
 * What policy says of a device on a host. A file with a mistake keeps the devices that it may be
 * about: they are left as they are, and those that are not in use are refused. Pure.
 */
void policy_decide(const struct kmemd_policy *policy, const struct host *host,
		   const struct device *device, struct decision *ret);

/*
 * The first key of [Match] that the device does not fit; KEY_COUNT when the file is about it, or
 * may be because of a mistake. Pure.
 */
enum policy_key policy_misfit(const struct policy_file *file, const struct host *host,
			      const struct device *device);

/* Whether the file names single devices, by Uuid= or Serial= without a glob or range. Pure. */
bool policy_file_names(const struct policy_file *file);

#endif
