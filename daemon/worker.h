/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_WORKER_H
#define KMEMD_WORKER_H
/*
 * kmemd-worker in a process of its own, because the kernel may hold it for minutes; one at a time.
 * The worker knows nothing of who listens: what it reports and how it ended are callbacks.
 *
 * Everything that can fail is done before the process is there: its end is seen by a signal source
 * that lives as long as this object, so that no process is ever left unwatched.
 */
#include "daemon/worker-protocol.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct worker_end {
	bool killed; /* by signal number, else it exited with code number */
	int number;
	bool greeted;		/* it was our worker, that is: it said hello */
	unsigned int bad_lines; /* what it sent that was no message */
};

struct worker_handlers {
	void (*message)(void *userdata, const struct worker_message *message);
	/* The worker can be started again from within. */
	void (*ended)(void *userdata, const struct worker_end *end);
	void *userdata;
};

struct worker {
	sd_event *event;
	const char *path;
	struct worker_handlers handlers;
	sd_event_source *child_signal, *messages;
	struct worker_reader reader;
	int socket; /* -1: none */
	pid_t pid;  /* 0: none runs */
};

/* SIGCHLD has to be blocked. 0 or a negative errno; worker_release() is fine after both. */
int worker_init(struct worker *worker, sd_event *event, const char *path,
		const struct worker_handlers *handlers);
void worker_release(struct worker *worker);

/* arguments: NULL-terminated, without the program's name. On failure no process is left. */
int worker_start(struct worker *worker, char *const *arguments);
bool worker_runs(const struct worker *worker);
/* Asks it to undo what it does and to exit. */
void worker_stop(const struct worker *worker);

#endif
