/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signal-write SIGNAL MICROSECONDS FILE TEXT: writes TEXT to FILE in one write(), and gets a signal that long after
 * it began. It runs in guests. The last line says what the write gave, how long it took, and how often the signal
 * was handled, which has to be once, whatever the write did with it in between: "Interrupted system call 1234 1".
 *
 * SIGNAL is a number, 0 for none. SIGKILL is sent to a process of its own; the line is then "killed 1234 0" if it
 * came before the write had ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void on_signal(int number)
{
	(void)number;
	handled++;
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static void start_timer(int number, long microseconds)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number};
	struct itimerspec after = {.it_value = {microseconds / 1000000, microseconds % 1000000 * 1000 + 1}};
	struct sigaction action = {.sa_handler = on_signal};
	timer_t timer;

	sigaction(number, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 || timer_settime(timer, 0, &after, NULL) < 0) {
		perror("timer");
		exit(2);
	}
}

/* Returns the errno. */
static int write_once(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? errno : 0;
}

static int write_with_signal(int number, long microseconds, int fd, const char *text)
{
	long began = now(), took;
	int result;

	if (number)
		start_timer(number, microseconds);
	result = write_once(fd, text);
	took = now() - began;
	/* A signal that is due, and was not lost, has been handled when the write returned. */
	while (number && !handled && now() - began < microseconds + 2000000)
		usleep(1000);
	printf("%s %ld %d\n", strerror(result), took, (int)handled);
	return 0;
}

static int write_and_be_killed(long microseconds, int fd, const char *text)
{
	long began = now();
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(write_once(fd, text));
	usleep(microseconds);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	printf("%s %ld 0\n", WIFSIGNALED(status) ? "killed" : strerror(WEXITSTATUS(status)), now() - began);
	return 0;
}

int main(int argc, char **argv)
{
	int number, fd;
	long microseconds;

	if (argc != 5) {
		fprintf(stderr, "signal-write SIGNAL MICROSECONDS FILE TEXT\n");
		return 2;
	}
	number = atoi(argv[1]);
	microseconds = atol(argv[2]);
	fd = open(argv[3], O_WRONLY);
	if (fd < 0) {
		perror(argv[3]);
		return 2;
	}
	if (number == SIGKILL)
		return write_and_be_killed(microseconds, fd, argv[4]);
	return write_with_signal(number, microseconds, fd, argv[4]);
}
