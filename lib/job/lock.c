/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/lock.h"

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

/* The daemon looks at what happens for a moment after every event: that is not worth a word. */
#define TELL_AFTER_MS 1000
/* For a cancellation that came between two looks. */
#define LOOK_MS 1000

/* Searchable, so that everybody can read status.json in it; not readable. */
#define DIRECTORY_MODE 0711
#define DEVICES_MODE   0700
#define LOCK_MODE      0600

static int make_directory(const char *path, mode_t mode, struct kmemd_error *error)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return error_errno(error, errno, "cannot create %s: %s", path, strerror(errno));
	/* An older version, or the umask, may have made it otherwise. */
	if (chmod(path, mode) < 0)
		return error_errno(error, errno, "cannot set the mode of %s: %s", path,
				   strerror(errno));
	return 0;
}

int run_directory_prepare(const struct kmemd *kmemd, struct kmemd_error *error)
{
	_cleanup_free_ char *devices = format_text("%s/devices", kmemd->run);
	int r;

	if (!devices)
		return error_memory(error);
	r = make_directory(kmemd->run, DIRECTORY_MODE, error);
	return r < 0 ? r : make_directory(devices, DEVICES_MODE, error);
}

/* Of a line such as "1: FLOCK  ADVISORY  WRITE 708 00:14:512 0 EOF", the pid, if it is our file. */
static bool holds(const char *line, const struct stat *file, int *pid)
{
	unsigned int major_number, minor_number;
	uint64_t inode;

	return strstr(line, "FLOCK") && !strstr(line, "->") &&
	       sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%" SCNu64, pid, &major_number,
		      &minor_number, &inode) == 4 &&
	       inode == file->st_ino && makedev(major_number, minor_number) == file->st_dev;
}

/* Who has the lock, by the kernel's own list; "another process" where that does not say it. */
static void find_holder(const struct kmemd *kmemd, int fd, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/locks", kmemd->procfs);
	_cleanup_file_ FILE *file = path ? fopen(path, "re") : NULL;
	char line[256], comm[64], name[32];
	struct stat status;
	int pid = 0;

	snprintf(buffer, size, "another process");
	if (!file || fstat(fd, &status) < 0)
		return;
	while (fgets(line, sizeof(line), file))
		if (holds(line, &status, &pid) && pid > 0) {
			snprintf(comm, sizeof(comm), "%.40s/%d/comm", kmemd->procfs, pid);
			if (attribute_read(AT_FDCWD, comm, name, sizeof(name)) == 0)
				snprintf(buffer, size, "%s (pid %d)", name, pid);
			return;
		}
}

static void tell_waiting(const struct kmemd *kmemd, int fd, const struct kmemd_job *job)
{
	char holder[96], message[160];

	find_holder(kmemd, fd, holder, sizeof(holder));
	snprintf(message, sizeof(message), "waiting for %s, which holds the lock", holder);
	job->event(job->userdata, &(struct kmemd_event){
					  .type = KMEMD_EVENT_WAITING,
					  .message = message,
					  .holder = holder,
				  });
}

/*
 * A process that waits in flock(), which knows no time limit, for the process that starts it. The
 * lock belongs to the open file that both share. In /proc/locks it can be seen to wait.
 */
static pid_t start_waiter(int fd)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			_exit(1);
	_exit(0);
}

/* Until when it is worth to sleep, in ms from now. */
static int next_look(const struct kmemd_job *job, int64_t waited, bool told)
{
	int64_t left = LOOK_MS;

	if (!told && TELL_AFTER_MS - waited < left)
		left = TELL_AFTER_MS - waited;
	if (job->timeout_sec && (int64_t)job->timeout_sec * 1000 - waited < left)
		left = (int64_t)job->timeout_sec * 1000 - waited;
	return left > 0 ? (int)left : 0;
}

/* 0 when the waiter has ended, -ECANCELED or -ETIMEDOUT. */
static int watch(const struct kmemd *kmemd, int fd, int pidfd, const struct kmemd_job *job)
{
	struct pollfd pollfd = {.fd = pidfd, .events = POLLIN};
	int64_t start = monotonic_ms(), waited = 0;
	bool told = false;

	/* A signal ends the sleep, and may be what cancels. */
	while (poll(&pollfd, 1, next_look(job, waited, told)) <= 0) {
		waited = monotonic_ms() - start;
		if (job->cancelled && job->cancelled(job->userdata))
			return -ECANCELED;
		if (job->timeout_sec && waited >= (int64_t)job->timeout_sec * 1000)
			return -ETIMEDOUT;
		if (!told && waited >= TELL_AFTER_MS) {
			tell_waiting(kmemd, fd, job);
			told = true;
		}
	}
	return 0;
}

/* 0, -ECANCELED, -ETIMEDOUT, or what flock() says. */
static int wait_for(const struct kmemd *kmemd, int fd, const struct kmemd_job *job)
{
	int r = 0;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		_cleanup_close_ int pidfd = -1;
		pid_t pid;

		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (r < 0)
			return r;
		pid = start_waiter(fd);
		if (pid < 0)
			return pid;
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		r = pidfd < 0 ? -errno : watch(kmemd, fd, pidfd, job);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return 0;
}

int lock_take(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	_cleanup_free_ char *path = format_text("%s/lock", kmemd->run);
	_cleanup_close_ int fd = -1;
	char holder[96];
	int taken, r = path ? run_directory_prepare(kmemd, error) : error_memory(error);

	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	if (fd < 0 || fchmod(fd, LOCK_MODE) < 0)
		return error_errno(error, errno, "cannot open the lock %s: %s", path,
				   strerror(errno));
	r = wait_for(kmemd, fd, job);
	if (r == -ECANCELED)
		return error_set(error, KMEMD_FAILED, ECANCELED,
				 "cancelled while waiting for the lock");
	if (r == -ETIMEDOUT) {
		find_holder(kmemd, fd, holder, sizeof(holder));
		return error_set(error, KMEMD_FAILED, ETIMEDOUT,
				 "nothing is done: %s held the lock for all of the %u seconds",
				 holder, job->timeout_sec);
	}
	if (r < 0)
		return error_errno(error, -r, "cannot lock %s: %s", path, strerror(-r));
	taken = fd;
	fd = -1;
	return taken;
}

void lock_give(int lock)
{
	flock(lock, LOCK_UN);
}

void lock_retake(const struct kmemd *kmemd, int lock, const struct kmemd_job *job)
{
	/* What is to be undone after a cancellation needs it, too. */
	struct kmemd_job patient = {.event = job->event, .userdata = job->userdata};

	while (wait_for(kmemd, lock, &patient) < 0)
		backoff_sleep(LOOK_MS);
}
