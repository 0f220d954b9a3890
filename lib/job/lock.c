/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/lock.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "job/event.h"

#include <stdio.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

static int make_directory(const char *path, struct kmemd_error *error)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	return error_errno(error, errno, "cannot create %s: %s", path, strerror(errno));
}

int state_prepare(const struct kmemd *kmemd, struct kmemd_error *error)
{
	_cleanup_free_ char *devices = format_text("%s/devices", kmemd->run);
	int r;

	if (!devices)
		return error_memory(error);
	r = make_directory(kmemd->run, error);
	return r < 0 ? r : make_directory(devices, error);
}

static void tell_waiting(int fd, const struct kmemd_job *job)
{
	char holder[64] = "another process", message[128];
	ssize_t length = pread(fd, holder, sizeof(holder) - 1, 0);

	if (length > 0)
		holder[length] = '\0';
	snprintf(message, sizeof(message), "waiting for %s, which holds the lock", holder);
	job->event(job->userdata, &(struct kmemd_event){
					  .type = KMEMD_EVENT_WAITING,
					  .message = message,
				  });
}

/* The daemon looks at what happens for a moment after every event: that is not worth a word. */
static bool take_soon(int fd, const struct kmemd_job *job)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

	for (unsigned int i = 0; i < 20; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (job->cancelled && job->cancelled(job->userdata))
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

int lock_take(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/lock", kmemd->run);
	_cleanup_close_ int fd = -1;
	char holder[64];
	int taken, r;

	if (!path)
		return error_memory(error);
	r = state_prepare(kmemd, error);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(error, errno, "cannot open the lock %s: %s", path,
				   strerror(errno));
	if (!take_soon(fd, job)) {
		tell_waiting(fd, job);
		while (flock(fd, LOCK_EX) < 0) {
			if (errno != EINTR)
				return error_errno(error, errno, "cannot lock %s: %s", path,
						   strerror(errno));
			if (job->cancelled && job->cancelled(job->userdata))
				return error_set(error, KMEMD_FAILED, ECANCELED,
						 "cancelled while waiting for the lock");
		}
	}
	snprintf(holder, sizeof(holder), "%s (pid %d)", program_invocation_short_name, getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, holder, strlen(holder), 0) < 0)
		return error_errno(error, errno, "cannot write %s: %s", path, strerror(errno));
	taken = fd;
	fd = -1;
	return taken;
}
