/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_APPLY_DEADLINE_H
#define KMEMD_APPLY_DEADLINE_H
/*
 * Offlining a block tries for ever while a page can be migrated in principle (offline_pages() in
 * mm/memory_hotplug.c); only a signal ends it. A deadline is a timer whose SIGALRM does that.
 */
#include "kmemd.h"

#include <signal.h>
#include <time.h>

struct deadline {
	timer_t timer;
	struct sigaction before;
	int64_t end_ms; /* CLOCK_MONOTONIC */
	bool armed;
};

/* 0 or a negative errno. Until deadline_end() SIGALRM is the deadline's. */
int deadline_begin(struct deadline *deadline, unsigned int seconds);
void deadline_end(struct deadline *deadline);
/* Milliseconds left, 0 when it is over. */
int64_t deadline_left(const struct deadline *deadline);
/* Sleeps, at most until the deadline. A signal ends the sleep. */
void deadline_sleep(const struct deadline *deadline, unsigned int ms);

#endif
