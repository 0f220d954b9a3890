/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DAX_DRIVER_H
#define KMEMD_DAX_DRIVER_H
/*
 * Which driver a dax device has, by the attributes of Documentation/ABI/testing/sysfs-bus-dax and
 * of the driver core: new_id lets a driver match the device, bind gives the probe's own error.
 */
#include "step/run.h"

/* In sysfs. */
#define DAX_DEVICES "bus/dax/devices"

/* The driver that a device has now: "" for none, -ENODEV when the device is gone. */
int dax_driver(const struct run *run, const char *dax, char driver[DEVICE_NAME_MAX],
	       struct kmemd_error *error);
/* False, too, when it cannot be read: not for who would then do nothing and say that it is done. */
bool dax_has_driver(const struct run *run, const char *dax, const char *driver);
/* 1 or 0, also for one that is gone; or a negative errno. */
int dax_is_in_kmem(const struct run *run, const char *dax, struct kmemd_error *error);
/* kmem, device_dax and none: those that policy may take a device from. */
bool dax_driver_is_known(const char *driver);
/*
 * Whether the device has the driver and its probe has ended. The link in sysfs is there before
 * that, which may take seconds for a large device; a write to bind waits for it.
 */
bool dax_is_bound(const struct run *run, const char *dax, const char *driver);

/*
 * Refused (-EBUSY) while memory of the device is online, a process has it mapped, or, without
 * force, while a driver holds it that is neither kmem nor device_dax. Memory that another program
 * puts online in the moment of the write is found afterwards: then the device is bound to kmem
 * again, and the error says so.
 */
int dax_unbind(const struct run *run, const char *dax, const char *driver, bool force,
	       struct kmemd_error *error);
/* Loads the driver's module when it is not there. */
int dax_bind(const struct run *run, const char *dax, const char *driver, struct kmemd_error *error);
/* From whatever is bound to the driver that is wanted ("" for none), with the memmap switch set. */
int dax_rebind(const struct run *run, const char *dax, const char *driver, enum tristate memmap,
	       bool force, struct kmemd_error *error);

/* memmap_on_memory; UNKNOWN where the kernel has none. */
int dax_memmap_read(const struct run *run, const char *dax, enum tristate *ret,
		    struct kmemd_error *error);

#endif
