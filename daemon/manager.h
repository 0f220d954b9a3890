/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_MANAGER_H
#define KMEMD_MANAGER_H
/*
 * kmemd: waits for devices and has a worker process look after them. The manager owns the event
 * loop's sources; it knows nothing about memory, reads no sysfs, and sleeps unless something
 * happens:
 *
 *   device events -> merged for a moment -> one worker -> again, if events came meanwhile
 */
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-device.h>
#include <systemd/sd-event.h>

struct manager {
	sd_event *event;
	sd_device_monitor *monitor;
	sd_event_source *merge_timer; /* runs from the first event to the worker's start */
	sd_event_source *worker_exit, *worker_messages, *stop_timer;
	const char *worker_path;
	pid_t worker; /* 0: none */
	int worker_socket;
	bool again; /* events came while the worker ran */
	bool retry; /* the next worker tries failed devices again */
	bool stopping;
};

/* 0 or a negative errno; on failure manager_done() releases what there is. */
int manager_init(struct manager *manager, const char *worker_path);
void manager_done(struct manager *manager);

/* device-events.c: calls manager_device_event() for every event of the subsystems that matter. */
int device_events_start(struct manager *manager);
void manager_device_event(struct manager *manager);

/* worker-process.c: one at a time; manager_worker_ended() is called when it has exited. */
int worker_start(struct manager *manager);
void worker_stop(struct manager *manager);
void worker_release(struct manager *manager);
void manager_worker_ended(struct manager *manager);

#endif
