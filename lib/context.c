/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#ifndef KMEMD_VERSION
#error "KMEMD_VERSION comes from the Makefile"
#endif

#define DEFAULT_POLICY_DIRS                                                                        \
	"/etc/kmemd/policy.d:/run/kmemd/policy.d:/usr/local/lib/kmemd/policy.d:"                   \
	"/usr/lib/kmemd/policy.d"

const char *kmemd_version(void)
{
	return KMEMD_VERSION;
}

int kmemd_new(struct kmemd **ret, const struct kmemd_paths *paths)
{
	static const struct kmemd_paths none;
	struct kmemd *kmemd = calloc(1, sizeof(*kmemd));

	if (!kmemd)
		return -ENOMEM;
	if (!paths)
		paths = &none;
	kmemd->sysfs = strdup(paths->sysfs ? paths->sysfs : "/sys");
	kmemd->procfs = strdup(paths->procfs ? paths->procfs : "/proc");
	kmemd->run = strdup(paths->run ? paths->run : "/run/kmemd");
	kmemd->policy_dirs = strdup(paths->policy_dirs ? paths->policy_dirs : DEFAULT_POLICY_DIRS);
	kmemd->root = strdup(paths->root ? paths->root : "");
	if (!kmemd->root || !kmemd->sysfs || !kmemd->procfs || !kmemd->run || !kmemd->policy_dirs) {
		kmemd_free(kmemd);
		return -ENOMEM;
	}
	*ret = kmemd;
	return 0;
}

struct kmemd *kmemd_free(struct kmemd *kmemd)
{
	if (!kmemd)
		return NULL;
	free(kmemd->sysfs);
	free(kmemd->procfs);
	free(kmemd->run);
	free(kmemd->policy_dirs);
	free(kmemd->root);
	free(kmemd);
	return NULL;
}
