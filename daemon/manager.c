/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/manager.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <time.h>

/*
 * One expander is hundreds of events within moments. The first one starts the clock, so that a
 * flood cannot put the work off for ever; what comes while the worker runs is seen by the next one.
 */
#define MERGE_USEC	(50 * 1000)
#define STOP_NUDGE_USEC (1000 * 1000)

static void run_worker(struct manager *manager)
{
	int r;

	if (manager->worker) {
		manager->again = true;
		return;
	}
	r = worker_start(manager);
	if (r < 0)
		sd_journal_print(LOG_ERR, "cannot start %s: %s", manager->worker_path,
				 strerror(-r));
}

static int on_merged(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	run_worker(userdata);
	return 0;
}

void manager_device_event(struct manager *manager)
{
	int enabled = SD_EVENT_OFF;

	if (manager->stopping)
		return;
	if (manager->worker) {
		manager->again = true;
		return;
	}
	sd_event_source_get_enabled(manager->merge_timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(manager->merge_timer, MERGE_USEC);
	sd_event_source_set_enabled(manager->merge_timer, SD_EVENT_ONESHOT);
}

void manager_worker_ended(struct manager *manager)
{
	if (manager->stopping) {
		sd_event_exit(manager->event, 0);
		return;
	}
	if (manager->again || manager->retry) {
		manager->again = false;
		run_worker(manager);
	}
}

/* SIGTERM may reach the worker just before a system call that it should interrupt: say it again. */
static int on_stop_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	(void)usec;
	worker_stop(manager);
	sd_event_source_set_time_relative(source, STOP_NUDGE_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info,
			void *userdata)
{
	struct manager *manager = userdata;

	(void)source, (void)info;
	if (manager->stopping)
		return 0;
	manager->stopping = true;
	if (!manager->worker)
		return sd_event_exit(manager->event, 0);
	sd_notify(false, "STOPPING=1\nSTATUS=Stopping: undoing the job under way");
	worker_stop(manager);
	sd_event_source_set_time_relative(manager->stop_timer, STOP_NUDGE_USEC);
	return sd_event_source_set_enabled(manager->stop_timer, SD_EVENT_ONESHOT);
}

/*
 * Every worker reads the policy files anew, so that a reload only has to start one, which also
 * tries again what failed before.
 */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct manager *manager = userdata;
	struct timespec now;

	(void)source, (void)info;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	manager->retry = true;
	run_worker(manager);
	sd_notify(false, "READY=1");
	return 0;
}

static int add_timer(struct manager *manager, sd_event_source **ret,
		     sd_event_time_handler_t handler)
{
	int r = sd_event_add_time_relative(manager->event, ret, CLOCK_MONOTONIC, 0, 1000, handler,
					   manager);

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

int manager_init(struct manager *manager, const char *worker_path)
{
	int r;

	*manager = (struct manager){
		.worker_path = worker_path,
		.worker_socket = -1,
		.retry = true, /* a new start is a new chance */
	};
	r = sd_event_new(&manager->event);
	if (r >= 0)
		r = add_signals(manager);
	if (r >= 0)
		r = add_timer(manager, &manager->merge_timer, on_merged);
	if (r >= 0)
		r = add_timer(manager, &manager->stop_timer, on_stop_timer);
	if (r >= 0)
		r = sd_event_set_watchdog(manager->event, true);
	if (r >= 0)
		r = device_events_start(manager);
	if (r < 0)
		return r;
	/* What was there before the monitor: looked after as if it had just come. */
	run_worker(manager);
	return 0;
}

void manager_done(struct manager *manager)
{
	worker_release(manager);
	manager->merge_timer = sd_event_source_disable_unref(manager->merge_timer);
	manager->stop_timer = sd_event_source_disable_unref(manager->stop_timer);
	manager->monitor = sd_device_monitor_unref(manager->monitor);
	manager->event = sd_event_unref(manager->event);
}
