/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_JOB_EVENTS_H
#define KMEMCTL_JOB_EVENTS_H
/*
 * How verbs that change the machine say what they do, on standard error and in the system's
 * journal, and what cancels them.
 */
#include "base/error.h"
#include "job/event.h"

struct cli;

/* Events of a job as lines, and a progress bar on a terminal. */
struct kmemd_job cli_job(struct cli *cli);
/* After the job: takes the bar away, and logs a failure that no event was about. */
void cli_job_end(struct cli *cli, int r, const struct kmemd_error *error);
/* The same, and prints the result of apply and drain; the exit code. */
int cli_job_finish(struct cli *cli, int r, const struct kmemd_error *error);

#endif
