/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_HOLD_H
#define KMEMD_HOLD_H
/*
 * Settings of the whole machine that a job holds for a while, as a list in its journal: whatever
 * becomes of the job, they are put back. If somebody else changes one meanwhile, theirs stays.
 */
#include "context.h"
#include "job/event.h"
#include "job/journal.h"

/* What makes the kernel online memory by itself (admin-guide/mm/memory-hotplug.rst). */
#define AUTO_ONLINE "devices/system/memory/auto_online_blocks"

/*
 * Sets a setting (a path below sysfs), journalled before; nothing is done where it has the value or
 * is not there, and what is held already keeps the value that was there at first.
 */
int hold_set(const struct kmemd *kmemd, struct journal *journal, const char *setting,
	     const char *value, struct kmemd_error *error);
/* The same for AUTO_ONLINE, unless it is "offline": then it is ours to put memory online anyway. */
int hold_auto_online(const struct kmemd *kmemd, struct journal *journal, const char *word,
		     struct kmemd_error *error);
/*
 * Puts everything back and reads it back; false when something could not be, which is told as a
 * notice and stays in the list: the next job tries again. A value that the kernel does not take is
 * dropped: it must not keep anybody busy. Of what was put back, `text` says "; X is 'Y' again".
 */
bool hold_release(const struct kmemd *kmemd, struct journal *journal, const struct kmemd_job *job,
		  char *text, size_t size);

#endif
