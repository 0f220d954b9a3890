/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_WORK_STATUS_H
#define KMEMD_WORK_STATUS_H
/* What the worker is doing or has found, and the sentence that systemd shows of it. */
#include "daemon/worker-protocol.h"

#include <stdbool.h>
#include <stddef.h>

struct work_status {
	bool running;
	bool asks_again;	       /* it waits for something and is started again */
	bool counted;		       /* counts are those of the last look */
	struct worker_message current; /* what was reported last of the job under way */
	unsigned int done, total;      /* blocks of its step */
	struct worker_counts counts;
	char failure[512]; /* why the last look came to nothing */
};

void work_status_begin(struct work_status *status);
void work_status_take(struct work_status *status, const struct worker_message *message);
/* failure: why it came to nothing, or NULL. */
void work_status_end(struct work_status *status, const char *failure);

/* One line of printable text: nothing in it ends the line of sd_notify() that it is put into. */
void work_status_text(const struct work_status *status, char *buffer, size_t size);

#endif
