/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/dax-driver.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "step/load-module.h"
#include "step/use-check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#define DAX_DRIVERS "bus/dax/drivers"
/* From a new device's folder in sysfs to the end of the kernel's own attempt to bind it. */
#define DAX_READY_MS 10000
#define DAX_LOOK_MS  20

int dax_driver(const struct run *run, const char *dax, char driver[DEVICE_NAME_MAX],
	       struct kmemd_error *error)
{
	_cleanup_free_ char *device = format_text("%s/" DAX_DEVICES "/%s", run->kmemd->sysfs, dax);
	_cleanup_close_ int directory = -1;
	int r;

	if (!device)
		return error_memory(error);
	directory = open(device, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", dax);
	r = link_name(directory, "driver", driver, DEVICE_NAME_MAX);
	if (r < 0)
		return error_errno(error, -r, "cannot read %s/driver: %s", device, strerror(-r));
	return 0;
}

bool dax_has_driver(const struct run *run, const char *dax, const char *driver)
{
	char now[DEVICE_NAME_MAX];

	return dax_driver(run, dax, now, NULL) == 0 && !strcmp(now, driver);
}

int dax_is_in_kmem(const struct run *run, const char *dax, struct kmemd_error *error)
{
	char driver[DEVICE_NAME_MAX];
	int r = dax_driver(run, dax, driver, error);

	if (r == -ENODEV)
		return 0;
	return r < 0 ? r : !strcmp(driver, "kmem");
}

bool dax_driver_is_known(const char *driver)
{
	return !driver[0] || !strcmp(driver, "kmem") || !strcmp(driver, "device_dax");
}

static int write_driver(const struct run *run, const char *driver, const char *attribute,
			const char *dax, struct kmemd_error *error)
{
	char path[128];

	snprintf(path, sizeof(path), DAX_DRIVERS "/%s/%s", driver, attribute);
	return run_write(run, path, dax, error);
}

/* --- taking it away -----------------------------------------------------------------------------
 */

/* Between the last look and the write another program may have been faster. */
static int give_back(const struct run *run, const char *dax, const struct ranges *ranges,
		     struct kmemd_error *error)
{
	struct kmemd_error online, ignored;

	if (check_offline(run, dax, ranges->items, ranges->count, &online) != -EBUSY)
		return 0;
	if (dax_bind(run, dax, "kmem", &ignored) == 0)
		return error_set(error, KMEMD_REFUSED, EBUSY,
				 "%s, by somebody else and at the last moment; it is bound to kmem "
				 "again",
				 online.message);
	return error_set(error, KMEMD_FAILED, EBUSY,
			 "%s, by somebody else and at the last moment; kmem does not take it back "
			 "before it is offline: %s",
			 online.message, ignored.message);
}

int dax_unbind(const struct run *run, const char *dax, const char *driver, bool force,
	       struct kmemd_error *error)
{
	struct ranges ranges = {0};
	int r = check_holders(run, dax, force, error);

	if (r == 0)
		r = dax_ranges_read(run, dax, &ranges, error);
	/* So that the driver does not take the device back by itself; it may not know it by id. */
	if (r == 0)
		write_driver(run, driver, "remove_id", dax, NULL);
	if (r == 0)
		r = check_offline(run, dax, ranges.items, ranges.count, error);
	if (r == 0)
		r = write_driver(run, driver, "unbind", dax, error);
	if (r == 0 && !strcmp(driver, "kmem"))
		r = give_back(run, dax, &ranges, error);
	free(ranges.items);
	return r;
}

/* --- giving it a driver -------------------------------------------------------------------------
 */

/* Linux 7.3 says EAGAIN while it has not finished making the device. */
static int write_bind(const struct run *run, const char *dax, const char *driver,
		      struct kmemd_error *error)
{
	int64_t deadline = monotonic_ms() + DAX_READY_MS;
	int r;

	for (;;) {
		r = write_driver(run, driver, "bind", dax, error);
		/* What has bound the device meanwhile may be the kernel itself. */
		if (r == 0 || (r != -EAGAIN && dax_has_driver(run, dax, driver)))
			return 0;
		if (r != -EAGAIN || monotonic_ms() >= deadline || run_is_cancelled(run))
			return r;
		poll(NULL, 0, DAX_LOOK_MS);
	}
}

bool dax_is_bound(const struct run *run, const char *dax, const char *driver)
{
	return dax_has_driver(run, dax, driver) && write_bind(run, dax, driver, NULL) == 0;
}

/*
 * What a failed probe says is seldom the reason: device_dax keeps a page map of its first attempt,
 * and says EINVAL to every later one. Memory that was left online is the usual one, and can be
 * seen.
 */
static void explain_probe(const struct run *run, const char *dax, const char *driver, int r,
			  struct kmemd_error *error)
{
	struct kmemd_error online;

	if (strcmp(driver, "kmem") != 0 && check_dax_offline(run, dax, &online) == -EBUSY)
		error_append(error,
			     " (its memory was left online: %s; it can be used by %s only after "
			     "that is offline, or after a reboot)",
			     online.message, driver);
	else if (r == -EBUSY)
		error_append(error, " (its range is in use: see /proc/iomem and the kernel log)");
	else if (r == -ENOMEM)
		error_append(error, " (not enough DRAM for the memmap: see the kernel log)");
	else
		error_append(error, " (see the kernel log)");
}

int dax_bind(const struct run *run, const char *dax, const char *driver, struct kmemd_error *error)
{
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
		write_driver(run, driver, "new_id", dax, NULL);
		r = write_bind(run, dax, driver, error);
	}
	if (r < 0)
		explain_probe(run, dax, driver, r, error);
	return r;
}

int dax_memmap_read(const struct run *run, const char *dax, enum tristate *ret,
		    struct kmemd_error *error)
{
	char path[128], text[16];
	int r;

	*ret = TRISTATE_UNKNOWN;
	snprintf(path, sizeof(path), DAX_DEVICES "/%s/memmap_on_memory", dax);
	r = run_read(run, path, text, sizeof(text), error);
	if (r == -ENOENT)
		return 0;
	if (r == 0 && !text[0])
		r = error_errno(error, EIO, "%s/%s is empty", run->kmemd->sysfs, path);
	if (r == 0)
		*ret = text[0] == '1' ? TRISTATE_YES : TRISTATE_NO;
	return r;
}

static int write_memmap(const struct run *run, const char *dax, enum tristate memmap,
			struct kmemd_error *error)
{
	enum tristate now;
	char path[128];
	int r;

	if (memmap == TRISTATE_UNKNOWN)
		return 0;
	r = dax_memmap_read(run, dax, &now, error);
	if (r < 0 || now == memmap)
		return r;
	snprintf(path, sizeof(path), DAX_DEVICES "/%s/memmap_on_memory", dax);
	return run_write(run, path, memmap == TRISTATE_YES ? "1" : "0", error);
}

/*
 * 1 when the device has the driver and the memmap that are wanted, 0 when not, or a negative errno.
 * The kernel binds a new device by itself, at any moment after it can be seen.
 */
static int is_bound_as(const struct run *run, const char *dax, const char *driver,
		       enum tristate memmap, struct kmemd_error *error)
{
	enum tristate now;
	int r = dax_memmap_read(run, dax, &now, error);

	if (r < 0)
		return r;
	return dax_is_bound(run, dax, driver) &&
	       (memmap == TRISTATE_UNKNOWN || now == TRISTATE_UNKNOWN || now == memmap);
}

static int give_driver(const struct run *run, const char *dax, const char *driver,
		       enum tristate memmap, struct kmemd_error *error)
{
	int r = write_memmap(run, dax, memmap, error);

	return r < 0 || !driver[0] ? r : dax_bind(run, dax, driver, error);
}

/* device_dax keeps the ids that daxctl gives it, and takes every later device of that name. */
static bool is_other_driver(const struct run *run, const char *dax, const char *driver,
			    char now[DEVICE_NAME_MAX])
{
	return dax_driver(run, dax, now, NULL) == 0 && now[0] && strcmp(now, driver) != 0 &&
	       dax_driver_is_known(now);
}

int dax_rebind(const struct run *run, const char *dax, const char *driver, enum tristate memmap,
	       bool force, struct kmemd_error *error)
{
	char now[DEVICE_NAME_MAX];
	int r = dax_driver(run, dax, now, error);

	if (r == 0 && driver[0])
		r = is_bound_as(run, dax, driver, memmap, error);
	if (r != 0)
		return r < 0 ? r : 0;
	if (now[0])
		r = dax_unbind(run, dax, now, force, error);
	if (r == 0)
		r = give_driver(run, dax, driver, memmap, error);
	/* Free when looked at, and bound by the kernel since: to a driver that has its id. */
	if (r == -EBUSY && !now[0] && is_other_driver(run, dax, driver, now)) {
		r = dax_unbind(run, dax, now, force, error);
		if (r == 0)
			r = give_driver(run, dax, driver, memmap, error);
	}
	return r;
}
