/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PARKING_H
#define KMEMD_PARKING_H
/*
 * A drain that waits for its next try keeps nobody else waiting: it gives the lock away, and its
 * journal is RUN/waiting-IDENTITY.json meanwhile, held (flock) by the process that waits. What the
 * journal names as busy is left alone by other jobs. When that process dies, its journal is an
 * orphan, and the next job puts right what it says.
 */
#include "inventory/inventory.h"
#include "job/journal.h"

/*
 * With the lock: moves the journal aside. An fd to keep until parking_leave(), or a negative errno,
 * and then nothing has changed.
 */
int parking_enter(const struct kmemd *kmemd, const struct journal *journal);
/* With the lock again: moves it back, and closes the fd. Negative errno: it is not where it was. */
int parking_leave(const struct kmemd *kmemd, const struct journal *journal, int fd);

/* The journal of a job that waits and says that the device is busy. 0, -ENOENT, negative errno. */
int parking_find(const struct kmemd *kmemd, const struct device *device, struct journal *ret);
/* That of any job that waits. */
int parking_read(const struct kmemd *kmemd, struct journal *ret);

/* With the lock: makes the journal that is in the place of all an orphan. */
void parking_put_aside(const struct kmemd *kmemd);

/* Whether a job has died while it waited. */
bool parking_has_orphan(const char *run);
/* With the lock, and no journal in its place: makes that of an orphan the journal. */
bool parking_adopt_orphan(const struct kmemd *kmemd);

#endif
