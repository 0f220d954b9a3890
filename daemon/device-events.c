/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/manager.h"

#include <errno.h>

/* Room for the events of some thousands of memory blocks while the loop is busy. */
#define RECEIVE_BUFFER (16 * 1024 * 1024)

static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	(void)monitor, (void)device;
	manager_device_event(userdata);
	return 0;
}

int device_events_start(struct manager *manager)
{
	static const char *const subsystems[] = {"cxl", "dax", "nd", "memory"};
	int r = sd_device_monitor_new(&manager->monitor);

	for (size_t i = 0; r >= 0 && i < sizeof(subsystems) / sizeof(subsystems[0]); i++)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(manager->monitor,
									 subsystems[i], NULL);
	if (r < 0)
		return r;
	/* Needs CAP_NET_ADMIN beyond the system's limit; the default serves for small machines. */
	sd_device_monitor_set_receive_buffer_size(manager->monitor, RECEIVE_BUFFER);
	r = sd_device_monitor_attach_event(manager->monitor, manager->event);
	return r < 0 ? r : sd_device_monitor_start(manager->monitor, on_device, manager);
}
