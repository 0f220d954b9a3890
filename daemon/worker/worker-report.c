/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/worker/worker-report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS 1000

static void copy(char *buffer, size_t size, const char *text)
{
	snprintf(buffer, size, "%s", text ? text : "");
}

/* What a message says of a job that has no word of its own in the protocol is in the log only. */
static bool type_of(enum kmemd_event_type event, enum worker_message_type *ret)
{
	static const int types[] = {
		[KMEMD_EVENT_RECOVERED] = -1,
		[KMEMD_EVENT_WAITING] = WORKER_WAITING,
		[KMEMD_EVENT_DECIDED] = WORKER_DECIDED,
		[KMEMD_EVENT_STEP] = WORKER_STEP,
		[KMEMD_EVENT_PROGRESS] = WORKER_PROGRESS,
		[KMEMD_EVENT_UNDO] = WORKER_STEP,
		[KMEMD_EVENT_DONE] = WORKER_DONE,
		[KMEMD_EVENT_FAILED] = WORKER_FAILED,
		[KMEMD_EVENT_NOTICE] = -1,
	};

	if ((size_t)event >= sizeof(types) / sizeof(types[0]) || types[event] < 0)
		return false;
	*ret = (enum worker_message_type)types[event];
	return true;
}

/* The engine says which step of how many it is, or its steps are counted here. */
static void count_step(struct worker_report *report, const struct kmemd_event *event,
		       struct worker_message *message)
{
	if (event->type == KMEMD_EVENT_DECIDED || strcmp(report->device, message->device) ||
	    strcmp(report->job, message->job)) {
		report->step = 0;
		copy(report->device, sizeof(report->device), message->device);
		copy(report->job, sizeof(report->job), message->job);
	}
	if (event->type == KMEMD_EVENT_UNDO)
		message->undo = true;
	if (event->type != KMEMD_EVENT_STEP)
		return;
	report->step = event->total ? event->done : report->step + 1;
	message->step = report->step;
	message->steps = event->total;
}

void worker_report_begin(struct worker_report *report, int fd)
{
	*report = (struct worker_report){.writer.fd = fd};
	worker_writer_send(&report->writer, &(struct worker_message){
						    .type = WORKER_HELLO,
						    .version = WORKER_PROTOCOL_VERSION,
						    .pid = getpid(),
					    });
}

void worker_report_event(struct worker_report *report, const struct kmemd_event *event)
{
	struct worker_message message = {0};

	if (!type_of(event->type, &message.type))
		return;
	copy(message.device, sizeof(message.device), event->device);
	copy(message.job, sizeof(message.job), event->job);
	copy(message.message, sizeof(message.message), event->message);
	copy(message.holder, sizeof(message.holder), event->holder);
	message.retry_ms = event->retry_ms;
	message.result = event->error ? (int)event->error->result : 0;
	if (message.type == WORKER_PROGRESS) {
		message.done = event->done;
		message.total = event->total;
	} else {
		count_step(report, event, &message);
	}
	worker_writer_send(&report->writer, &message);
}

void worker_report_failure(struct worker_report *report, const struct kmemd_error *error)
{
	struct worker_message message = {.type = WORKER_FAILED, .result = (int)error->result};

	copy(message.message, sizeof(message.message), error->message);
	worker_writer_send(&report->writer, &message);
}

void worker_report_counts(struct worker_report *report, const struct worker_counts *counts)
{
	worker_writer_send(&report->writer, &(struct worker_message){
						    .type = WORKER_DEVICES,
						    .counts = *counts,
					    });
}

void worker_report_end(struct worker_report *report)
{
	worker_writer_flush(&report->writer, FLUSH_MS);
	worker_writer_release(&report->writer);
}
