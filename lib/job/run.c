/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/run.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "job/event.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

bool run_is_cancelled(const struct run *run)
{
	return !run->undoing && run->job->cancelled && run->job->cancelled(run->job->userdata);
}

static void send_event(const struct run *run, struct kmemd_event *event)
{
	const struct policy_file *file = run->plan ? run->plan->decision.file : NULL;

	event->device = run->plan ? run->plan->device->identity : NULL;
	event->policy = file ? file->path : NULL;
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

void run_progress(const struct run *run, unsigned int done, unsigned int total, uint64_t block_size)
{
	send_event(run, &(struct kmemd_event){
				.type = KMEMD_EVENT_PROGRESS,
				.done = done,
				.total = total,
				.block_size = block_size,
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

int run_push_undo(struct run *run, undo_function function, void (*release)(void *data), void *data,
		  const char *format, ...)
{
	struct undo *undo = array_add(&run->undos);
	va_list arguments;

	if (!undo) {
		release(data);
		return -ENOMEM;
	}
	undo->function = function;
	undo->release = release;
	undo->data = data;
	va_start(arguments, format);
	vsnprintf(undo->what, sizeof(undo->what), format, arguments);
	va_end(arguments);
	return 0;
}

int dax_driver(const struct run *run, const char *dax, char driver[DEVICE_NAME_MAX],
	       struct kmemd_error *error)
{
	_cleanup_free_ char *device = format_text("%s/" DAX_DEVICES "/%s", run->kmemd->sysfs, dax);
	_cleanup_close_ int directory = -1;
	int r;

	if (!device)
		return error_memory(error);
	directory = open(device, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", dax);
	r = link_name(directory, "driver", driver, DEVICE_NAME_MAX);
	if (r < 0)
		return error_errno(error, -r, "cannot read %s/driver: %s", device, strerror(-r));
	return 0;
}
