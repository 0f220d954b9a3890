/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RECOVER_H
#define KMEMD_RECOVER_H
#include "context.h"
#include "job/event.h"
#include "job/journal.h"

/*
 * Puts right what the journals of jobs that were cut short name. A job of a person or a drain is
 * undone; one of policy is only brought to where planning can finish it; of one that was done the
 * records are written. Then settings of the machine are put back. Needs the lock.
 *
 * What cannot be put right is told (KMEMD_EVENT_RECOVERED, NOTICE), and keeps no later job from
 * being done. A journal that cannot be read does: it stays, and the negative errno is returned.
 */
int job_recover(struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);

/* Whether what the journal is about is still what it was: names are given to others later. */
bool journal_device_is_there(const struct kmemd *kmemd, const struct journal *journal);

/* Writes the records that the journal holds. The first error is returned, the others are tried. */
int journal_write_records(const struct kmemd *kmemd, const struct journal *journal,
			  struct kmemd_error *error);

#endif
