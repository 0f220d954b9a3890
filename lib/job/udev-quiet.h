/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_UDEV_QUIET_H
#define KMEMD_UDEV_QUIET_H
#include "context.h"
#include "job/event.h"

/*
 * Waits until udev has run its rules for everything that happened so far, a few seconds at most:
 * a rule may put a block online right after it was taken offline. What is read after that is what
 * stays. Returns at once where there is no udev, and when the job is cancelled.
 */
void udev_wait_quiet(const struct kmemd *kmemd, const struct kmemd_job *job);

#endif
