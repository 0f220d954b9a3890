/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs that change the machine, and how they tell what they do. */
#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static bool is_cancelled(void *userdata)
{
	(void)userdata;
	return interrupted;
}

/* A bar that is drawn over itself, on a terminal only. */
static void draw_progress(unsigned int done, unsigned int total)
{
	static const char full[] = "########################################";
	int width = total ? (int)(done * (sizeof(full) - 1) / total) : 0;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r  [%-40.*s] %u of %u blocks%s", width, full, done, total,
		done == total ? "\n" : "");
}

static void on_event(void *userdata, const struct kmemd_event *event)
{
	const struct cli *cli = userdata;

	switch (event->type) {
	case KMEMD_EVENT_PROGRESS:
		draw_progress(event->done, event->total);
		break;
	case KMEMD_EVENT_STEP:
		fprintf(stderr, "  %s\n", event->message);
		break;
	case KMEMD_EVENT_UNDO:
		fprintf(stderr, "  undo: %s\n", event->message);
		break;
	case KMEMD_EVENT_FAILED: /* that of the only device is told by cli_fail() */
		if (!cli->arguments[0])
			fprintf(stderr, "kmemctl: %s\n", event->message);
		break;
	case KMEMD_EVENT_RECOVERED:
	case KMEMD_EVENT_WAITING:
	case KMEMD_EVENT_DECIDED:
	case KMEMD_EVENT_DONE:
	case KMEMD_EVENT_NOTICE:
	default:
		fprintf(stderr, "%s\n", event->message);
	}
}

struct kmemd_job cli_job(const struct cli *cli)
{
	struct sigaction action = {.sa_handler = on_interrupt}; /* interrupts a write to sysfs */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return (struct kmemd_job){
		.event = on_event,
		.userdata = (void *)cli,
		.cancelled = is_cancelled,
		.timeout_sec = cli->timeout_sec,
	};
}

static int finish(struct cli *cli, int r, const struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();

	json_put_text(json, "verb", cli->verb);
	json_put_text(json, "device", cli->arguments[0] ? cli->arguments[0] : "all");
	json_put_bool(json, "done", r == 0);
	json_put_int(json, "exit_code", r < 0 ? (int)error->result : 0);
	json_put_text(json, "error", r < 0 ? error->message : "");
	cli_print_json(cli, json);
	return r < 0 ? cli_fail(error) : KMEMD_DONE;
}

int verb_apply(struct cli *cli)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_job job = cli_job(cli);
	struct kmemd_error error = {0};
	int r;

	if (cli->dry_run)
		return verb_plan(cli);
	job.retry = true;
	if (cli_load_policy(cli, &policy, &error) < 0)
		return cli_fail(&error);
	r = kmemd_apply(cli->kmemd, policy, cli->arguments[0], &job, &error);
	return finish(cli, r, &error);
}

int verb_drain(struct cli *cli)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_job job = cli_job(cli);
	struct kmemd_error error = {0};
	int r;

	if (cli->dry_run)
		return cli_plan_drain(cli);
	/* A mistake in a file must not keep memory in use: the default timeout serves. */
	if (cli_load_policy(cli, &policy, &error) < 0)
		cli_fail(&error);
	r = kmemd_drain(cli->kmemd, policy, cli->arguments[0], &job, &error);
	return finish(cli, r, &error);
}
