/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_LOCK_H
#define KMEMD_LOCK_H
/*
 * The run directory holds what outlives a process and not a boot:
 *
 *   lock		held (flock) by the process that changes the machine's memory
 *   journal.json	what the job under way must have put right if it is cut short
 *   waiting-ID.json	that of a drain that waits for its next try without the lock
 *   devices/ID.json	what is known of a device from one job to the next
 *   status.json	what everybody may see of that
 *
 * All of it describes the state of the running kernel, which a reboot resets: that is why it is in
 * /run and not in /var/lib. Everything but lock_take() and the readers needs the lock. Only root
 * can open any of it but status.json: who may open the lock may hold it, and stop every job.
 */
#include "context.h"
#include "job/event.h"

/* Makes the run directory and its folders, and closes them to others. */
int run_directory_prepare(const struct kmemd *kmemd, struct kmemd_error *error);

/*
 * The machine's lock: an fd to close, or a negative errno. When it has to wait it says for whom
 * (KMEMD_EVENT_WAITING), and gives up with -ECANCELED when the job is cancelled, and with
 * -ETIMEDOUT when the job's time is over.
 */
int lock_take(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);

/* Lets others have it, and has it again, however long that takes: see parking.h. */
void lock_give(int lock);
void lock_retake(const struct kmemd *kmemd, int lock, const struct kmemd_job *job);

#endif
