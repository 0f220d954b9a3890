/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmemd-worker: brings all devices to what policy wants, once, and exits with a kmemd_result.
 * Started by kmemd, which reads from descriptor 3 what it is doing; its log goes to the journal.
 */
#include "base/error.h"
#include "base/json.h"
#include "context.h"
#include "daemon/worker/log.h"
#include "job/event.h"
#include "job/policy-job.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/policy-json.h"
#include "json/status-json.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define STATUS_SOCKET 3

DEFINE_CLEANUP(struct kmemd *, kmemd_free);
DEFINE_CLEANUP(struct kmemd_policy *, kmemd_policy_free);

static volatile sig_atomic_t terminated;

static void on_terminate(int number)
{
	(void)number;
	terminated = 1;
}

static bool is_cancelled(void *userdata)
{
	(void)userdata;
	return terminated;
}

static void set_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Nobody has to listen: the worker can be started by hand. */
static void set_status(const char *format, ...)
{
	char text[512];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > 0)
		send(STATUS_SOCKET, text, strnlen(text, sizeof(text)), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_event(void *userdata, const struct kmemd_event *event)
{
	(void)userdata;
	if (event->type == KMEMD_EVENT_PROGRESS)
		set_status("%s: %u of %u blocks", event->device, event->done, event->total);
	else if (event->type == KMEMD_EVENT_STEP)
		set_status("%s: %s", event->device, event->message);
	log_event(event);
}

static void log_problems(const struct kmemd_policy *policy)
{
	_cleanup_(json_object_putp) struct json_object *json = kmemd_policy_to_json(policy);

	for (size_t i = 0; i < json_count(json, "problems"); i++) {
		struct json_object *problem = json_member(json, "problems", i);

		log_policy_problem(json_text(problem, "file"), json_get_u64(problem, "line"),
				   json_text(problem, "message"));
	}
}

/* The sentence that `systemctl status` shows until something happens. */
static void set_idle_status(struct kmemd *kmemd)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error;
	unsigned int held = 0, failed = 0;

	if (kmemd_report_status(kmemd, &json, &error) < 0)
		return;
	for (size_t i = 0; i < json_count(json, "records"); i++) {
		if (!strcmp(json_text(json_member(json, "records", i), "state"), "held"))
			held++;
		else
			failed++;
	}
	if (held || failed)
		set_status("Idle; devices held: %u, failed or refused: %u (see kmemctl status)",
			   held, failed);
	else
		set_status("Idle; every device is as policy wants");
}

static int work(bool retry)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled, .retry = retry};
	struct kmemd_error error = {0};
	int r = kmemd_new(&kmemd, NULL);

	if (r < 0)
		return KMEMD_FAILED;
	set_status("Looking at the devices");
	r = kmemd_policy_load(kmemd, &policy, &error);
	if (r < 0) {
		log_error(&error);
		set_status("Idle; nothing is done: %s", error.message);
		return error.result;
	}
	if (retry) /* said at start and on reload, not on every event */
		log_problems(policy);
	r = kmemd_apply(kmemd, policy, NULL, &job, &error);
	/* A device's failure has been told as an event of the device. */
	if (r < 0 && !log_told_failure())
		log_error(&error);
	set_idle_status(kmemd);
	return r < 0 ? (int)error.result : KMEMD_DONE;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_terminate}; /* interrupts writes to sysfs */

	/* Without the daemon nobody would wait for the end, or ask for it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	return work(argc > 1 && !strcmp(argv[1], "--retry"));
}
