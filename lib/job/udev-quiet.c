/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/udev-quiet.h"

#include "base/cleanup.h"
#include "base/deadline.h"
#include "job/engine.h"

#include <libudev.h>
#include <poll.h>

#define QUIET_MS 5000
#define LOOK_MS	 50

DEFINE_CLEANUP(struct udev *, udev_unref);
DEFINE_CLEANUP(struct udev_queue *, udev_queue_unref);

void udev_wait_quiet(const struct kmemd *kmemd, const struct kmemd_job *job)
{
	_cleanup_(udev_unrefp) struct udev *udev = NULL;
	_cleanup_(udev_queue_unrefp) struct udev_queue *queue = NULL;
	int64_t deadline = monotonic_ms() + QUIET_MS;

	if (strcmp(kmemd->sysfs, "/sys") != 0) /* not this machine's */
		return;
	udev = udev_new();
	queue = udev ? udev_queue_new(udev) : NULL;
	if (!queue)
		return;
	do {
		poll(NULL, 0, LOOK_MS);
	} while (!udev_queue_get_queue_is_empty(queue) && monotonic_ms() < deadline &&
		 !job_is_cancelled(job));
}
