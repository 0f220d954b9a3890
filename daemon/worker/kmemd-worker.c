/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmemd-worker: brings devices to what policy wants, once, and exits with a kmemd_result. Started
 * by kmemd, which reads from descriptor 3 what it is doing; its log goes to the journal.
 */
#include "base/error.h"
#include "base/json.h"
#include "context.h"
#include "daemon/worker/count-devices.h"
#include "daemon/worker/worker-report.h"
#include "inventory/inventory.h"
#include "inventory/snapshot.h"
#include "job/event.h"
#include "job/policy-job.h"
#include "job/system-log.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/plan-json.h"
#include "json/policy-json.h"
#include "json/status-json.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);
DEFINE_CLEANUP(struct kmemd_policy *, kmemd_policy_free);

struct work {
	struct kmemd *kmemd;
	struct worker_report report;
	struct system_log log;
	bool start, reload, gone, cut_short;
	char **appeared; /* NULL-terminated; with gone alone: nothing, so that nothing is touched */
};

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

static void on_event(void *userdata, const struct kmemd_event *event)
{
	struct work *work = userdata;

	worker_report_event(&work->report, event);
	system_log_event(&work->log, event);
}

static unsigned int count_problems(const struct kmemd_policy *policy)
{
	_cleanup_(json_object_putp) struct json_object *json = kmemd_policy_to_json(policy);

	return (unsigned int)json_count(json, "problems");
}

static void log_problems(struct work *work, const struct kmemd_policy *policy)
{
	_cleanup_(json_object_putp) struct json_object *json = kmemd_policy_to_json(policy);

	for (size_t i = 0; i < json_count(json, "problems"); i++) {
		struct json_object *problem = json_member(json, "problems", i);

		system_log_policy_problem(&work->log, json_text(problem, "file"),
					  json_get_u64(problem, "line"),
					  json_text(problem, "message"));
	}
}

/* What there is after the work, from the kernel and the records: nothing is assumed. */
static void report_devices(struct work *work, const struct kmemd_policy *policy)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *plan = NULL;
	struct worker_counts counts = {.bad_policies = count_problems(policy)};
	struct kmemd_error error = {0};
	char *all[] = {NULL};

	if (kmemd_inventory_read(work->kmemd, &inventory, &error) < 0 ||
	    kmemd_report_plan(work->kmemd, inventory, policy, all, GOAL_POLICY, &plan, &error) <
		    0) {
		worker_report_failure(&work->report, &error);
		return;
	}
	count_devices(plan, &counts);
	worker_report_counts(&work->report, &counts);
}

static int run(struct work *work)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	bool everything = work->start || work->reload || work->cut_short ||
			  (!work->gone && !work->appeared[0]);
	struct kmemd_job job = {
		.event = on_event,
		.userdata = work,
		.cancelled = is_cancelled,
		.retry = work->start || work->reload, /* a new start is a new chance */
		.waits = true,
		.start = work->start,
		.appeared = everything ? NULL : work->appeared,
	};
	struct kmemd_error error = {0};
	int r = kmemd_policy_load(work->kmemd, &policy, &error);

	if (r < 0) {
		system_log_error(&work->log, &error);
		worker_report_failure(&work->report, &error);
		return error.result;
	}
	if (job.retry) /* said at start and on reload, not on every event */
		log_problems(work, policy);
	r = kmemd_apply(work->kmemd, policy, NULL, &job, &error);
	/* A device's failure has been an event of the device. */
	if (r < 0 && !work->log.failures) {
		system_log_error(&work->log, &error);
		worker_report_failure(&work->report, &error);
	}
	report_devices(work, policy);
	kmemd_publish_status(work->kmemd);
	return r < 0 ? (int)error.result : KMEMD_DONE;
}

/* Whether the descriptor is the daemon's socket: started by hand it is something else, or none. */
static int daemon_socket(void)
{
	int type;
	socklen_t length = sizeof(type);

	if (getsockopt(WORKER_PROTOCOL_FD, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
	    type != SOCK_STREAM)
		return -1;
	return WORKER_PROTOCOL_FD;
}

/* 0, or the exit code. */
static int parse_options(int argc, char **argv, struct work *work)
{
	static const struct option options[] = {
		{"start", no_argument, NULL, 's'},	    {"reload", no_argument, NULL, 'r'},
		{"gone", no_argument, NULL, 'g'},	    {"cut-short", no_argument, NULL, 'c'},
		{"appeared", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0},
	};
	size_t count = 0;
	int letter;

	work->appeared = calloc((size_t)argc + 1, sizeof(*work->appeared));
	if (!work->appeared)
		return KMEMD_FAILED;
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (letter) {
		case 's':
			work->start = true;
			break;
		case 'r':
			work->reload = true;
			break;
		case 'g':
			work->gone = true;
			break;
		case 'c':
			work->cut_short = true;
			break;
		case 'a':
			work->appeared[count++] = optarg;
			break;
		default:
			return KMEMD_USAGE;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "kmemd-worker: '%s': no arguments are taken\n", argv[optind]);
	return KMEMD_USAGE;
}

static int work_once(struct work *work)
{
	struct kmemd_error error = {.result = KMEMD_FAILED, .message = "out of memory"};
	int result;

	/* Without the daemon nobody would wait for the end, or ask for it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	worker_report_begin(&work->report, daemon_socket());
	system_log_init(&work->log, "/proc", "kmemd", "apply");
	if (kmemd_new(&work->kmemd, NULL) < 0) {
		worker_report_failure(&work->report, &error);
		result = KMEMD_FAILED;
	} else {
		result = run(work);
	}
	worker_report_end(&work->report);
	work->kmemd = kmemd_free(work->kmemd);
	return result;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_terminate}; /* interrupts writes to sysfs */
	struct work work = {.start = false};
	int result;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	result = parse_options(argc, argv, &work);
	if (!result)
		result = work_once(&work);
	free(work.appeared);
	return result;
}
