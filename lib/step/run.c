/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/run.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

bool run_is_cancelled(const struct run *run)
{
	return !run->undoing && run->job->cancelled && run->job->cancelled(run->job->userdata);
}

static void send_event(const struct run *run, struct kmemd_event *event)
{
	event->device = run->device;
	event->policy = run->policy;
	run->job->event(run->job->userdata, event);
}

void run_event(const struct run *run, enum kmemd_event_type type, const char *format, ...)
{
	char message[768];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	send_event(run, &(struct kmemd_event){.type = type, .message = message});
}

void run_progress(const struct run *run, unsigned int done, unsigned int total)
{
	send_event(run, &(struct kmemd_event){
				.type = KMEMD_EVENT_PROGRESS,
				.done = done,
				.total = total,
				.block_size = run->block_size,
			});
}

int run_read(const struct run *run, const char *path, char *buffer, size_t size,
	     struct kmemd_error *error)
{
	_cleanup_free_ char *full = format_text("%s/%s", run->kmemd->sysfs, path);
	int r;

	if (!full)
		return error_memory(error);
	r = attribute_read(AT_FDCWD, full, buffer, size);
	if (r < 0)
		return error_errno(error, -r, "cannot read %s: %s", full, strerror(-r));
	return 0;
}

int run_write(const struct run *run, const char *path, const char *value, struct kmemd_error *error)
{
	_cleanup_free_ char *full = format_text("%s/%s", run->kmemd->sysfs, path);
	int r;

	if (!full)
		return error_memory(error);
	r = attribute_write(AT_FDCWD, full, value);
	if (r < 0)
		return error_errno(error, -r, "cannot write '%s' to %s: %s",
				   value[0] == '\n' ? "" : value, full, strerror(-r));
	return 0;
}

bool run_exists(const struct run *run, const char *path)
{
	_cleanup_free_ char *full = format_text("%s/%s", run->kmemd->sysfs, path);

	return full && access(full, F_OK) == 0;
}

int run_wait(struct run *run, unsigned int ms, struct kmemd_error *error)
{
	if (run->wait)
		return run->wait(run, ms, error);
	backoff_sleep(ms);
	return 0;
}

const char *run_target(const struct run *run, const struct step *step)
{
	return step->target.name[0] ? step->target.name : run->made[step->target.made_by];
}

void run_made(struct run *run, const struct step *step, const char *name)
{
	snprintf(run->made[step - run->steps], DEVICE_NAME_MAX, "%s", name);
}

/* --- the way back -------------------------------------------------------------------------------
 */

void run_drop_undo(struct run *run, size_t age)
{
	json_object_array_del_idx(run->undo, json_object_array_length(run->undo) - 1 - age, 1);
}

int run_push_undo(struct run *run, enum step_type type, struct json_object *what,
		  struct kmemd_error *error, const char *format, ...)
{
	struct json_object *undo = what ? json_append_object(run->undo) : NULL;
	char text[128];
	va_list arguments;
	int r;

	if (!undo) {
		json_object_put(what);
		return error_memory(error);
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	json_put_text(undo, "step", step_operations(type)->name);
	json_put_text(undo, "text", text);
	json_object_object_add(undo, "what", what);
	r = run->save(run, error);
	if (r < 0)
		run_drop_undo(run, 0);
	return r;
}

static int undo_one(struct run *run, struct json_object *undo, struct kmemd_error *error)
{
	enum step_type type = step_type_of(json_text(undo, "step"));
	struct json_object *what = NULL;

	json_object_object_get_ex(undo, "what", &what);
	if (type == STEP_COUNT || !step_operations(type)->undo)
		return error_set(error, KMEMD_FAILED, EINVAL,
				 "there is no step called '%s' that can be undone",
				 json_text(undo, "step"));
	return step_operations(type)->undo(run, what, error);
}

bool run_undo_all(struct run *run)
{
	bool complete = true;

	run->undoing = true;
	while (json_object_array_length(run->undo)) {
		struct json_object *undo = json_object_array_get_idx(
			run->undo, json_object_array_length(run->undo) - 1);
		const char *text = json_text(undo, "text");
		struct kmemd_error error = {0};

		run_event(run, KMEMD_EVENT_UNDO, "%s", text);
		if (undo_one(run, undo, &error) < 0) {
			run_event(run, KMEMD_EVENT_UNDO, "could not %s: %s", text, error.message);
			complete = false;
		}
		run_drop_undo(run, 0);
	}
	run->undoing = false;
	return complete;
}
