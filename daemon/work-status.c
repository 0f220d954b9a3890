/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/work-status.h"

#include "base/array.h"
#include "base/printable.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024

void work_status_begin(struct work_status *status)
{
	*status = (struct work_status){.running = true};
}

/* A job's next message takes the place of the one before; the blocks belong to a step. */
static void take_current(struct work_status *status, const struct worker_message *message)
{
	status->current = *message;
	status->done = status->total = 0;
}

void work_status_take(struct work_status *status, const struct worker_message *message)
{
	switch (message->type) {
	case WORKER_PROGRESS:
		status->done = message->done;
		status->total = message->total;
		break;
	case WORKER_WAITING:
		status->asks_again = status->asks_again || message->retry_ms;
		take_current(status, message);
		break;
	case WORKER_DEVICES:
		status->counted = true;
		status->counts = message->counts;
		break;
	case WORKER_FAILED:
		if (!message->device[0])
			snprintf(status->failure, sizeof(status->failure), "%s", message->message);
		take_current(status, message);
		break;
	case WORKER_HELLO:
	case WORKER_DECIDED:
	case WORKER_STEP:
	case WORKER_DONE:
	case WORKER_MESSAGE_TYPES:
	default:
		take_current(status, message);
	}
}

void work_status_end(struct work_status *status, const char *failure)
{
	status->running = false;
	if (failure)
		snprintf(status->failure, sizeof(status->failure), "%s", failure);
	else if (!status->counted && !status->failure[0])
		snprintf(status->failure, sizeof(status->failure),
			 "the worker ended without a result");
}

/* --- the sentence -------------------------------------------------------------------------------
 */

struct text {
	char bytes[TEXT_MAX];
	size_t used;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->bytes) - text->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->used, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		text->used += (size_t)length < room ? (size_t)length : room - 1;
}

/* "drain of dax0.0" */
static void add_job(struct text *text, const struct worker_message *message)
{
	if (message->job[0] && message->device[0])
		add(text, "%s of %s", message->job, message->device);
	else
		add(text, "%s", message->device[0] ? message->device : "the devices");
}

static void add_step(struct text *text, const struct work_status *status)
{
	const struct worker_message *step = &status->current;

	if (step->undo)
		add(text, "undoing ");
	add_job(text, step);
	if (step->steps)
		add(text, ": step %u of %u (%s)", step->step, step->steps, step->message);
	else if (step->step)
		add(text, ": step %u (%s)", step->step, step->message);
	else
		add(text, ": %s", step->message);
	if (status->total)
		add(text, ", %u of %u blocks", status->done, status->total);
}

static void add_waiting(struct text *text, const struct worker_message *waiting)
{
	if (waiting->holder[0])
		add(text, "Waiting for %s…", waiting->holder);
	else if (waiting->message[0])
		add(text, "%c%s", toupper((unsigned char)waiting->message[0]),
		    waiting->message + 1);
	else
		add(text, "Waiting");
}

static void add_running(struct text *text, const struct work_status *status)
{
	const struct worker_message *current = &status->current;

	if (current->type == WORKER_WAITING)
		add_waiting(text, current);
	else if (current->type == WORKER_STEP)
		add_step(text, status);
	else if (current->type == WORKER_DECIDED && current->message[0])
		add(text, "%s", current->message);
	else
		add(text, "Looking at the devices");
}

/* "Idle; every device is as policy wants" is said only where nothing else is true. */
static void add_counts(struct text *text, const struct worker_counts *counts)
{
	const struct {
		const char *what;
		unsigned int count;
	} others[] = {
		{"held", counts->held},	      {"manual", counts->manual},
		{"failed", counts->failed},   {"refused", counts->refused},
		{"waiting", counts->waiting}, {"unfinished", counts->unfinished},
	};
	bool any = false;

	for (size_t i = 0; i < array_size(others); i++)
		any = any || others[i].count;
	if (!any && !counts->bad_policies) {
		add(text, "Idle; every device is as policy wants");
		return;
	}
	add(text, "Idle; devices as policy wants: %u", counts->managed);
	for (size_t i = 0; i < array_size(others); i++)
		if (others[i].count)
			add(text, ", %s: %u", others[i].what, others[i].count);
	if (any)
		add(text, " (see kmemctl status)");
	if (counts->bad_policies)
		add(text, "; policy files with a mistake: %u (see kmemctl policy check)",
		    counts->bad_policies);
}

void work_status_text(const struct work_status *status, char *buffer, size_t size)
{
	struct text text = {.bytes = ""};

	if (status->running)
		add_running(&text, status);
	else if (status->failure[0])
		add(&text, "Idle; nothing is done: %s", status->failure);
	else if (status->asks_again && status->current.type == WORKER_WAITING)
		add_waiting(&text, &status->current);
	else if (status->asks_again)
		add(&text, "Waiting until the devices are quiet");
	else
		add_counts(&text, &status->counts);
	printable_copy(text.bytes, buffer, size);
}
