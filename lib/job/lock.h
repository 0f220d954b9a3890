/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LOCK_H
#define KMEMD_LOCK_H
/*
 * What outlives a process and not a boot, in the run directory:
 *
 *   lock		held (flock) by whoever changes the machine's memory; says who
 *   journal.json	what the job under way must have put right if it is cut short
 *   devices/ID.json	a device that policy must leave alone, or whose job failed
 *
 * All of it describes the state of the running kernel, which a reboot resets: that is why it is in
 * /run and not in /var/lib. Everything but lock_take() and the readers needs the lock.
 */
#include "base/error.h"
#include "context.h"
#include "job/event.h"

int state_prepare(const struct kmemd *kmemd, struct kmemd_error *error);

/*
 * The machine's lock: an fd to close, or a negative errno. Tells the job's events when it has to
 * wait, and gives up with -ECANCELED when the job is cancelled meanwhile.
 */
int lock_take(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);

#endif
