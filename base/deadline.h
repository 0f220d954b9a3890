/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_DEADLINE_H
#define KMEMD_DEADLINE_H
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t monotonic_ms(void);

/* How long something may take altogether, and how long without getting on; 0: any time. */
struct patience {
	unsigned int total_sec, stall_sec;
};

/* Times are milliseconds of CLOCK_MONOTONIC; INT64_MAX is never. */
struct deadline {
	struct patience patience;
	int64_t total_end, stall_end;
};

void deadline_begin(struct deadline *deadline, struct patience patience);
/* There was progress. */
void deadline_touch(struct deadline *deadline);
/* Milliseconds left, 0 when it is over. */
int64_t deadline_left(const struct deadline *deadline);

/* Between two attempts: the first pause, and the one after a pause. */
#define BACKOFF_MS 100
unsigned int backoff_next(unsigned int ms);
void backoff_sleep(unsigned int ms);

#endif
