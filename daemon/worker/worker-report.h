/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_WORKER_REPORT_H
#define KMEMD_WORKER_REPORT_H
/* A job's events as messages to kmemd. Nobody has to listen: the worker can be started by hand. */
#include "daemon/worker-protocol.h"
#include "job/event.h"

struct worker_report {
	struct worker_writer writer;
	char job[64], device[128]; /* whose steps are counted */
	unsigned int step;
};

/* Says hello. fd -1: nobody listens. */
void worker_report_begin(struct worker_report *report, int fd);
void worker_report_event(struct worker_report *report, const struct kmemd_event *event);
/* Why nothing at all could be done. */
void worker_report_failure(struct worker_report *report, const struct kmemd_error *error);
void worker_report_counts(struct worker_report *report, const struct worker_counts *counts);
/* Gives the last messages a moment to be read. */
void worker_report_end(struct worker_report *report);

#endif
