/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker: kmemd-worker in a process of its own, because the kernel may hold it for minutes. It
 * sends what it is doing over a socket, a sentence a datagram, which becomes the unit's status
 * text.
 */
#include "daemon/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define WORKER_SOCKET 3

extern char **environ;

static void read_messages(struct manager *manager)
{
	char text[1024];
	ssize_t length;

	while ((length = recv(manager->worker_socket, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[length] = '\0';
		sd_notifyf(false, "STATUS=%s", text);
	}
}

static int on_message(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)fd;
	read_messages(userdata);
	/* The worker's end is closed when it exits; that is told by its exit. */
	if (revents & (EPOLLHUP | EPOLLERR))
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

void worker_release(struct manager *manager)
{
	manager->worker_exit = sd_event_source_disable_unref(manager->worker_exit);
	manager->worker_messages = sd_event_source_disable_unref(manager->worker_messages);
	if (manager->worker_socket >= 0)
		close(manager->worker_socket);
	manager->worker_socket = -1;
	manager->worker = 0;
}

static int on_exit(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct manager *manager = userdata;

	(void)source;
	read_messages(manager);
	if (info->si_code != CLD_EXITED)
		sd_journal_print(LOG_WARNING,
				 "the worker was ended by signal %d; the next one finishes or "
				 "undoes what it did",
				 info->si_status);
	worker_release(manager);
	manager_worker_ended(manager);
	return 0;
}

static int spawn(const struct manager *manager, int socket, pid_t *ret)
{
	char *arguments[] = {(char *)manager->worker_path, manager->retry ? "--retry" : NULL, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	r = -posix_spawnattr_init(&attributes);
	if (r < 0) {
		posix_spawn_file_actions_destroy(&actions);
		return r;
	}
	r = -posix_spawn_file_actions_adddup2(&actions, socket, WORKER_SOCKET);
	if (r == 0)
		r = -posix_spawnattr_setflags(&attributes,
					      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = -posix_spawnattr_setsigmask(&attributes, &none);
	if (r == 0)
		r = -posix_spawnattr_setsigdefault(&attributes, &all);
	if (r == 0)
		r = -posix_spawn(ret, manager->worker_path, &actions, &attributes, arguments,
				 environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

int worker_start(struct manager *manager)
{
	int sockets[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	manager->worker_socket = sockets[0];
	/* dup2() onto itself would leave close-on-exec set. */
	if (sockets[1] == WORKER_SOCKET)
		fcntl(sockets[1], F_SETFD, 0);
	r = spawn(manager, sockets[1], &manager->worker);
	close(sockets[1]);
	if (r < 0) {
		worker_release(manager);
		return r;
	}
	manager->retry = false;
	r = sd_event_add_child(manager->event, &manager->worker_exit, manager->worker, WEXITED,
			       on_exit, manager);
	if (r >= 0)
		r = sd_event_add_io(manager->event, &manager->worker_messages,
				    manager->worker_socket, EPOLLIN, on_message, manager);
	return r;
}

void worker_stop(struct manager *manager)
{
	if (manager->worker)
		kill(manager->worker, SIGTERM);
}
