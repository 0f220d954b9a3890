/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_JOB_SOURCE_H
#define KMEMD_JOB_SOURCE_H
/*
 * Jobs of anybody that were cut short. The process that runs one holds the lock in the run
 * directory, and removes its journal before it lets go: a journal that is there when the lock is
 * closed belongs to a job that was killed.
 */
#include <systemd/sd-event.h>

struct job_source_handlers {
	void (*cut_short)(void *userdata);
	void *userdata;
};

struct job_source {
	sd_event_source *inotify;
	char *run; /* the run directory */
	struct job_source_handlers handlers;
};

/*
 * 0 or a negative errno; job_source_release() is fine after both. A run directory that is not there
 * (kmemd was not started by systemd) is no error: then such jobs are found by the next one.
 */
int job_source_init(struct job_source *source, sd_event *event, const char *run,
		    const struct job_source_handlers *handlers);
void job_source_release(struct job_source *source);

#endif
