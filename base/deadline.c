/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/deadline.h"

#include <time.h>

#define BACKOFF_MAX_MS 2000

int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t end_after(unsigned int seconds)
{
	return seconds ? monotonic_ms() + (int64_t)seconds * 1000 : INT64_MAX;
}

void deadline_begin(struct deadline *deadline, struct patience patience)
{
	deadline->patience = patience;
	deadline->total_end = end_after(patience.total_sec);
	deadline->stall_end = end_after(patience.stall_sec);
}

void deadline_touch(struct deadline *deadline)
{
	deadline->stall_end = end_after(deadline->patience.stall_sec);
}

int64_t deadline_left(const struct deadline *deadline)
{
	int64_t end = deadline->total_end < deadline->stall_end ? deadline->total_end
								: deadline->stall_end;
	int64_t now;

	if (end == INT64_MAX)
		return end;
	now = monotonic_ms();
	return end > now ? end - now : 0;
}

unsigned int backoff_next(unsigned int ms)
{
	return ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : ms * 2;
}

void backoff_sleep(unsigned int ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}
