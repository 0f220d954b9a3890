/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cli/message.h"
#include "cli/monitor-devices.h"
#include "cli/monitor-log.h"
#include "cli/monitor-run.h"
#include "cli/monitor.h"
#include "cli/verb.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct monitor *monitor = userdata;

	(void)source, (void)info;
	return sd_event_exit(monitor->event, KMEMD_DONE);
}

/* The other end of the pipe is closed, which also a monitor with nothing to tell should notice. */
static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct monitor *monitor = userdata;

	(void)source, (void)fd;
	return events & (EPOLLERR | EPOLLHUP) ? sd_event_exit(monitor->event, KMEMD_DONE) : 0;
}

static int start_loop(struct monitor *monitor)
{
	sigset_t mask;
	int r;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	r = sd_event_new(&monitor->event);
	if (r >= 0)
		r = sd_event_add_signal(monitor->event, NULL, SIGINT, on_signal, monitor);
	if (r >= 0)
		r = sd_event_add_signal(monitor->event, NULL, SIGTERM, on_signal, monitor);
	if (r >= 0) {
		r = sd_event_add_io(monitor->event, NULL, STDOUT_FILENO, 0, on_output, monitor);
		if (r == -EPERM) /* a file: always there */
			r = 0;
	}
	return r;
}

static void say_missing(const char *what, int r)
{
	if (r < 0)
		cli_say("kmemctl: %s cannot be followed: %s", what, strerror(-r));
}

static int run(struct cli *cli)
{
	struct monitor monitor = {.cli = cli, .inotify = -1, .job_fd = -1};
	int r = start_loop(&monitor);

	if (r < 0) {
		cli_say("kmemctl: cannot start: %s", strerror(-r));
		return KMEMD_FAILED;
	}
	say_missing("devices", monitor_devices_start(&monitor));
	say_missing("kmemd's log", monitor_log_start(&monitor));
	monitor_tell(&monitor, "start", NULL, "watching devices, memory blocks, jobs and records");
	say_missing("jobs", monitor_run_start(&monitor));
	r = sd_event_loop(monitor.event);
	monitor_devices_stop(&monitor);
	monitor_run_stop(&monitor);
	monitor_log_stop(&monitor);
	sd_event_unref(monitor.event);
	return r < 0 ? KMEMD_FAILED : r;
}

const struct cli_verb verb_monitor = {
	"monitor",
	"",
	"follow devices, memory blocks, jobs and records as they change",
	OPTIONS(&option_json),
	run,
	0,
	0,
};
