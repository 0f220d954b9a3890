/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_MONITOR_DEVICES_H
#define KMEMCTL_MONITOR_DEVICES_H
/* What udev reports. */
struct monitor;

/* 0, or a negative errno: then the others go on without it. */
int monitor_devices_start(struct monitor *monitor);
void monitor_devices_stop(struct monitor *monitor);

#endif
