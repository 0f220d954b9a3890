/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/job-events.h"

#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/output.h"
#include "json/status-json.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/* --- the bar: drawn over itself, on a terminal, for work of more than a second ------------------
 */

#define BAR_AFTER_MS 1000

static struct {
	int64_t start_ms; /* of the blocks that are being changed; 0: none are */
	bool drawn;
	bool checked, possible; /* whether there is a terminal */
} bar;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void clear_bar(void)
{
	if (bar.drawn)
		fprintf(stderr, "\r\033[K");
	bar.drawn = false;
}

static void begin_bar(void)
{
	clear_bar();
	bar.start_ms = now_ms();
}

static void draw_bar(const struct kmemd_event *event)
{
	static const char full[] = "##############################";
	int64_t elapsed = now_ms() - bar.start_ms;
	uint64_t bytes = event->done * event->block_size;
	char done[SIZE_TEXT_MAX], total[SIZE_TEXT_MAX], rate[SIZE_TEXT_MAX];
	int width;

	if (!event->total || !event->done)
		return;
	if (!bar.checked)
		bar.possible = isatty(STDERR_FILENO);
	bar.checked = true;
	if (!bar.possible)
		return;
	if (elapsed < BAR_AFTER_MS) /* and what is left will not take that long either */
		return;
	width = (int)(event->done * (sizeof(full) - 1) / event->total);
	fprintf(stderr, "\r\033[K[%-30.*s] %u of %u blocks, %s of %s, %s/s, %ld s left", width,
		full, event->done, event->total, format_size(bytes, done),
		format_size(event->total * event->block_size, total),
		format_size(bytes * 1000 / (uint64_t)elapsed, rate),
		(long)(elapsed * (event->total - event->done) / event->done / 1000));
	fflush(stderr);
	bar.drawn = true;
}

/* --- events -------------------------------------------------------------------------------------
 */

static void on_event(void *userdata, const struct kmemd_event *event)
{
	struct cli *cli = userdata;

	system_log_event(&cli->log, event);
	if (event->type == KMEMD_EVENT_PROGRESS) {
		draw_bar(event);
		return;
	}
	begin_bar();
	switch (event->type) {
	case KMEMD_EVENT_STEP:
		if (!cli->quiet)
			cli_say("  %s", event->message);
		break;
	case KMEMD_EVENT_UNDO:
		cli_say("  undo: %s", event->message);
		break;
	case KMEMD_EVENT_FAILED: /* that of the only device is told by cli_fail() */
		if (!cli->tells_failures && cli->arguments[0])
			break;
		cli_say("kmemctl: %s", event->message);
		cli->failures_told++;
		break;
	case KMEMD_EVENT_DONE:
		cli->devices_done++;
		/* fall through */
	case KMEMD_EVENT_DECIDED:
		if (!cli->quiet)
			cli_say("%s", event->message);
		break;
	case KMEMD_EVENT_RECOVERED:
	case KMEMD_EVENT_WAITING:
	case KMEMD_EVENT_NOTICE:
	default:
		cli_say("%s", event->message);
	}
}

struct kmemd_job cli_job(struct cli *cli)
{
	/* Without SA_RESTART: it ends the wait for the lock, for blocks, for a device. */
	struct sigaction action = {.sa_handler = on_interrupt};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	system_log_init(&cli->log, cli->kmemd->procfs, "kmemctl", cli->verb);
	return (struct kmemd_job){
		.event = on_event,
		.userdata = cli,
		.cancelled = is_cancelled,
		.timeout_sec = cli->timeout_sec,
	};
}

void cli_job_end(struct cli *cli, int r, const struct kmemd_error *error)
{
	clear_bar();
	/* A device's failure has been an event of the device. */
	if (r < 0 && !cli->log.failures)
		system_log_error(&cli->log, error);
	kmemd_publish_status(cli->kmemd);
}

/* The one that was named, or all; several are a list. */
static void put_devices(struct json_object *json, const struct cli *cli)
{
	struct json_object *array;

	if (!cli->arguments[0] || !cli->arguments[1]) {
		json_put_text(json, "device", cli->arguments[0] ? cli->arguments[0] : "all");
		return;
	}
	array = json_put_array(json, "devices");
	for (size_t i = 0; cli->arguments[i]; i++)
		json_object_array_add(array, json_object_new_string(cli->arguments[i]));
}

int cli_job_finish(struct cli *cli, int r, const struct kmemd_error *error)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	bool changed = cli->devices_done || (r < 0 && error->result == KMEMD_PARTLY);

	cli_job_end(cli, r, error);
	json_put_text(json, "verb", cli->verb);
	put_devices(json, cli);
	if (cli->region)
		json_put_text(json, "region", cli->region);
	json_put_bool(json, "done", r == 0);
	json_put_bool(json, "changed", changed);
	json_put_int(json, "exit_code", r < 0 ? (int)error->result : 0);
	json_put_text(json, "error", r < 0 ? error->message : "");
	cli_print_json(cli, json);
	if (r < 0 && cli->tells_failures && cli->failures_told)
		return error->result;
	return r < 0 ? cli_fail(error) : KMEMD_DONE;
}
