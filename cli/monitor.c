/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/monitor.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

/* "2026-11-21T15:04:05.123+01:00": of the machine's own clock and zone. */
static void time_text(char *buffer, size_t size, bool whole)
{
	struct timespec now;
	struct tm parts;
	char zone[8];
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &parts);
	used = strftime(buffer, size, whole ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &parts);
	used += (size_t)snprintf(buffer + used, size - used, ".%03ld", now.tv_nsec / 1000000);
	if (!whole)
		return;
	strftime(zone, sizeof(zone), "%z", &parts);
	snprintf(buffer + used, size - used, "%.3s:%s", zone, zone + 3);
}

/* Past stdio, so that nothing is left to be written when the reader is gone. */
static int write_line(const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t length = write(STDOUT_FILENO, text, left);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		text += length;
		left -= (size_t)length;
	}
	return 0;
}

static char *json_line(struct json_object *json, const char *type, const char *message)
{
	char now[48];

	if (!json)
		json = json_object_new_object();
	time_text(now, sizeof(now), true);
	json_put_text(json, "time", now);
	json_put_text(json, "type", type);
	json_put_text(json, "message", message);
	return format_text("%s\n",
			   json_object_to_json_string_ext(
				   json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void monitor_tell(struct monitor *monitor, const char *type, struct json_object *json,
		  const char *format, ...)
{
	_cleanup_(json_object_putp) struct json_object *object = json;
	_cleanup_free_ char *message = NULL, *line = NULL;
	va_list arguments;
	char now[48];
	int length, r;

	va_start(arguments, format);
	length = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (length < 0) {
		message = NULL;
		return;
	}
	if (monitor->cli->json != JSON_OFF) {
		if (!object)
			object = json_object_new_object();
		line = json_line(object, type, message);
	} else {
		time_text(now, sizeof(now), false);
		line = format_text("%s %-7s %s\n", now, type, message);
	}
	r = line ? write_line(line) : 0;
	if (r == -EPIPE)
		sd_event_exit(monitor->event, KMEMD_DONE);
	else if (r < 0)
		sd_event_exit(monitor->event, KMEMD_FAILED);
}

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
		fprintf(stderr, "kmemctl: %s cannot be followed: %s\n", what, strerror(-r));
}

int verb_monitor(struct cli *cli)
{
	struct monitor monitor = {.cli = cli, .inotify = -1, .job_fd = -1};
	int r = start_loop(&monitor);

	if (r < 0) {
		fprintf(stderr, "kmemctl: cannot start: %s\n", strerror(-r));
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
