/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentence of the daemon, from an event of a job over the protocol to what systemd shows. */
#include "daemon/device-source.h"
#include "daemon/reason.h"
#include "daemon/work-status.h"
#include "daemon/worker/count-devices.h"
#include "daemon/worker/worker-report.h"
#include "fixture.h"

#include <sys/socket.h>

static const char *sentence_of(const struct work_status *status)
{
	static char text[1024];

	work_status_text(status, text, sizeof(text));
	return text;
}

/* --- while it works: job events go in, the sentence comes out --- */

struct line {
	struct worker_report report;
	struct worker_reader reader;
	struct work_status status;
	int sockets[2];
};

static void take(void *userdata, const struct worker_message *message)
{
	work_status_take(userdata, message);
}

static const char *after(struct line *line, const struct kmemd_event *event)
{
	char bytes[4096];
	ssize_t length;

	if (event)
		worker_report_event(&line->report, event);
	while ((length = recv(line->sockets[0], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		worker_reader_feed(&line->reader, bytes, (size_t)length, take, &line->status);
	assert_int_equal(line->reader.bad, 0);
	return sentence_of(&line->status);
}

static struct line *line_new(void)
{
	struct line *line = calloc(1, sizeof(*line));

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line->sockets), 0);
	work_status_begin(&line->status);
	worker_report_begin(&line->report, line->sockets[1]);
	return line;
}

static void line_free(struct line *line)
{
	worker_report_end(&line->report);
	close(line->sockets[0]);
	close(line->sockets[1]);
	free(line);
}

#define EVENT(...) (&(struct kmemd_event){__VA_ARGS__})
#define OF_DRAIN   .device = "dax0.0", .job = "drain"

static void test_job_under_way(void **state)
{
	struct line *line = line_new();

	(void)state;
	assert_string_equal(after(line, NULL), "Looking at the devices");
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_WAITING, .holder = "kmemctl (pid 12)",
					      .message = "waiting for it")),
			    "Waiting for kmemctl (pid 12)…");
	assert_string_equal(
		after(line, EVENT(KMEMD_EVENT_WAITING, .message = "waiting for another process")),
		"Waiting for another process");
	assert_string_equal(
		after(line, EVENT(KMEMD_EVENT_DECIDED, OF_DRAIN, .message = "dax0.0: 5 steps")),
		"dax0.0: 5 steps");
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_STEP, OF_DRAIN, .message = "unbind it",
					      .done = 2, .total = 5)),
			    "drain of dax0.0: step 2 of 5 (unbind it)");
	assert_string_equal(
		after(line, EVENT(KMEMD_EVENT_PROGRESS, OF_DRAIN, .done = 3, .total = 8)),
		"drain of dax0.0: step 2 of 5 (unbind it), 3 of 8 blocks");
	assert_string_equal(
		after(line, EVENT(KMEMD_EVENT_NOTICE, OF_DRAIN, .message = "by the way")),
		"drain of dax0.0: step 2 of 5 (unbind it), 3 of 8 blocks");
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_UNDO, OF_DRAIN, .message = "bind it")),
			    "undoing drain of dax0.0: bind it");
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_FAILED, OF_DRAIN, .message = "no")),
			    "Looking at the devices");
	line_free(line);
}

/* An engine that does not number its steps has them counted, from 1 for every device and job. */
static void test_steps_are_counted(void **state)
{
	struct line *line = line_new();

	(void)state;
	after(line, EVENT(KMEMD_EVENT_DECIDED, .device = "a", .message = ""));
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_STEP, .device = "a", .message = "x")),
			    "a: step 1 (x)");
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_STEP, .device = "a", .message = "y")),
			    "a: step 2 (y)");
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_STEP, .device = "b", .message = "x")),
			    "b: step 1 (x)");
	after(line, EVENT(KMEMD_EVENT_DECIDED, .device = "b", .message = ""));
	assert_string_equal(after(line, EVENT(KMEMD_EVENT_STEP, .device = "b", .message = "x")),
			    "b: step 1 (x)");
	line_free(line);
}

/* What comes from devices and processes adds no line for sd_notify() to read, and no escape. */
static void test_nothing_is_smuggled_in(void **state)
{
	struct line *line = line_new();
	const char *text;

	(void)state;
	text = after(line, EVENT(KMEMD_EVENT_WAITING, .holder = "a\nMAINPID=1 \033[2J\xff"));
	assert_string_equal(text, "Waiting for a\\x0aMAINPID=1 \\x1b[2J\\xff…");
	line_free(line);
}

/* --- idle --- */

static const char *idle(struct worker_counts counts)
{
	struct work_status status;

	work_status_begin(&status);
	work_status_take(&status,
			 &(struct worker_message){.type = WORKER_DEVICES, .counts = counts});
	work_status_end(&status, NULL);
	return sentence_of(&status);
}

#define ALL_IS_WELL "Idle; every device is as policy wants"

static void test_idle(void **state)
{
	(void)state;
	assert_string_equal(idle((struct worker_counts){.managed = 3}), ALL_IS_WELL);
	assert_string_equal(idle((struct worker_counts){.managed = 0}), ALL_IS_WELL);
	assert_string_equal(idle((struct worker_counts){.managed = 1, .held = 1}),
			    "Idle; devices as policy wants: 1, held: 1 (see kmemctl status)");
	assert_string_equal(idle((struct worker_counts){.manual = 2}),
			    "Idle; devices as policy wants: 0, manual: 2 (see kmemctl status)");
	assert_string_equal(idle((struct worker_counts){
				    .failed = 1, .refused = 2, .waiting = 3, .unfinished = 4}),
			    "Idle; devices as policy wants: 0, failed: 1, refused: 2, waiting: 3, "
			    "unfinished: 4 (see kmemctl status)");
	assert_string_equal(idle((struct worker_counts){.managed = 1, .bad_policies = 1}),
			    "Idle; devices as policy wants: 1; policy files with a mistake: 1 (see "
			    "kmemctl policy check)");
}

static void test_idle_after_nothing(void **state)
{
	struct work_status status;

	(void)state;
	work_status_begin(&status);
	work_status_end(&status, NULL);
	assert_string_equal(sentence_of(&status),
			    "Idle; nothing is done: the worker ended without a result");
	work_status_begin(&status);
	work_status_take(&status, &(struct worker_message){.type = WORKER_FAILED,
							   .message = "cannot read /sys/bus/dax"});
	work_status_end(&status, NULL);
	assert_string_equal(sentence_of(&status),
			    "Idle; nothing is done: cannot read /sys/bus/dax");
	work_status_begin(&status);
	work_status_end(&status, "the worker was ended by signal 9");
	assert_string_equal(sentence_of(&status),
			    "Idle; nothing is done: the worker was ended by signal 9");
}

static void test_idle_asks_again(void **state)
{
	struct work_status status;

	(void)state;
	work_status_begin(&status);
	work_status_take(&status, &(struct worker_message){.type = WORKER_WAITING,
							   .message = "dax0.0 is in other hands",
							   .retry_ms = 500});
	work_status_take(&status, &(struct worker_message){.type = WORKER_DEVICES});
	work_status_end(&status, NULL);
	assert_string_equal(sentence_of(&status), "Dax0.0 is in other hands");
	work_status_begin(&status);
	assert_string_equal(sentence_of(&status), "Looking at the devices");
}

/* --- the counts --- */

static void test_counts(void **state)
{
	static const char text[] =
		"{'devices': ["
		"{'device': 'a', 'policy': '/p', 'refused': '', 'steps': []},"
		"{'device': 'b', 'policy': '/p', 'refused': '', 'steps': [{}]},"
		"{'device': 'c', 'policy': '/p', 'refused': 'no', 'steps': []},"
		"{'device': 'd', 'policy': '', 'refused': '', 'steps': []},"
		"{'device': 'e', 'policy': '/p', 'steps': [{}], 'record': {'state': 'held'}},"
		"{'device': 'f', 'policy': '/p', 'steps': [{}], 'record': {'state': 'failed'}},"
		"{'device': 'g', 'policy': '/p', 'steps': [{}], 'record': {'state': 'manual'}},"
		"{'device': 'h', 'refused': 'no', 'steps': [], 'record': {'state': 'refused'}},"
		"{'device': 'i', 'policy': '/p', 'steps': [{}], 'record': {'state': 'waiting'}},"
		"{'device': 'j', 'policy': '/p', 'steps': [], 'record': {'state': 'haunted'}}]}";
	_cleanup_(json_object_putp) struct json_object *json = json_tokener_parse(text);
	struct worker_counts counts = {.bad_policies = 9};

	(void)state;
	assert_non_null(json);
	count_devices(json, &counts);
	assert_int_equal(counts.managed, 1);
	assert_int_equal(counts.held, 1);
	assert_int_equal(counts.manual, 1);
	assert_int_equal(counts.failed, 1);
	assert_int_equal(counts.refused, 2);
	assert_int_equal(counts.waiting, 1);
	assert_int_equal(counts.unfinished, 2);
	assert_int_equal(counts.bad_policies, 9);
}

/* --- which event is a reason, and how it gets to the worker --- */

static void test_appearances(void **state)
{
	static const struct {
		const char *subsystem, *name;
		sd_device_action_t action;
		bool synthetic;
		enum device_event meaning;
	} events[] = {
		{"cxl", "mem0", SD_DEVICE_ADD, false, DEVICE_APPEARED},
		{"cxl", "mem12", SD_DEVICE_ADD, false, DEVICE_APPEARED},
		{"cxl", "region3", SD_DEVICE_ADD, false, DEVICE_APPEARED},
		{"dax", "dax0.0", SD_DEVICE_ADD, false, DEVICE_APPEARED},
		{"nd", "namespace1.0", SD_DEVICE_ADD, false, DEVICE_APPEARED},
		{"dax", "dax0.0", SD_DEVICE_ADD, true, DEVICE_BUSY}, /* udevadm trigger */
		{"dax", "dax0.0", SD_DEVICE_CHANGE, false, DEVICE_BUSY},
		{"dax", "dax0.0", SD_DEVICE_BIND, false, DEVICE_BUSY},
		{"dax", "dax0.0", SD_DEVICE_UNBIND, false, DEVICE_BUSY},
		{"dax", "dax0.0", SD_DEVICE_REMOVE, false, DEVICE_GONE},
		{"cxl", "mem0", SD_DEVICE_REMOVE, false, DEVICE_GONE},
		{"cxl", "region0", SD_DEVICE_UNBIND, false, DEVICE_BUSY},
		{"cxl", "mem0", SD_DEVICE_ONLINE, false, DEVICE_BUSY},
		{"memory", "memory32", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"memory", "memory32", SD_DEVICE_ONLINE, false, DEVICE_BUSY},
		{"memory", "memory32", SD_DEVICE_OFFLINE, false, DEVICE_BUSY},
		{"memory", "memory32", SD_DEVICE_REMOVE, false, DEVICE_BUSY},
		{"cxl", "port1", SD_DEVICE_REMOVE, false, DEVICE_BUSY},
		{"cxl", "mem0", SD_DEVICE_REMOVE, true, DEVICE_BUSY},
		{"cxl", "decoder0.0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"cxl", "port1", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"cxl", "dax_region0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"cxl", "pmem_region0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"cxl", "memory1", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"cxl", "mem", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"cxl", "mem1.0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"dax", "dax0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"dax", "dax0.", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"dax", "dax.0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"dax", "dax0.0x", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"nd", "nmem0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"nd", "region0", SD_DEVICE_ADD, false, DEVICE_BUSY},
		{"nd", "dax0.0", SD_DEVICE_ADD, false, DEVICE_BUSY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (device_source_meaning(events[i].subsystem, events[i].name, events[i].action,
					  events[i].synthetic) != events[i].meaning)
			fail_msg("%s of %s: %d is not what it means", events[i].name,
				 events[i].subsystem, events[i].meaning);
}

static void check_arguments(const struct reason *reason, const char *expected)
{
	_cleanup_free_ char **words = reason_arguments(reason);
	char text[256] = "";

	for (size_t i = 0; words[i]; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 words[i]);
	assert_string_equal(text, expected);
}

static void test_reasons(void **state)
{
	struct reason a = {.reload = true}, b = {.start = false};
	char name[16];

	(void)state;
	assert_true(reason_is_empty(&b));
	check_arguments(&b, "");
	reason_add_name(&b, "dax0.0");
	reason_add_name(&b, "mem0");
	reason_add_name(&b, "dax0.0");
	assert_false(reason_is_empty(&b));
	check_arguments(&b, "--appeared dax0.0 --appeared mem0");
	reason_add_name(&a, "mem0");
	reason_move(&a, &b);
	assert_true(reason_is_empty(&b));
	check_arguments(&a, "--reload --appeared mem0 --appeared dax0.0");
	b.start = b.gone = true;
	reason_move(&a, &b);
	check_arguments(&a, "--start --reload --gone --appeared mem0 --appeared dax0.0");
	reason_clear(&a);
	/* Too many to name: then the machine is looked at as at the start. */
	for (unsigned int i = 0; i <= REASON_NAMES_MAX; i++) {
		assert_false(a.start);
		snprintf(name, sizeof(name), "dax%u.0", i);
		reason_add_name(&a, name);
	}
	assert_true(a.start);
	assert_int_equal(a.names.count, REASON_NAMES_MAX);
	reason_clear(&a);
	assert_true(reason_is_empty(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job_under_way),
		cmocka_unit_test(test_steps_are_counted),
		cmocka_unit_test(test_nothing_is_smuggled_in),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_idle_after_nothing),
		cmocka_unit_test(test_idle_asks_again),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_appearances),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
