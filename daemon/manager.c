/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/manager.h"

#include "base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <time.h>

#define RUN_DIRECTORY "/run/kmemd"

#define MSEC	      UINT64_C(1000)
#define SEC	      (1000 * MSEC)
#define PROGRESS_USEC (100 * MSEC) /* between two statuses that differ in a number only */
#define DEATHS_MAX    3		   /* in a row, before a worker is no longer started by itself */

/*
 * One expander is hundreds of events within moments. While the kernel puts its blocks online it is
 * not quiet, and a flood of events may not put the work off without end.
 */
const struct manager_times manager_default_times = {
	.quiet = 200 * MSEC,
	.most = 2 * SEC,
	.backoff = 1 * SEC,
	.backoff_max = 64 * SEC,
	.nudge = 1 * SEC,
};

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SEC + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void show_status(struct manager *manager)
{
	char text[1024];

	if (manager->stopping)
		return;
	manager->shown = now_usec();
	work_status_text(&manager->status, text, sizeof(text));
	sd_notifyf(false, "STATUS=%s", text);
}

/* --- when a worker is started -------------------------------------------------------------------
 */

static int arm(sd_event_source *timer, uint64_t usec)
{
	int r = sd_event_source_set_time(timer, usec);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static uint64_t backoff_of(const struct manager *manager, unsigned int times)
{
	uint64_t pause = manager->times.backoff;

	for (unsigned int i = 1; i < times && pause < manager->times.backoff_max; i++)
		pause *= 2;
	return pause < manager->times.backoff_max ? pause : manager->times.backoff_max;
}

static uint64_t due(const struct manager *manager)
{
	uint64_t usec = 0;

	if (manager->first && !manager->pending.start && !manager->pending.reload) {
		usec = manager->last + manager->times.quiet;
		if (usec > manager->first + manager->times.most)
			usec = manager->first + manager->times.most;
	}
	return later(later(usec, manager->hold), manager->backoff);
}

static int start_worker(struct manager *manager)
{
	_cleanup_free_ char **arguments = reason_arguments(&manager->pending);
	int r = arguments ? worker_start(&manager->worker, arguments) : -ENOMEM;

	if (r < 0)
		return r;
	reason_move(&manager->current, &manager->pending);
	manager->hold = manager->backoff = manager->first = 0;
	manager->retry_ms = 0;
	work_status_begin(&manager->status);
	return 0;
}

/* Said when it begins, and then no more: the same again is no news. */
static void start_failed(struct manager *manager, const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "cannot start %s: %s", manager->worker.path, why);
	if (!manager->failures++)
		sd_journal_print(LOG_ERR, "%s; it is tried again while something is to be done",
				 text);
	manager->backoff = now_usec() + backoff_of(manager, manager->failures);
	work_status_end(&manager->status, text);
}

/* Starts a worker when it is time, or sees to it that this is called again. */
static void schedule(struct manager *manager)
{
	int r = 0;

	if (manager->stopping || worker_runs(&manager->worker) ||
	    reason_is_empty(&manager->pending)) {
		sd_event_source_set_enabled(manager->start_timer, SD_EVENT_OFF);
		return;
	}
	if (due(manager) > now_usec()) {
		r = arm(manager->start_timer, due(manager));
		if (r >= 0)
			return;
		/* Too early is better than never. */
	}
	r = start_worker(manager);
	if (r >= 0) {
		sd_event_source_set_enabled(manager->start_timer, SD_EVENT_OFF);
	} else {
		start_failed(manager, strerror(-r));
		r = arm(manager->start_timer, manager->backoff);
	}
	if (r < 0) { /* systemd starts the daemon again */
		sd_journal_print(LOG_ERR, "no worker and no timer can be started: %s",
				 strerror(-r));
		sd_event_exit(manager->event, r);
	}
	show_status(manager);
}

/* A negative return of a handler would make sd-event switch its source off. */
static int on_start_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	schedule(userdata);
	return 0;
}

/* --- what happens -------------------------------------------------------------------------------
 */

static void begin_quiet(struct manager *manager)
{
	manager->last = now_usec();
	if (!manager->first)
		manager->first = manager->last;
}

static void on_gone(void *userdata)
{
	struct manager *manager = userdata;

	begin_quiet(manager);
	manager->pending.gone = true;
	schedule(manager);
}

static void on_cut_short(void *userdata)
{
	struct manager *manager = userdata;

	manager->pending.cut_short = true;
	schedule(manager);
}

static void on_appeared(void *userdata, const char *name)
{
	struct manager *manager = userdata;

	begin_quiet(manager);
	reason_add_name(&manager->pending, name);
	reason_move(&manager->pending, &manager->parked);
	manager->hold = 0;
	manager->deaths = 0;
	schedule(manager);
}

/* The timer that runs looks at the time again when it has run down: hundreds come at once. */
static void on_busy(void *userdata)
{
	struct manager *manager = userdata;

	manager->last = now_usec();
}

static void on_message(void *userdata, const struct worker_message *message)
{
	struct manager *manager = userdata;

	if (message->type == WORKER_HELLO)
		manager->failures = 0;
	if (message->type == WORKER_HELLO && message->version != WORKER_PROTOCOL_VERSION)
		sd_journal_print(LOG_ERR,
				 "%s speaks version %u of the protocol, kmemd version %u: what it "
				 "does is not shown",
				 manager->worker.path, message->version, WORKER_PROTOCOL_VERSION);
	/* The shortest of the pauses that it asks for. */
	if (message->type == WORKER_WAITING && message->retry_ms &&
	    (!manager->retry_ms || message->retry_ms < manager->retry_ms))
		manager->retry_ms = message->retry_ms;
	work_status_take(&manager->status, message);
	if (message->type != WORKER_PROGRESS || now_usec() >= manager->shown + PROGRESS_USEC)
		show_status(manager);
}

/* What it was started for is done by the next one; after several, by the one after an event. */
static void worker_died(struct manager *manager, int number)
{
	char text[128];

	snprintf(text, sizeof(text), "the worker was ended by signal %d", number);
	if (++manager->deaths <= DEATHS_MAX) {
		reason_move(&manager->pending, &manager->current);
		manager->backoff = now_usec() + backoff_of(manager, manager->deaths);
	} else {
		reason_move(&manager->parked, &manager->current);
	}
	sd_journal_print(LOG_WARNING, "%s; %s finishes or undoes what it did", text,
			 manager->deaths <= DEATHS_MAX
				 ? "the next one"
				 : "the one that the next device, a reload or kmemctl starts");
	work_status_end(&manager->status, text);
}

/* The dynamic linker, for instance, exits with 127 where a library is missing. */
static void worker_was_none(struct manager *manager, int code)
{
	char text[64];

	snprintf(text, sizeof(text), "it exited with code %d and reported nothing", code);
	reason_move(&manager->pending, &manager->current);
	start_failed(manager, text);
}

static void worker_exited(struct manager *manager)
{
	manager->deaths = 0;
	if (manager->retry_ms) {
		reason_move(&manager->pending, &manager->current);
		manager->hold = now_usec() + manager->retry_ms * MSEC;
	}
	work_status_end(&manager->status, NULL);
}

static void on_ended(void *userdata, const struct worker_end *end)
{
	struct manager *manager = userdata;

	if (end->bad_lines)
		sd_journal_print(LOG_WARNING, "the worker sent %u lines that are no messages",
				 end->bad_lines);
	if (manager->stopping) {
		sd_event_exit(manager->event, 0);
		return;
	}
	if (end->killed)
		worker_died(manager, end->number);
	else if (!end->greeted)
		worker_was_none(manager, end->number);
	else
		worker_exited(manager);
	reason_clear(&manager->current);
	schedule(manager);
	show_status(manager);
}

/* --- signals ------------------------------------------------------------------------------------
 */

/* SIGTERM may reach the worker just before a system call that it should interrupt: say it again. */
static int on_stop_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	(void)usec;
	worker_stop(&manager->worker);
	arm(source, now_usec() + manager->times.nudge);
	return 0;
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info,
			void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)info;
	if (!manager->stopping)
		sd_notify(false, "STOPPING=1\nSTATUS=Stopping: undoing the job under way");
	manager->stopping = true;
	sd_event_source_set_enabled(manager->start_timer, SD_EVENT_OFF);
	if (!worker_runs(&manager->worker)) {
		sd_event_exit(manager->event, 0);
		return 0;
	}
	worker_stop(&manager->worker);
	arm(manager->stop_timer, now_usec() + manager->times.nudge);
	return 0;
}

/*
 * Every worker reads the policy files again, so that a reload only has to start one, which also
 * tries again what failed before.
 */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)info;
	if (manager->stopping)
		return 0;
	sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now_usec());
	manager->pending.reload = true;
	reason_move(&manager->pending, &manager->parked);
	manager->hold = manager->backoff = 0;
	manager->failures = manager->deaths = 0;
	schedule(manager);
	sd_notify(false, "READY=1");
	return 0;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static int add_timer(struct manager *manager, sd_event_source **ret,
		     sd_event_time_handler_t handler)
{
	int r = sd_event_add_time(manager->event, ret, CLOCK_MONOTONIC, 0, MSEC, handler, manager);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static int add_signals(struct manager *manager)
{
	sigset_t mask;
	int r;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(manager->event, NULL, SIGTERM, on_terminate, manager);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGINT, on_terminate, manager);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGHUP, on_reload, manager);
	return r;
}

static int add_sources(struct manager *manager, const char *worker_path)
{
	int r = add_signals(manager);

	if (r >= 0)
		r = add_timer(manager, &manager->start_timer, on_start_timer);
	if (r >= 0)
		r = add_timer(manager, &manager->stop_timer, on_stop_timer);
	if (r >= 0)
		r = worker_init(&manager->worker, manager->event, worker_path,
				&(struct worker_handlers){on_message, on_ended, manager});
	if (r >= 0)
		r = sd_event_set_watchdog(manager->event, true);
	if (r >= 0)
		r = device_source_init(
			&manager->devices, manager->event,
			&(struct device_source_handlers){on_appeared, on_gone, on_busy, manager});
	if (r >= 0)
		r = job_source_init(&manager->jobs, manager->event, RUN_DIRECTORY,
				    &(struct job_source_handlers){on_cut_short, manager});
	return r;
}

int manager_init(struct manager *manager, const char *worker_path,
		 const struct manager_times *times)
{
	int r;

	*manager = (struct manager){
		.times = times ? *times : manager_default_times,
		.worker.socket = -1,
		.pending.start = true, /* what was there before the monitor */
	};
	r = sd_event_new(&manager->event);
	if (r >= 0)
		r = add_sources(manager, worker_path);
	if (r < 0)
		return r;
	schedule(manager);
	return 0;
}

void manager_done(struct manager *manager)
{
	device_source_release(&manager->devices);
	job_source_release(&manager->jobs);
	worker_release(&manager->worker);
	manager->start_timer = sd_event_source_disable_unref(manager->start_timer);
	manager->stop_timer = sd_event_source_disable_unref(manager->stop_timer);
	reason_clear(&manager->pending);
	reason_clear(&manager->current);
	reason_clear(&manager->parked);
	manager->event = sd_event_unref(manager->event);
}
