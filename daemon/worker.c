/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/worker.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes that are read before the loop looks at its other sources again. */
#define READ_MAX (64 * 1024)

extern char **environ;

/* --- messages -----------------------------------------------------------------------------------
 */

/* What is there, up to a limit. False at the end of the stream or when it cannot be read. */
static bool read_messages(struct worker *worker)
{
	char bytes[4096];
	size_t total = 0;

	while (total < READ_MAX) {
		ssize_t length = recv(worker->socket, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 && errno == EAGAIN;
		total += (size_t)length;
		worker_reader_feed(&worker->reader, bytes, (size_t)length, worker->handlers.message,
				   worker->handlers.userdata);
	}
	return true;
}

static void stop_reading(struct worker *worker)
{
	worker->messages = sd_event_source_disable_unref(worker->messages);
	if (worker->socket >= 0)
		close(worker->socket);
	worker->socket = -1;
}

/* The end of the stream says nothing about the process: that is told by its exit. */
static int on_messages(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct worker *worker = userdata;

	(void)source, (void)fd, (void)revents;
	if (!read_messages(worker))
		stop_reading(worker);
	return 0;
}

/* --- the end ------------------------------------------------------------------------------------
 */

/* Without waiting: whether the process is gone, and how it went. */
static bool reap(const struct worker *worker, struct worker_end *ret)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(worker->pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	*ret = (struct worker_end){.killed = true};
	if (pid == worker->pid) /* else somebody else has reaped it: it is gone all the same */
		*ret = (struct worker_end){
			.killed = WIFSIGNALED(status),
			.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		};
	return true;
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct worker *worker = userdata;
	struct worker_end end;

	(void)source, (void)info;
	if (!worker->pid || !reap(worker, &end))
		return 0;
	worker->pid = 0;
	/* The last words, as far as one look reaches. */
	if (worker->socket >= 0)
		read_messages(worker);
	stop_reading(worker);
	end.greeted = worker->reader.greeted;
	end.bad_lines = worker->reader.bad;
	worker->handlers.ended(worker->handlers.userdata, &end);
	return 0;
}

/* --- the beginning ------------------------------------------------------------------------------
 */

/* 0 or a negative errno; the actions and attributes that were made are released by the caller. */
static int spawn_with(struct worker *worker, char *const *arguments, int socket,
		      posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = -posix_spawn_file_actions_adddup2(actions, socket, WORKER_PROTOCOL_FD);
	if (r == 0)
		r = -posix_spawnattr_setflags(attributes,
					      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = -posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = -posix_spawnattr_setsigdefault(attributes, &all);
	if (r == 0)
		r = -posix_spawn(&worker->pid, worker->path, actions, attributes, arguments,
				 environ);
	if (r < 0)
		worker->pid = 0;
	return r;
}

static int spawn(struct worker *worker, char *const *arguments, int socket)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = -posix_spawn_file_actions_init(&actions);

	if (r < 0)
		return r;
	r = -posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = spawn_with(worker, arguments, socket, &actions, &attributes);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* The program's name in front. */
static char **whole_command(const struct worker *worker, char *const *arguments)
{
	size_t count = 0;
	char **command;

	while (arguments[count])
		count++;
	command = calloc(count + 2, sizeof(*command));
	if (!command)
		return NULL;
	command[0] = (char *)worker->path;
	memcpy(command + 1, arguments, count * sizeof(*command));
	return command;
}

/* Our end is worker->socket. dup2() onto itself would leave close-on-exec set: not number 3. */
static int make_sockets(struct worker *worker, int *ret_theirs)
{
	int sockets[2], moved;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	worker->socket = sockets[0];
	*ret_theirs = sockets[1];
	if (sockets[1] != WORKER_PROTOCOL_FD)
		return 0;
	moved = fcntl(sockets[1], F_DUPFD_CLOEXEC, WORKER_PROTOCOL_FD + 1);
	if (moved < 0)
		return -errno;
	close(sockets[1]);
	*ret_theirs = moved;
	return 0;
}

int worker_start(struct worker *worker, char *const *arguments)
{
	_cleanup_free_ char **command = whole_command(worker, arguments);
	_cleanup_close_ int theirs = -1;
	int r;

	if (worker->pid)
		return -EBUSY;
	worker->reader = (struct worker_reader){.used = 0};
	r = command ? make_sockets(worker, &theirs) : -ENOMEM;
	if (r >= 0)
		r = sd_event_add_io(worker->event, &worker->messages, worker->socket, EPOLLIN,
				    on_messages, worker);
	if (r >= 0)
		r = spawn(worker, command, theirs);
	if (r < 0)
		stop_reading(worker);
	return r < 0 ? r : 0;
}

bool worker_runs(const struct worker *worker)
{
	return worker->pid > 0;
}

void worker_stop(const struct worker *worker)
{
	if (worker->pid > 0)
		kill(worker->pid, SIGTERM);
}

int worker_init(struct worker *worker, sd_event *event, const char *path,
		const struct worker_handlers *handlers)
{
	*worker = (struct worker){
		.event = sd_event_ref(event),
		.path = path,
		.handlers = *handlers,
		.socket = -1,
	};
	return sd_event_add_signal(event, &worker->child_signal, SIGCHLD, on_child, worker);
}

void worker_release(struct worker *worker)
{
	stop_reading(worker);
	worker->child_signal = sd_event_source_disable_unref(worker->child_signal);
	worker->event = sd_event_unref(worker->event);
	worker->pid = 0;
}
