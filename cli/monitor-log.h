/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_MONITOR_LOG_H
#define KMEMCTL_MONITOR_LOG_H
/* What kmemd and kmemctl write into the system's journal. */
struct monitor;

/* 0, or a negative errno: then the others go on without it. */
int monitor_log_start(struct monitor *monitor);
void monitor_log_stop(struct monitor *monitor);

#endif
