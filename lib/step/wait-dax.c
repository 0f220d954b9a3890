/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/wait-dax.h"

#include "base/cleanup.h"
#include "step/dax-driver.h"
#include "step/use-check.h"

#include <libudev.h>
#include <poll.h>
#include <stdio.h>

/* A module that udev has to load first comes seconds after the region, not minutes. */
#define DAX_APPEARS_MS 30000
#define LOOK_MS	       500 /* without a monitor */

DEFINE_CLEANUP(struct udev *, udev_unref);
DEFINE_CLEANUP(struct udev_monitor *, udev_monitor_unref);

static int take_first(const struct run *run, const char *dax, void *data, struct kmemd_error *error)
{
	char path[128];

	(void)error;
	/* device_add() makes the folder first and enters it into the bus, where it is used, later.
	 */
	snprintf(path, sizeof(path), DAX_DEVICES "/%s", dax);
	if (!run_exists(run, path))
		return 0;
	snprintf(data, DEVICE_NAME_MAX, "%s", dax);
	return -EEXIST;
}

static bool find_dax(const struct run *run, const char *region, char name[DEVICE_NAME_MAX])
{
	return each_dax_of_region(run, region, take_first, name, NULL) == -EEXIST;
}

static int monitor_fd(struct udev_monitor *monitor)
{
	if (!monitor || udev_monitor_filter_add_match_subsystem_devtype(monitor, "dax", NULL) < 0 ||
	    udev_monitor_enable_receiving(monitor) < 0)
		return -1;
	return udev_monitor_get_fd(monitor);
}

/* Listens before looking, so that a device that comes in between is not missed. */
int wait_dax_of_region(const struct run *run, const char *region, char name[DEVICE_NAME_MAX],
		       struct kmemd_error *error)
{
	_cleanup_(udev_unrefp) struct udev *udev = NULL;
	_cleanup_(udev_monitor_unrefp) struct udev_monitor *monitor = NULL;
	int64_t deadline = monotonic_ms() + DAX_APPEARS_MS;
	struct pollfd pollfd = {.events = POLLIN, .fd = -1};

	if (find_dax(run, region, name))
		return 0;
	udev = udev_new();
	monitor = udev ? udev_monitor_new_from_netlink(udev, "kernel") : NULL;
	pollfd.fd = monitor_fd(monitor);
	while (!find_dax(run, region, name)) {
		int64_t left = deadline - monotonic_ms();

		if (left <= 0 || run_is_cancelled(run))
			return error_set(error, KMEMD_FAILED, ENODEV,
					 "%s got no dax device within %d seconds: is the dax_cxl "
					 "module there?",
					 region, DAX_APPEARS_MS / 1000);
		poll(&pollfd, 1, pollfd.fd >= 0 ? (int)left : LOOK_MS);
		if (pollfd.fd >= 0)
			udev_device_unref(udev_monitor_receive_device(monitor));
	}
	return 0;
}
