/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which driver a dax device has, by the attributes of Documentation/ABI/testing/sysfs-bus-dax and
 * of the driver core: new_id lets a driver match the device, bind gives the probe's own error.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/read-dax.h"
#include "job/run.h"
#include "step/in-use.h"
#include "step/load-module.h"

#include <fcntl.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#define DAX_DRIVERS "bus/dax/drivers"
/* A module that udev has to load first comes seconds after the region, not minutes. */
#define DAX_APPEARS_MS 30000
/* From a new device's folder in sysfs to the end of the kernel's own attempt to bind it. */
#define DAX_READY_MS 10000

DEFINE_CLEANUP(struct udev *, udev_unref);
DEFINE_CLEANUP(struct udev_monitor *, udev_monitor_unref);

static bool is_driver(const struct run *run, const char *dax, const char *driver)
{
	struct kmemd_error ignored;
	char now[DEVICE_NAME_MAX];

	return dax_driver(run, dax, now, &ignored) == 0 && !strcmp(now, driver);
}

/* 1, 0 or a negative errno: what the kernel says now, whatever the snapshot said. */
static int has_online_blocks(const struct run *run, const char *dax, struct kmemd_error *error)
{
	char *names[] = {(char *)dax, NULL};
	struct kmemd_inventory *now = NULL;
	const struct dax_device *device;
	int online, r = inventory_read_dax(run->kmemd, names, NULL, DAX_READ_BLOCKS, &now, error);

	if (r < 0)
		return r;
	device = inventory_dax(now, dax);
	online = device && dax_block_counts(device).online;
	kmemd_inventory_free(now);
	return online;
}

int dax_check_unused(const struct run *run, const char *dax, struct kmemd_error *error)
{
	char path[64], mapper[96];
	int r = has_online_blocks(run, dax, error);

	if (r < 0)
		return r;
	if (r > 0)
		return error_set(error, KMEMD_REFUSED, EBUSY, "memory blocks of %s are online",
				 dax);
	snprintf(path, sizeof(path), "/dev/%s", dax);
	if (find_mapper(run->kmemd, path, mapper, sizeof(mapper)))
		return error_set(error, KMEMD_REFUSED, EBUSY, "%s has %s mapped", mapper, path);
	return 0;
}

static int unbind(const struct run *run, const char *dax, const char *driver,
		  struct kmemd_error *error)
{
	struct kmemd_error ignored;
	char path[128];
	int r;

	r = dax_check_unused(run, dax, error);
	if (r < 0)
		return r;
	/* So that the driver does not take the device back by itself; it may not know it by id. */
	snprintf(path, sizeof(path), DAX_DRIVERS "/%s/remove_id", driver);
	run_write(run, path, dax, &ignored);
	snprintf(path, sizeof(path), DAX_DRIVERS "/%s/unbind", driver);
	return run_write(run, path, dax, error);
}

/* The explanation of what probe says, as far as there is a usual one. */
static const char *probe_hint(int errnum)
{
	switch (errnum) {
	case EBUSY:
		return " (its range is in use: see /proc/iomem and the kernel log)";
	case ENOMEM:
		return " (not enough DRAM for the memmap: see the kernel log)";
	default:
		return " (see the kernel log)";
	}
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Linux 7.3 says EAGAIN while it has not finished making the device. */
static int write_bind(const struct run *run, const char *dax, const char *driver,
		      struct kmemd_error *error)
{
	int64_t deadline = now_ms() + DAX_READY_MS;
	char path[128];
	int r;

	snprintf(path, sizeof(path), DAX_DRIVERS "/%s/bind", driver);
	for (;;) {
		r = run_write(run, path, dax, error);
		/* What has bound the device meanwhile may be the kernel itself. */
		if (r == 0 || (r != -EAGAIN && is_driver(run, dax, driver)))
			return 0;
		if (r != -EAGAIN || now_ms() >= deadline || run_is_cancelled(run))
			return r;
		poll(NULL, 0, 20);
	}
}

/*
 * Whether the device has the driver. The link in sysfs is there before the driver's probe has
 * ended, which may take seconds for a large device; bind waits for it, whatever it says then.
 */
static bool is_bound(const struct run *run, const char *dax, const char *driver)
{
	struct kmemd_error ignored;

	return is_driver(run, dax, driver) && write_bind(run, dax, driver, &ignored) == 0;
}

static int bind(const struct run *run, const char *dax, const char *driver,
		struct kmemd_error *error)
{
	struct kmemd_error id_error;
	char path[128];
	int r = module_load(run->kmemd->sysfs, driver, error);

	if (r < 0)
		return r;
	/*
	 * A driver takes devices of its own kind by name alone. For the others it has to be given
	 * their id first, and then tries every device that nobody has bound: those that a person
	 * disabled would come back, so that is the second choice. It keeps the probe's error to
	 * itself.
	 */
	r = write_bind(run, dax, driver, error);
	if (r == -ENODEV) {
		snprintf(path, sizeof(path), DAX_DRIVERS "/%s/new_id", driver);
		run_write(run, path, dax, &id_error);
		r = write_bind(run, dax, driver, error);
	}
	if (r < 0)
		strncat(error->message, probe_hint(-r),
			sizeof(error->message) - strlen(error->message) - 1);
	return r;
}

static enum tristate read_memmap(const struct run *run, const char *dax)
{
	_cleanup_free_ char *path = format_text("%s/" DAX_DEVICES "/%s/memmap_on_memory",
						run->kmemd->sysfs, dax);
	char text[16];

	if (!path || attribute_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return TRISTATE_UNKNOWN;
	return text[0] == '1' ? TRISTATE_YES : TRISTATE_NO;
}

static int write_memmap(const struct run *run, const char *dax, enum tristate memmap,
			struct kmemd_error *error)
{
	char path[128];

	if (memmap == TRISTATE_UNKNOWN || read_memmap(run, dax) == memmap)
		return 0;
	snprintf(path, sizeof(path), DAX_DEVICES "/%s/memmap_on_memory", dax);
	return run_write(run, path, memmap == TRISTATE_YES ? "1" : "0", error);
}

/*
 * Whether the device has the driver and the memmap that are wanted. The kernel binds a new device
 * by itself, at any moment after it can be seen.
 */
static bool is_bound_as(const struct run *run, const char *dax, const char *driver,
			enum tristate memmap)
{
	enum tristate now = read_memmap(run, dax);

	return is_bound(run, dax, driver) &&
	       (memmap == TRISTATE_UNKNOWN || now == TRISTATE_UNKNOWN || now == memmap);
}

/* From whatever is bound to the driver that is wanted. */
static int rebind(const struct run *run, const char *dax, const char *driver, enum tristate memmap,
		  struct kmemd_error *error)
{
	char now[DEVICE_NAME_MAX];
	int r = dax_driver(run, dax, now, error);

	if (r < 0)
		return r;
	if (driver[0] && is_bound_as(run, dax, driver, memmap))
		return 0;
	if (now[0]) {
		r = unbind(run, dax, now, error);
		if (r < 0)
			return r;
	}
	r = write_memmap(run, dax, memmap, error);
	if (r < 0 || !driver[0])
		return r;
	return bind(run, dax, driver, error);
}

struct bind_undo {
	char dax[DEVICE_NAME_MAX], driver[DEVICE_NAME_MAX];
	enum tristate memmap;
};

static int undo_bind(struct run *run, void *data, struct kmemd_error *error)
{
	const struct bind_undo *undo = data;

	if (is_driver(run, undo->dax, "kmem")) {
		int r = blocks_take_offline(run, undo->dax, error);

		if (r < 0)
			return r;
	}
	return rebind(run, undo->dax, undo->driver, undo->memmap, error);
}

static int push_bind_undo(struct run *run, const char *dax, const char *driver,
			  enum tristate memmap)
{
	struct bind_undo *undo = calloc(1, sizeof(*undo));

	if (!undo)
		return -ENOMEM;
	snprintf(undo->dax, sizeof(undo->dax), "%s", dax);
	snprintf(undo->driver, sizeof(undo->driver), "%s", driver);
	undo->memmap = memmap;
	return run_push_undo(run, undo_bind, free, undo, "bind %s to %s again", dax,
			     driver[0] ? driver : "no driver");
}

static int find_dax_of_region(const struct run *run, const char *region, char name[DEVICE_NAME_MAX])
{
	_cleanup_free_ char *path = NULL;
	_cleanup_dir_ DIR *directory = NULL;
	struct dirent *entry;
	unsigned int number;

	if (sscanf(region, "region%u", &number) != 1)
		return -ENODEV;
	path = format_text("%s/bus/cxl/devices/%s/dax_region%u", run->kmemd->sysfs, region, number);
	directory = path ? opendir(path) : NULL;
	while (directory && (entry = readdir(directory))) {
		unsigned int dax_region, device;
		char rest;

		if (sscanf(entry->d_name, "dax%u.%u%c", &dax_region, &device, &rest) != 2)
			continue;
		snprintf(name, DEVICE_NAME_MAX, "dax%u.%u", dax_region, device);
		return 0;
	}
	return -ENODEV;
}

/* Listens before looking, so that a device that comes in between is not missed. */
int dax_of_region(const struct run *run, const char *region, unsigned int timeout_ms,
		  char name[DEVICE_NAME_MAX])
{
	_cleanup_(udev_unrefp) struct udev *udev = NULL;
	_cleanup_(udev_monitor_unrefp) struct udev_monitor *monitor = NULL;
	int64_t deadline = now_ms() + timeout_ms;
	struct pollfd pollfd = {.events = POLLIN, .fd = -1};

	if (find_dax_of_region(run, region, name) == 0)
		return 0;
	if (!timeout_ms)
		return -ENODEV;
	udev = udev_new();
	monitor = udev ? udev_monitor_new_from_netlink(udev, "kernel") : NULL;
	if (monitor && udev_monitor_filter_add_match_subsystem_devtype(monitor, "dax", NULL) >= 0 &&
	    udev_monitor_enable_receiving(monitor) >= 0)
		pollfd.fd = udev_monitor_get_fd(monitor);
	while (find_dax_of_region(run, region, name) < 0) {
		int64_t left = deadline - now_ms();

		if (left <= 0 || run_is_cancelled(run))
			return -ENODEV;
		/* Without a monitor: look twice a second. */
		poll(&pollfd, 1, pollfd.fd >= 0 ? (int)left : 500);
		if (pollfd.fd >= 0)
			udev_device_unref(udev_monitor_receive_device(monitor));
	}
	return 0;
}

static int resolve_target(const struct run *run, const struct step *step,
			  char name[DEVICE_NAME_MAX], struct kmemd_error *error)
{
	if (step->target[0] || run->created_dax[0]) {
		memcpy(name, step->target[0] ? step->target : run->created_dax, DEVICE_NAME_MAX);
		return 0;
	}
	if (dax_of_region(run, run->created_region, DAX_APPEARS_MS, name) < 0)
		return error_set(error, KMEMD_FAILED, ENODEV,
				 "%s got no dax device within %d seconds: is the dax_cxl module "
				 "there?",
				 run->created_region, DAX_APPEARS_MS / 1000);
	return 0;
}

/*
 * A new region's dax device binds to kmem in a worker of udev when the module comes late; a device
 * that was there has the driver that it has.
 */
int step_bind(struct run *run, const struct step *step, struct kmemd_error *error)
{
	char dax[DEVICE_NAME_MAX], driver[DEVICE_NAME_MAX];
	enum tristate memmap;
	int r = resolve_target(run, step, dax, error);

	if (r == 0)
		r = dax_driver(run, dax, driver, error);
	if (r < 0)
		return r;
	memmap = read_memmap(run, dax);
	if (!strcmp(driver, step->driver) &&
	    (step->memmap == TRISTATE_UNKNOWN || memmap == TRISTATE_UNKNOWN ||
	     memmap == step->memmap) &&
	    (!driver[0] || is_bound(run, dax, driver)))
		return 0;
	if (memmap == TRISTATE_UNKNOWN && step->memmap == TRISTATE_YES &&
	    run->plan->decision.settings.memmap == MEMMAP_YES)
		return error_set(error, KMEMD_REFUSED, EOPNOTSUPP,
				 "%s has no memmap_on_memory switch", dax);
	if (push_bind_undo(run, dax, driver, memmap) < 0)
		return error_memory(error);
	run->rebound = true;
	return rebind(run, dax, step->driver, memmap == TRISTATE_UNKNOWN ? memmap : step->memmap,
		      error);
}

int step_unbind(struct run *run, const struct step *step, struct kmemd_error *error)
{
	char driver[DEVICE_NAME_MAX];
	int r = dax_driver(run, step->target, driver, error);

	if (r < 0 || !driver[0])
		return r;
	if (push_bind_undo(run, step->target, driver, TRISTATE_UNKNOWN) < 0)
		return error_memory(error);
	return unbind(run, step->target, driver, error);
}
