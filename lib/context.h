/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CONTEXT_H
#define KMEMD_CONTEXT_H
/*
 * The library of kmemd: from what the machine has, and what its policy files want, to memory that
 * is online.
 *
 *     inventory -> policy -> plan -> apply -> verify
 *
 * Every call takes the context first. The library never prints and never exits. It is not
 * thread-safe: one context belongs to one thread.
 */
#include "base/error.h"

/* Where things are; a NULL member means the default that is named beside it. */
struct kmemd_paths {
	const char *sysfs;	 /* "/sys" */
	const char *procfs;	 /* "/proc" */
	const char *run;	 /* "/run/kmemd": lock, journal, holds */
	const char *policy_dirs; /* colon-separated, highest precedence first:
				  * /etc/kmemd/policy.d:/run/kmemd/policy.d:
				  * /usr/local/lib/kmemd/policy.d:/usr/lib/kmemd/policy.d */
	const char *root;	 /* "": put before what doctor looks at elsewhere: /etc, /usr/lib,
				  * /lib/modules, /dev/kmsg */
};

/* The context is where things are, and nothing else. */
struct kmemd {
	char *sysfs, *procfs, *run, *policy_dirs;
	char *root; /* "" for the machine's own; put before absolute paths */
};

int kmemd_new(struct kmemd **ret, const struct kmemd_paths *paths);
struct kmemd *kmemd_free(struct kmemd *kmemd);

const char *kmemd_version(void);

#endif
