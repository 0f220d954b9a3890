/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An inotify reports that something changed, and kmemd_report_status() what is there now. */
#include "cli/monitor-run.h"
#include "base/file.h"
#include "cli/monitor.h"
#include "json/status-json.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#define RUN_DIRECTORY "/run/kmemd"

static const char *run_directory(const struct monitor *monitor)
{
	return monitor->cli->paths.run ? monitor->cli->paths.run : RUN_DIRECTORY;
}

static struct json_object *job_of(const struct json_object *status)
{
	struct json_object *job = NULL;

	json_object_object_get_ex(status, "job", &job);
	return job;
}

static bool same_job(const struct json_object *a, const struct json_object *b)
{
	return a && b && json_get_u64(a, "pid") == json_get_u64(b, "pid") &&
	       !strcmp(json_text(a, "device"), json_text(b, "device")) &&
	       !strcmp(json_text(a, "type"), json_text(b, "type"));
}

static void tell_job(struct monitor *monitor, const struct json_object *job, const char *action,
		     const char *words)
{
	struct json_object *json = json_object_new_object();

	json_put_text(json, "action", action);
	json_put_text(json, "job", json_text(job, "type"));
	json_put_text(json, "device", json_text(job, "device"));
	json_put_u64(json, "pid", json_get_u64(job, "pid"));
	monitor_tell(monitor, "job", json, "%s of %s %s (pid %lu)", json_text(job, "type"),
		     json_text(job, "device"), words, (unsigned long)json_get_u64(job, "pid"));
}

static void forget_job(struct monitor *monitor)
{
	monitor->job_end = sd_event_source_disable_unref(monitor->job_end);
	if (monitor->job_fd >= 0)
		close(monitor->job_fd);
	monitor->job_fd = -1;
}

/* The process is gone. One that did its work has removed its journal before. */
static int on_job_gone(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct monitor *monitor = userdata;
	_cleanup_(json_object_putp) struct json_object *status = NULL;

	(void)source, (void)fd, (void)events;
	forget_job(monitor);
	if (kmemd_report_status(monitor->cli->kmemd, &status, NULL) == 0 &&
	    same_job(job_of(status), job_of(monitor->status)))
		tell_job(monitor, job_of(status), "cut-short",
			 "was cut short; the next job puts it right");
	return 0;
}

static void watch_job(struct monitor *monitor, const struct json_object *job)
{
	forget_job(monitor);
	monitor->job_fd = (int)syscall(SYS_pidfd_open, (pid_t)json_get_u64(job, "pid"), 0);
	if (monitor->job_fd >= 0 &&
	    sd_event_add_io(monitor->event, &monitor->job_end, monitor->job_fd, EPOLLIN,
			    on_job_gone, monitor) < 0)
		forget_job(monitor);
}

static void compare_jobs(struct monitor *monitor, const struct json_object *status)
{
	struct json_object *before = job_of(monitor->status), *now = job_of(status);

	if (before && !same_job(before, now))
		tell_job(monitor, before, "ended", "has ended");
	if (now && !same_job(before, now)) {
		tell_job(monitor, now, "began",
			 json_get_bool(now, "running")
				 ? "is under way"
				 : "was cut short; the next job puts it right");
		if (json_get_bool(now, "running"))
			watch_job(monitor, now);
	}
	if (!before && !now && monitor->job_seen)
		monitor_tell(monitor, "job", NULL, "a job has begun and ended");
	monitor->job_seen = false;
}

static struct json_object *find_record(const struct json_object *status, const char *device)
{
	for (size_t i = 0; i < json_count(status, "records"); i++) {
		struct json_object *record = json_member(status, "records", i);

		if (!strcmp(json_text(record, "device"), device))
			return record;
	}
	return NULL;
}

static bool same_record(const struct json_object *a, const struct json_object *b)
{
	return a && !strcmp(json_text(a, "state"), json_text(b, "state")) &&
	       !strcmp(json_text(a, "message"), json_text(b, "message"));
}

static void tell_record(struct monitor *monitor, const struct json_object *record, bool there)
{
	struct json_object *json = json_object_new_object();
	const char *device = json_text(record, "device"), *state = json_text(record, "state");

	json_put_text(json, "device", device);
	json_put_text(json, "state", there ? state : "none");
	if (there)
		monitor_tell(monitor, "record", json, "%s is %s: %s", device, state,
			     json_text(record, "message"));
	else
		monitor_tell(monitor, "record", json, "%s is no longer %s", device, state);
}

static void compare_records(struct monitor *monitor, const struct json_object *status)
{
	for (size_t i = 0; i < json_count(monitor->status, "records"); i++) {
		struct json_object *record = json_member(monitor->status, "records", i);

		if (!find_record(status, json_text(record, "device")))
			tell_record(monitor, record, false);
	}
	for (size_t i = 0; i < json_count(status, "records"); i++) {
		struct json_object *record = json_member(status, "records", i);

		if (!same_record(find_record(monitor->status, json_text(record, "device")), record))
			tell_record(monitor, record, true);
	}
}

static int look(struct monitor *monitor)
{
	struct json_object *status = NULL;
	int r = kmemd_report_status(monitor->cli->kmemd, &status, NULL);

	if (r < 0)
		return r;
	compare_jobs(monitor, status);
	compare_records(monitor, status);
	json_object_put(monitor->status);
	monitor->status = status;
	return 0;
}

/* The directory may come, go and come again: what is not there is waited for in its parent. */
static void watch(struct monitor *monitor)
{
	const char *run = run_directory(monitor);
	_cleanup_free_ char *devices = format_text("%s/devices", run);
	_cleanup_free_ char *parent = strdup(run);

	if (!devices || !parent)
		return;
	monitor->run_watch = inotify_add_watch(monitor->inotify, run,
					       IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ONLYDIR);
	monitor->devices_watch = inotify_add_watch(monitor->inotify, devices,
						   IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
	monitor->parent_watch = inotify_add_watch(monitor->inotify, dirname(parent),
						  IN_CREATE | IN_ONLYDIR);
}

/* Whether it is about something that is told; /run has much else. */
static bool matters(struct monitor *monitor, const struct inotify_event *event)
{
	const char *name = event->len ? event->name : "", *run = run_directory(monitor);

	if (event->wd == monitor->parent_watch && event->wd != monitor->run_watch) {
		if (strcmp(name, strrchr(run, '/') ? strrchr(run, '/') + 1 : run))
			return false;
		watch(monitor);
		return true;
	}
	if (event->mask & IN_ISDIR)
		watch(monitor);
	if (event->wd == monitor->run_watch && (event->mask & IN_MOVED_TO) &&
	    !strcmp(name, "journal.json"))
		monitor->job_seen = true;
	return true;
}

static int on_inotify(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct monitor *monitor = userdata;
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = read(fd, buffer, sizeof(buffer));
	bool any = false;

	(void)source, (void)events;
	for (char *at = buffer; length > 0 && at < buffer + length;) {
		const struct inotify_event *event = (const struct inotify_event *)at;

		any = matters(monitor, event) || any;
		at += sizeof(*event) + event->len;
	}
	if (any)
		look(monitor);
	return 0;
}

int monitor_run_start(struct monitor *monitor)
{
	int r;

	monitor->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (monitor->inotify < 0)
		return -errno;
	watch(monitor);
	r = sd_event_add_io(monitor->event, NULL, monitor->inotify, EPOLLIN, on_inotify, monitor);
	return r < 0 ? r : look(monitor);
}

void monitor_run_stop(struct monitor *monitor)
{
	forget_job(monitor);
	if (monitor->inotify >= 0)
		close(monitor->inotify);
	json_object_put(monitor->status);
	monitor->status = NULL;
}
