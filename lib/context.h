/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CONTEXT_H
#define KMEMD_CONTEXT_H
#include "kmemd.h"

/* The context is where things are, and nothing else. */
struct kmemd {
	char *sysfs, *procfs, *run, *policy_dirs;
	char *root; /* "" for the machine's own; put before absolute paths */
};

#endif
