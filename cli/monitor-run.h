/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_MONITOR_RUN_H
#define KMEMCTL_MONITOR_RUN_H
/* What the run directory says of jobs and records. */
struct monitor;

/* 0, or a negative errno: then the others go on without it. */
int monitor_run_start(struct monitor *monitor);
void monitor_run_stop(struct monitor *monitor);

#endif
