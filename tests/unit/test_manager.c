/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon with a shell script as its worker, in a real event loop. The calls that it makes to
 * libsystemd and the kernel go through wrappers (see the Makefile), which let each of them fail.
 */
#include "daemon/manager.h"
#include "fixture.h"

#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define WAIT_MS 5000

/* --- calls that fail ----------------------------------------------------------------------------
 */

static struct {
	unsigned int calls;	  /* so far */
	unsigned int first, last; /* the numbers of those that fail, from 1; 0: none */
	bool hit;
	char status[1024]; /* what systemd was told last */
} faults;

static bool fails(void)
{
	faults.calls++;
	if (faults.calls < faults.first || faults.calls > faults.last)
		return false;
	faults.hit = true;
	return true;
}

#define WRAP(name, parameters, arguments, failure)                                                 \
	int __real_##name parameters;                                                              \
	int __wrap_##name parameters;                                                              \
	int __wrap_##name parameters                                                               \
	{                                                                                          \
		return fails() ? (failure) : __real_##name arguments;                              \
	}

WRAP(sd_event_new, (sd_event * *ret), (ret), -ENOMEM)
WRAP(sd_event_add_signal,
     (sd_event * e, sd_event_source **ret, int number, sd_event_signal_handler_t handler,
      void *data),
     (e, ret, number, handler, data), -ENOMEM)
WRAP(sd_event_add_time,
     (sd_event * e, sd_event_source **ret, clockid_t clock, uint64_t usec, uint64_t accuracy,
      sd_event_time_handler_t handler, void *data),
     (e, ret, clock, usec, accuracy, handler, data), -ENOMEM)
WRAP(sd_event_add_io,
     (sd_event * e, sd_event_source **ret, int fd, uint32_t events, sd_event_io_handler_t handler,
      void *data),
     (e, ret, fd, events, handler, data), -ENOSPC)
WRAP(sd_event_set_watchdog, (sd_event * e, int on), (e, on), -ENOMEM)
WRAP(sd_event_source_set_enabled, (sd_event_source * source, int enabled), (source, enabled),
     -ENOMEM)
WRAP(sd_event_source_set_time, (sd_event_source * source, uint64_t usec), (source, usec), -ENOMEM)
WRAP(posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const *argv, char *const *envp),
     (pid, path, actions, attributes, argv, envp), EAGAIN)
WRAP(posix_spawn_file_actions_init, (posix_spawn_file_actions_t * actions), (actions), ENOMEM)
WRAP(posix_spawn_file_actions_adddup2, (posix_spawn_file_actions_t * actions, int fd, int newfd),
     (actions, fd, newfd), ENOMEM)
WRAP(posix_spawnattr_init, (posix_spawnattr_t * attributes), (attributes), ENOMEM)
WRAP(posix_spawnattr_setflags, (posix_spawnattr_t * attributes, short flags), (attributes, flags),
     EINVAL)
WRAP(posix_spawnattr_setsigmask, (posix_spawnattr_t * attributes, const sigset_t *mask),
     (attributes, mask), EINVAL)
WRAP(posix_spawnattr_setsigdefault, (posix_spawnattr_t * attributes, const sigset_t *mask),
     (attributes, mask), EINVAL)

static int failure_of(int errnum)
{
	errno = errnum;
	return -1;
}

WRAP(socketpair, (int domain, int type, int protocol, int *sockets),
     (domain, type, protocol, sockets), failure_of(EMFILE))

ssize_t __real_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
	return fails() ? failure_of(EIO) : __real_recv(fd, buffer, size, flags);
}

/* udev is none of this test's business: the monitor is there and never says anything. */
static int monitor_result(void)
{
	return fails() ? -ENOMEM : 0;
}

static char a_monitor;

int __wrap_sd_device_monitor_new(sd_device_monitor **ret);
int __wrap_sd_device_monitor_new(sd_device_monitor **ret)
{
	int r = monitor_result();

	if (r >= 0)
		*ret = (sd_device_monitor *)&a_monitor;
	return r;
}

sd_device_monitor *__wrap_sd_device_monitor_unref(sd_device_monitor *monitor);
sd_device_monitor *__wrap_sd_device_monitor_unref(sd_device_monitor *monitor)
{
	(void)monitor;
	return NULL;
}

int __wrap_sd_device_monitor_filter_add_match_subsystem_devtype(sd_device_monitor *monitor,
								const char *subsystem,
								const char *type);
int __wrap_sd_device_monitor_filter_add_match_subsystem_devtype(sd_device_monitor *monitor,
								const char *subsystem,
								const char *type)
{
	(void)monitor, (void)subsystem, (void)type;
	return monitor_result();
}

int __wrap_sd_device_monitor_attach_event(sd_device_monitor *monitor, sd_event *event);
int __wrap_sd_device_monitor_attach_event(sd_device_monitor *monitor, sd_event *event)
{
	(void)monitor, (void)event;
	return monitor_result();
}

int __wrap_sd_device_monitor_start(sd_device_monitor *monitor, sd_device_monitor_handler_t handler,
				   void *data);
int __wrap_sd_device_monitor_start(sd_device_monitor *monitor, sd_device_monitor_handler_t handler,
				   void *data)
{
	(void)monitor, (void)handler, (void)data;
	return monitor_result();
}

int __wrap_sd_notify(int unset, const char *text);
int __wrap_sd_notify(int unset, const char *text)
{
	(void)unset;
	if (strstr(text, "STATUS="))
		snprintf(faults.status, sizeof(faults.status), "%s", strstr(text, "STATUS=") + 7);
	return fails() ? -ENOBUFS : 1;
}

int __wrap_sd_notifyf(int unset, const char *format, ...);
int __wrap_sd_notifyf(int unset, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return __wrap_sd_notify(unset, text);
}

/* --- a daemon -----------------------------------------------------------------------------------
 */

static const struct manager_times fast = {
	.quiet = 5 * 1000,
	.most = 50 * 1000,
	.backoff = 5 * 1000,
	.backoff_max = 20 * 1000,
	.nudge = 20 * 1000,
};

struct daemon {
	struct manager manager;
	char worker[256], log[256]; /* of the script: its arguments, a line a start */
};

#define HELLO	"printf '{\"type\": \"hello\", \"version\": 1}\\n' >&3\n"
#define DEVICES "printf '{\"type\": \"devices\", \"managed\": 1}\\n' >&3\n"

static void write_script(const struct daemon *daemon, const char *body)
{
	_cleanup_file_ FILE *file = fopen(daemon->worker, "we");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\nlog=%s\necho \"$*\" >>$log\n%s", daemon->log, body);
	assert_int_equal(fchmod(fileno(file), 0755), 0);
}

static void daemon_prepare(struct daemon *daemon, const char *folder, const char *body)
{
	sigset_t left;

	/* A daemon that gave up has not taken its SIGTERM. */
	sigemptyset(&left);
	sigaddset(&left, SIGTERM);
	sigtimedwait(&left, NULL, &(const struct timespec){.tv_nsec = 0});
	*daemon = (struct daemon){.worker = ""};
	snprintf(daemon->worker, sizeof(daemon->worker), "%s/worker", folder);
	snprintf(daemon->log, sizeof(daemon->log), "%s/log", folder);
	unlink(daemon->log);
	if (body)
		write_script(daemon, body);
}

static void daemon_start(struct daemon *daemon, const char *folder, const char *body)
{
	faults.calls = faults.first = faults.last = 0;
	daemon_prepare(daemon, folder, body);
	assert_int_equal(manager_init(&daemon->manager, daemon->worker, &fast), 0);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *log_of(const struct daemon *daemon)
{
	static char text[8192];
	_cleanup_file_ FILE *file = fopen(daemon->log, "re");
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[length] = '\0';
	return text;
}

static unsigned int starts(const struct daemon *daemon)
{
	unsigned int count = 0;

	for (const char *at = log_of(daemon); (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

static bool is_finished(const struct daemon *daemon)
{
	return sd_event_get_state(daemon->manager.event) == SD_EVENT_FINISHED;
}

/* Turns the loop until the log has the text, the loop has ended, or time is up. */
static bool turn_until(struct daemon *daemon, const char *text, bool idle)
{
	int64_t end = now_ms() + WAIT_MS;

	while (now_ms() < end && !is_finished(daemon)) {
		if ((!text || strstr(log_of(daemon), text)) &&
		    !(idle && worker_runs(&daemon->manager.worker)))
			return true;
		assert_true(sd_event_run(daemon->manager.event, 10 * 1000) >= 0);
	}
	return false;
}

static void turn_for(struct daemon *daemon, int ms)
{
	int64_t end = now_ms() + ms;

	while (now_ms() < end && !is_finished(daemon))
		assert_true(sd_event_run(daemon->manager.event, 5 * 1000) >= 0);
}

static void appear(struct daemon *daemon, const char *name)
{
	daemon->manager.devices.handlers.appeared(&daemon->manager, name);
}

static void busy(struct daemon *daemon)
{
	daemon->manager.devices.handlers.busy(&daemon->manager);
}

/* Turns the loop until SIGTERM has ended it; its exit code. */
static int daemon_stop(struct daemon *daemon)
{
	int64_t end = now_ms() + WAIT_MS;
	int code = -ETIME;

	raise(SIGTERM);
	while (now_ms() < end && !is_finished(daemon))
		sd_event_run(daemon->manager.event, 10 * 1000);
	if (is_finished(daemon))
		sd_event_get_exit_code(daemon->manager.event, &code);
	manager_done(&daemon->manager);
	return code;
}

/* --- one fault after the other ------------------------------------------------------------------
 */

/*
 * Start, a device, the end. With one fault nothing may be lost; with several in a row the daemon
 * may also give up and exit with an error, after which systemd starts it again. False when the
 * faults were never reached.
 */
static bool survive(const char *folder, unsigned int first, unsigned int count)
{
	struct daemon daemon;
	int code, r;

	daemon_prepare(&daemon, folder, HELLO DEVICES);
	faults.calls = 0;
	faults.hit = false;
	faults.first = first;
	faults.last = first + count - 1;
	r = manager_init(&daemon.manager, daemon.worker, &fast);
	if (r < 0) {
		manager_done(&daemon.manager);
		return faults.hit;
	}
	if (!turn_until(&daemon, "--start", true) && !is_finished(&daemon))
		fail_msg("calls %u to %u: the first worker is not started", first, faults.last);
	if (!is_finished(&daemon)) {
		appear(&daemon, "dax0.0");
		if (!turn_until(&daemon, "--appeared dax0.0", true) && !is_finished(&daemon))
			fail_msg("calls %u to %u: a device is lost", first, faults.last);
	}
	if (is_finished(&daemon)) {
		assert_int_equal(sd_event_get_exit_code(daemon.manager.event, &code), 0);
		manager_done(&daemon.manager);
		if (code >= 0 || count == 1)
			fail_msg("calls %u to %u: it ended with %d", first, faults.last, code);
		return true;
	}
	code = daemon_stop(&daemon);
	if (code > 0 || code == -ETIME || (code < 0 && count == 1))
		fail_msg("calls %u to %u: SIGTERM: %d", first, faults.last, code);
	return faults.hit;
}

static void test_every_call_fails_once(void **state)
{
	unsigned int call = 1;

	while (survive(*state, call, 1))
		call++;
	/* Else the wrappers are not where the calls go. */
	assert_true(call > 40);
}

static void test_every_call_fails_with_those_behind_it(void **state)
{
	for (unsigned int count = 2; count <= 8; count += 3)
		for (unsigned int call = 1; survive(*state, call, count); call++)
			;
}

/* --- what starts a worker, and when -------------------------------------------------------------
 */

static void test_merges_and_waits_for_quiet(void **state)
{
	struct daemon daemon;
	int64_t begin, took;

	daemon_start(&daemon, *state, HELLO DEVICES);
	assert_true(turn_until(&daemon, "--start", true));
	assert_string_equal(faults.status, "Idle; every device is as policy wants");
	daemon.manager.times.quiet = 60 * 1000;
	daemon.manager.times.most = 300 * 1000;
	begin = now_ms();
	appear(&daemon, "region0");
	appear(&daemon, "dax0.0");
	appear(&daemon, "dax0.0");
	assert_true(turn_until(&daemon, "--appeared region0 --appeared dax0.0\n", true));
	took = now_ms() - begin;
	assert_true(took >= 60 && took < 250);
	assert_int_equal(starts(&daemon), 2);
	/* Never quiet: put off, and not without end. */
	begin = now_ms();
	appear(&daemon, "dax1.0");
	while (!strstr(log_of(&daemon), "dax1.0") && now_ms() < begin + WAIT_MS) {
		busy(&daemon);
		sd_event_run(daemon.manager.event, 5 * 1000);
	}
	took = now_ms() - begin;
	assert_true(took >= 290 && took < 1500);
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* A driver, a block: no worker. */
static void test_busy_is_no_reason(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, HELLO DEVICES);
	assert_true(turn_until(&daemon, "--start", true));
	for (unsigned int i = 0; i < 20; i++) {
		busy(&daemon);
		turn_for(&daemon, 5);
	}
	assert_int_equal(starts(&daemon), 1);
	assert_int_equal(daemon_stop(&daemon), 0);
}

static void test_appears_while_the_worker_runs(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, HELLO DEVICES "case $* in *start*) sleep 0.1 ;; esac\n");
	assert_true(turn_until(&daemon, "--start", false));
	appear(&daemon, "dax0.0");
	assert_true(turn_until(&daemon, "--start\n--appeared dax0.0\n", true));
	turn_for(&daemon, 50);
	assert_int_equal(starts(&daemon), 2);
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* What is known of it is looked at; nothing has come. */
static void test_device_is_gone(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, HELLO DEVICES);
	assert_true(turn_until(&daemon, "--start", true));
	daemon.manager.devices.handlers.gone(&daemon.manager);
	assert_true(turn_until(&daemon, "--start\n--gone\n", true));
	turn_for(&daemon, 50);
	assert_int_equal(starts(&daemon), 2);
	assert_int_equal(daemon_stop(&daemon), 0);
}

static void test_reload(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, HELLO DEVICES);
	assert_true(turn_until(&daemon, "--start", true));
	raise(SIGHUP);
	assert_true(turn_until(&daemon, "--start\n--reload\n", true));
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* A device that is not quiet is looked at again, once, for the same reason. */
static void test_worker_asks_for_another_look(void **state)
{
	static const char body[] = HELLO
		"[ $(wc -l <$log) != 2 ] || printf '{\"type\": \"waiting\", \"retry_ms\": 80, "
		"\"message\": \"dax0.0 is in use\"}\\n' >&3\n" DEVICES;
	struct daemon daemon;
	int64_t begin;

	daemon_start(&daemon, *state, body);
	assert_true(turn_until(&daemon, "--start", true));
	appear(&daemon, "dax0.0");
	assert_true(turn_until(&daemon, "--appeared dax0.0\n", true));
	begin = now_ms();
	assert_string_equal(faults.status, "Dax0.0 is in use");
	assert_true(turn_until(&daemon, "--appeared dax0.0\n--appeared dax0.0\n", true));
	assert_true(now_ms() - begin >= 70);
	turn_for(&daemon, 200);
	assert_int_equal(starts(&daemon), 3);
	assert_string_equal(faults.status, "Idle; every device is as policy wants");
	/* Nothing is left to do: no timer runs. */
	assert_true(reason_is_empty(&daemon.manager.pending));
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* --- workers that fail --------------------------------------------------------------------------
 */

static void test_worker_is_missing_for_a_while(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, NULL);
	unlink(daemon.worker);
	turn_for(&daemon, 100);
	assert_contains(faults.status, "Idle; nothing is done: cannot start ");
	appear(&daemon, "dax0.0");
	turn_for(&daemon, 50);
	write_script(&daemon, HELLO DEVICES);
	assert_true(turn_until(&daemon, "--start --appeared dax0.0\n", true));
	turn_for(&daemon, 100);
	assert_int_equal(starts(&daemon), 1);
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* As with a library that is missing: it exits before it says hello. */
static void test_worker_that_cannot_begin(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, "[ $(wc -l <$log) -ge 4 ] || exit 127\n" HELLO DEVICES);
	turn_for(&daemon, 10);
	assert_true(turn_until(&daemon, "--start\n--start\n--start\n--start\n", true));
	turn_for(&daemon, 100);
	assert_int_equal(starts(&daemon), 4);
	assert_string_equal(faults.status, "Idle; every device is as policy wants");
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* A worker that is killed is followed by three others, and then by one for the next device. */
static void test_worker_dies(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, HELLO "kill -KILL $$\n");
	assert_true(turn_until(&daemon, "--start\n--start\n--start\n--start\n", true));
	turn_for(&daemon, 200);
	assert_int_equal(starts(&daemon), 4);
	assert_contains(faults.status, "ended by signal 9");
	write_script(&daemon, HELLO DEVICES);
	appear(&daemon, "dax0.0");
	assert_true(turn_until(&daemon, "--start --appeared dax0.0\n", true));
	assert_string_equal(faults.status, "Idle; every device is as policy wants");
	turn_for(&daemon, 100);
	assert_int_equal(starts(&daemon), 5);
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* What the worker sends keeps nobody from ending the daemon. */
static void test_worker_that_floods(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state, HELLO "exec cat /dev/zero >&3\n");
	assert_true(turn_until(&daemon, "--start", false));
	turn_for(&daemon, 50);
	assert_true(worker_runs(&daemon.manager.worker));
	assert_int_equal(daemon_stop(&daemon), 0);
}

static void test_worker_of_another_version(void **state)
{
	struct daemon daemon;

	daemon_start(&daemon, *state,
		     "printf '{\"type\": \"hello\", \"version\": 9}\\n' >&3\n" DEVICES);
	assert_true(turn_until(&daemon, "--start", true));
	assert_string_equal(faults.status,
			    "Idle; nothing is done: the worker ended without a result");
	turn_for(&daemon, 50);
	assert_int_equal(starts(&daemon), 1);
	assert_int_equal(daemon_stop(&daemon), 0);
}

/* The first SIGTERM may be lost between two system calls: it is sent again until the worker ends.
 */
static void test_worker_is_slow_to_stop(void **state)
{
	static const char body[] = HELLO "n=0\n"
					 "trap 'n=$((n + 1)); [ $n -lt 3 ] || exit 0' TERM\n"
					 "echo ready >>$log\n"
					 "while :; do sleep 0.01; done\n";
	struct daemon daemon;

	daemon_start(&daemon, *state, body);
	assert_true(turn_until(&daemon, "ready", false));
	assert_int_equal(daemon_stop(&daemon), 0);
	assert_contains(faults.status, "Stopping");
	assert_int_equal(starts(&daemon), 2);
}

/* No descriptor is left open by workers that come and go, or that could not be started. */
static void test_leaks_no_descriptor(void **state)
{
	struct daemon daemon;
	int before, after;

	daemon_start(&daemon, *state, HELLO DEVICES);
	assert_true(turn_until(&daemon, "--start", true));
	before = dup(0);
	close(before);
	for (unsigned int i = 0; i < 5; i++) {
		appear(&daemon, "dax0.0");
		turn_for(&daemon, 40);
	}
	unlink(daemon.worker);
	appear(&daemon, "dax0.0");
	turn_for(&daemon, 60);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(daemon_stop(&daemon), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_call_fails_once, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_every_call_fails_with_those_behind_it,
						folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_merges_and_waits_for_quiet, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_busy_is_no_reason, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_appears_while_the_worker_runs, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_device_is_gone, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_reload, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_asks_for_another_look, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_is_missing_for_a_while, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_that_cannot_begin, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_dies, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_that_floods, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_of_another_version, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_worker_is_slow_to_stop, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_leaks_no_descriptor, folder_setup,
						folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
