/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_MANAGER_H
#define KMEMD_MANAGER_H
/*
 * kmemd: waits for devices and has a worker process look after them. The manager knows the sources
 * and the worker, which do not know it; it knows nothing about memory, reads no sysfs, and sleeps
 * unless something happens:
 *
 *   a device appears -> it is quiet again -> one worker -> again, if others appeared meanwhile
 *
 * Whatever call fails, nothing that has appeared is lost and SIGTERM ends the daemon: what could
 * not be started is started later, and only while something waits to be started a timer runs.
 */
#include "daemon/device-source.h"
#include "daemon/job-source.h"
#include "daemon/reason.h"
#include "daemon/work-status.h"
#include "daemon/worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct manager_times {	      /* microseconds */
	uint64_t quiet;	      /* without an event, before a worker is started */
	uint64_t most;	      /* what a flood can put it off by */
	uint64_t backoff;     /* before what failed is tried again; doubled each time, */
	uint64_t backoff_max; /* up to this */
	uint64_t nudge;	      /* between two SIGTERMs to a worker that is to stop */
};

extern const struct manager_times manager_default_times;

struct manager {
	sd_event *event;
	struct manager_times times;
	struct device_source devices;
	struct job_source jobs;
	struct worker worker;
	struct work_status status;
	sd_event_source *start_timer, *stop_timer;
	struct reason pending; /* why the next worker is started */
	struct reason current; /* why the one that runs was */
	struct reason parked;  /* of workers that died: waits for what comes next */
	uint64_t first, last;  /* when the first of pending appeared (0: quiet does not matter),
				* and when anything happened */
	uint64_t hold;	       /* the worker has asked for a pause until then */
	uint64_t backoff;      /* nothing is started before that */
	uint64_t retry_ms;     /* what the worker has asked for so far */
	unsigned int failures; /* in a row: workers that could not be started, */
	unsigned int deaths;   /* or that were killed */
	uint64_t shown;	       /* when the status was */
	bool stopping;
};

/* 0 or a negative errno; manager_done() is fine after both. times NULL: the default. */
int manager_init(struct manager *manager, const char *worker_path,
		 const struct manager_times *times);
void manager_done(struct manager *manager);

#endif
