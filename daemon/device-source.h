/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_DEVICE_SOURCE_H
#define KMEMD_DEVICE_SOURCE_H
/*
 * udev's events, as what they mean: a device that policy may be about has appeared or is gone, or
 * something else happens to memory, which is no reason to do anything but to wait until it is over.
 */
#include <stdbool.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>

struct device_source_handlers {
	void (*appeared)(void *userdata, const char *name); /* the kernel's name: dax0.0 */
	void (*gone)(void *userdata);
	void (*busy)(void *userdata);
	void *userdata;
};

struct device_source {
	/* Two, so that a flood of blocks takes no room from what must not be lost. */
	sd_device_monitor *devices, *blocks;
	struct device_source_handlers handlers;
};

/* 0 or a negative errno; device_source_release() is fine after both. */
int device_source_init(struct device_source *source, sd_event *event,
		       const struct device_source_handlers *handlers);
void device_source_release(struct device_source *source);

enum device_event {
	DEVICE_BUSY,
	DEVICE_APPEARED,
	DEVICE_GONE,
};

/* What an event means; synthetic: `udevadm trigger` wrote it, not the kernel. */
enum device_event device_source_meaning(const char *subsystem, const char *name,
					sd_device_action_t action, bool synthetic);

#endif
