/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LOAD_POLICY_H
#define KMEMD_LOAD_POLICY_H
#include "base/error.h"
#include "context.h"
#include "policy/policy.h"

/*
 * policy: all files that are in force, with their drop-ins. A file with a mistake keeps its place
 * (see struct policy_file), and its mistakes are problems; -EINVAL when there are files and none of
 * them is valid, so that a caller can stay with what it had.
 */
int kmemd_policy_load(struct kmemd *kmemd, struct kmemd_policy **ret, struct kmemd_error *error);
/*
 * The same for looking at mistakes: succeeds however many there are, and adds warnings of what can
 * never do anything. files is a NULL-terminated list, or NULL for those of the directories.
 */
int kmemd_policy_check(struct kmemd *kmemd, char *const *files, struct kmemd_policy **ret,
		       struct kmemd_error *error);

/* Whether there is a file without a mistake. Pure. */
bool policy_any_valid(const struct kmemd_policy *policy);

#endif
