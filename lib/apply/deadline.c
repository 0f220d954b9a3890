/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply/deadline.h"

#include <errno.h>
#include <string.h>

/* After the deadline the signal is sent again and again: the first may come just before a write. */
#define REPEAT_NS (200 * 1000 * 1000)

static void interrupt_only(int number)
{
	(void)number;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int deadline_begin(struct deadline *deadline, unsigned int seconds)
{
	struct sigaction action = {.sa_handler = interrupt_only}; /* no SA_RESTART */
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct itimerspec when = {
		.it_value.tv_sec = seconds ? seconds : 1,
		.it_interval.tv_nsec = REPEAT_NS,
	};

	memset(deadline, 0, sizeof(*deadline));
	deadline->end_ms = now_ms() + when.it_value.tv_sec * 1000;
	if (timer_create(CLOCK_MONOTONIC, &event, &deadline->timer) < 0)
		return -errno;
	if (sigaction(SIGALRM, &action, &deadline->before) < 0 ||
	    timer_settime(deadline->timer, 0, &when, NULL) < 0) {
		int r = -errno;

		timer_delete(deadline->timer);
		return r;
	}
	deadline->armed = true;
	return 0;
}

void deadline_end(struct deadline *deadline)
{
	if (!deadline->armed)
		return;
	timer_delete(deadline->timer);
	sigaction(SIGALRM, &deadline->before, NULL);
	deadline->armed = false;
}

int64_t deadline_left(const struct deadline *deadline)
{
	int64_t left = deadline->end_ms - now_ms();

	return left > 0 ? left : 0;
}

void deadline_sleep(const struct deadline *deadline, unsigned int ms)
{
	int64_t left = deadline_left(deadline);
	struct timespec time = {0};

	if (left > ms)
		left = ms;
	time.tv_sec = left / 1000;
	time.tv_nsec = left % 1000 * 1000000;
	nanosleep(&time, NULL);
}
