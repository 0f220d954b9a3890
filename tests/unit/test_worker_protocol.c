/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages between kmemd-worker and kmemd: both ways, in pieces, and what is none. */
#include "daemon/worker-protocol.h"
#include "fixture.h"

#include <poll.h>
#include <sys/socket.h>

/* What has been read, the newest last. */
static struct {
	struct worker_message messages[1024];
	unsigned int count;
} got;

static void on_message(void *userdata, const struct worker_message *message)
{
	(void)userdata;
	assert_true(got.count < 1024);
	got.messages[got.count++] = *message;
}

static void feed(struct worker_reader *reader, const char *bytes, size_t length)
{
	worker_reader_feed(reader, bytes, length, on_message, NULL);
}

static void feed_text(struct worker_reader *reader, const char *text)
{
	feed(reader, text, strlen(text));
}

static struct worker_reader *reader_new(bool greeted)
{
	struct worker_reader *reader = calloc(1, sizeof(*reader));

	got.count = 0;
	reader->greeted = greeted;
	return reader;
}

static const struct worker_message samples[] = {
	{.type = WORKER_HELLO, .version = 1, .pid = 4711},
	{.type = WORKER_DECIDED,
	 .job = "apply",
	 .device = "cxl-ram:0x1",
	 .message = "mem0: 3 steps"},
	{.type = WORKER_STEP,
	 .job = "drain",
	 .device = "dax0.0",
	 .step = 2,
	 .steps = 5,
	 .message = "take \"4\" blocks\noffline\x01"},
	{.type = WORKER_STEP, .device = "dax0.0", .undo = true, .message = "bind the driver"},
	{.type = WORKER_PROGRESS, .job = "drain", .device = "dax0.0", .done = 3, .total = 8},
	{.type = WORKER_WAITING, .holder = "kmemctl (pid 12)", .message = "waiting", .retry_ms = 0},
	{.type = WORKER_WAITING, .device = "dax0.0", .message = "not quiet", .retry_ms = 1500},
	{.type = WORKER_DONE, .device = "dax0.0", .message = "done and verified"},
	{.type = WORKER_FAILED, .device = "dax0.0", .message = "no", .result = KMEMD_REFUSED},
	{.type = WORKER_DEVICES, .counts = {1, 2, 3, 4, 5, 6, 7, 8}},
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static char *all_samples(void)
{
	char *all = calloc(1, SAMPLES * WORKER_LINE_MAX);

	for (size_t i = 0; i < SAMPLES; i++) {
		_cleanup_free_ char *line = worker_message_encode(&samples[i]);

		assert_true(strchr(line, '\n') == line + strlen(line) - 1);
		strcat(all, line);
	}
	return all;
}

static void check_samples(void)
{
	assert_int_equal(got.count, SAMPLES);
	for (size_t i = 0; i < SAMPLES; i++)
		assert_memory_equal(&got.messages[i], &samples[i], sizeof(samples[i]));
}

static void test_both_ways_in_any_pieces(void **state)
{
	_cleanup_free_ char *all = all_samples();
	size_t length = strlen(all);

	(void)state;
	for (size_t piece = 1; piece <= length; piece = piece < 64 ? piece + 1 : piece * 2) {
		_cleanup_free_ struct worker_reader *reader = reader_new(false);

		for (size_t at = 0; at < length; at += piece)
			feed(reader, all + at, at + piece < length ? piece : length - at);
		check_samples();
		assert_int_equal(reader->bad, 0);
	}
}

/* Every beginning of a message is no message, and none hurts the one that follows. */
static void test_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		_cleanup_free_ char *line = worker_message_encode(&samples[i]);
		struct worker_message message = {.type = WORKER_MESSAGE_TYPES};

		for (size_t length = 0; length < strlen(line) - 1; length++) {
			assert_int_equal(worker_message_decode(line, length, &message), -EBADMSG);
			assert_int_equal(message.type, WORKER_MESSAGE_TYPES);
		}
		assert_int_equal(worker_message_decode(line, strlen(line) - 1, &message), 0);
	}
}

static void test_garbage(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"hello",
		"null",
		"[]",
		"[1, 2]",
		"\"step\"",
		"17",
		"{}",
		"{\"type\": 1}",
		"{\"type\": \"\"}",
		"{\"type\": null}",
		"{\"type\": \"step\"} {}",
		"{\"type\": \"step\"}x",
		"{'type': 'step'}",
		"{\"type\": \"step\",}",
		"{\"type\": \"step\", \"a\": {\"b\": {\"c\": {\"d\": {}}}}}",
		"\xff\xfe",
		"Idle; every device is as policy wants",
	};
	_cleanup_free_ struct worker_reader *reader = reader_new(true);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		feed_text(reader, lines[i]);
		feed_text(reader, "\n");
		if (reader->bad != i + 1)
			fail_msg("taken for a message: %s", lines[i]);
	}
	feed(reader, "{\"type\": \"step\"\0}\n", 18);
	assert_int_equal(reader->bad, sizeof(lines) / sizeof(lines[0]) + 1);
	assert_int_equal(got.count, 0);
	feed_text(reader, "{\"type\": \"done\"}\n");
	assert_int_equal(got.count, 1);
}

/* Members of the wrong type or of any size are none; texts are cut to their fields. */
static void test_wrong_members(void **state)
{
	_cleanup_free_ struct worker_reader *reader = reader_new(true);
	char line[WORKER_LINE_MAX], text[4001];

	(void)state;
	feed_text(reader,
		  "{\"type\": \"progress\", \"device\": [], \"done\": -1, \"total\": \"8\"}\n"
		  "{\"type\": \"progress\", \"done\": 4294967296, \"total\": 4294967295}\n"
		  "{\"type\": \"waiting\", \"retry_ms\": -5, \"for\": {}}\n"
		  "{\"type\": \"waiting\", \"retry_ms\": 9223372036854775807}\n"
		  "{\"type\": \"devices\", \"held\": 1e300, \"failed\": 3}\n");
	assert_int_equal(got.count, 5);
	assert_string_equal(got.messages[0].device, "");
	assert_int_equal(got.messages[0].done, 0);
	assert_int_equal(got.messages[0].total, 0);
	assert_int_equal(got.messages[1].done, 0);
	assert_int_equal(got.messages[1].total, UINT32_MAX);
	assert_int_equal(got.messages[2].retry_ms, 0);
	assert_string_equal(got.messages[2].holder, "");
	assert_int_equal(got.messages[3].retry_ms, 10 * 60 * 1000);
	assert_int_equal(got.messages[4].counts.held, 0);
	assert_int_equal(got.messages[4].counts.failed, 3);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snprintf(line, sizeof(line), "{\"type\": \"done\", \"device\": \"%s\"}\n", text);
	feed_text(reader, line);
	assert_int_equal(got.count, 6);
	assert_int_equal(strlen(got.messages[5].device), sizeof(got.messages[5].device) - 1);
	assert_int_equal(reader->bad, 0);
}

/* A line without end costs no more than its buffer, and what follows is read again. */
static void test_huge(void **state)
{
	_cleanup_free_ struct worker_reader *reader = reader_new(true);
	char bytes[1000];

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	feed_text(reader, "{\"type\": \"done\"");
	for (unsigned int i = 0; i < 10000; i++)
		feed(reader, bytes, sizeof(bytes));
	assert_true(reader->used <= sizeof(reader->line));
	feed_text(reader, "}\n{\"type\": \"done\"}\n");
	assert_int_equal(reader->bad, 1);
	assert_int_equal(got.count, 1);
}

/* As long as a line may be, and longer by one byte. */
static void test_longest_line(void **state)
{
	char line[WORKER_LINE_MAX + 2];

	(void)state;
	for (unsigned int more = 0; more < 2; more++) {
		_cleanup_free_ struct worker_reader *reader = reader_new(true);

		memset(line, ' ', sizeof(line));
		memcpy(line, "{\"type\": \"done\"", 15);
		line[WORKER_LINE_MAX - 1 + more] = '}';
		line[WORKER_LINE_MAX + more] = '\n';
		feed(reader, line, WORKER_LINE_MAX + 1 + more);
		assert_int_equal(got.count, !more);
		assert_int_equal(reader->bad, more);
	}
}

static void test_unknown_types_and_members(void **state)
{
	_cleanup_free_ struct worker_reader *reader = reader_new(true);
	struct worker_message message;

	(void)state;
	feed_text(reader, "{\"type\": \"temperature\", \"celsius\": 21}\n"
			  "{\"type\": \"done\", \"celsius\": 21, \"device\": \"dax0.0\"}\n");
	assert_int_equal(reader->bad, 0);
	assert_int_equal(got.count, 1);
	assert_string_equal(got.messages[0].device, "dax0.0");
	assert_int_equal(worker_message_decode("{\"type\":\"x\"}", 12, &message), -ENOENT);
}

static void test_wrong_version(void **state)
{
	static const char *const hellos[] = {
		"{\"type\": \"hello\", \"version\": 2, \"pid\": 1}\n",
		"{\"type\": \"hello\", \"version\": 0, \"pid\": 1}\n",
		"{\"type\": \"hello\", \"version\": -1, \"pid\": 1}\n",
		"{\"type\": \"hello\", \"version\": \"1\", \"pid\": 1}\n",
		"{\"type\": \"hello\", \"version\": 4294967297, \"pid\": 1}\n",
		"{\"type\": \"hello\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
		_cleanup_free_ struct worker_reader *reader = reader_new(false);

		feed_text(reader, hellos[i]);
		feed_text(reader, "{\"type\": \"done\"}\n");
		assert_true(reader->greeted);
		assert_int_equal(got.count, 1); /* the hello, so that it can be told */
		assert_int_not_equal(got.messages[0].version, WORKER_PROTOCOL_VERSION);
	}
}

/* Nothing counts before the hello, and there is one only. */
static void test_hello_comes_first(void **state)
{
	_cleanup_free_ struct worker_reader *reader = reader_new(false);

	(void)state;
	feed_text(reader, "{\"type\": \"done\"}\n{\"type\": \"new\"}\n");
	assert_int_equal(got.count, 0);
	assert_int_equal(reader->bad, 2);
	feed_text(reader, "{\"type\": \"hello\", \"version\": 1}\n{\"type\": \"done\"}\n"
			  "{\"type\": \"hello\", \"version\": 1}\n");
	assert_int_equal(got.count, 2);
	assert_int_equal(reader->bad, 3);
}

/* --- over a socket --- */

static void read_all(int fd, struct worker_reader *reader)
{
	char bytes[777];
	ssize_t length;

	while ((length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		feed(reader, bytes, (size_t)length);
}

static void make_pair(int *sockets)
{
	int size = 4096; /* the kernel's least: so that writes are short */

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	setsockopt(sockets[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void test_over_a_socket(void **state)
{
	_cleanup_free_ struct worker_reader *reader = reader_new(false);
	struct worker_writer writer;
	int sockets[2];

	(void)state;
	make_pair(sockets);
	writer = (struct worker_writer){.fd = sockets[1]};
	for (size_t i = 0; i < SAMPLES; i++)
		assert_int_equal(worker_writer_send(&writer, &samples[i]), 0);
	assert_int_equal(worker_writer_flush(&writer, 1000), 0);
	read_all(sockets[0], reader);
	check_samples();
	worker_writer_release(&writer);
	close(sockets[0]);
	close(sockets[1]);
}

/* A reader that does not read never holds the writer up, and gets whole messages in order. */
static void test_reader_is_slow(void **state)
{
	_cleanup_free_ struct worker_reader *reader = reader_new(true);
	struct worker_message message = {
		.type = WORKER_PROGRESS, .device = "dax0.0", .total = 9999};
	struct worker_writer writer;
	unsigned int accepted = 0, seen = 0;
	int sockets[2];

	(void)state;
	make_pair(sockets);
	writer = (struct worker_writer){.fd = sockets[1]};
	for (unsigned int i = 0; i < 9999; i++) {
		int r;

		message.done = i;
		r = worker_writer_send(&writer, &message);
		assert_true(r == 0 || r == -ENOBUFS);
		accepted += r == 0;
	}
	assert_true(accepted > 1000 && accepted < 9999);
	assert_int_equal(worker_writer_flush(&writer, 20), -ETIMEDOUT);
	for (unsigned int i = 0; i < 10000 && seen < accepted; i++) {
		read_all(sockets[0], reader);
		for (unsigned int j = 0; j < got.count; j++)
			assert_int_equal(got.messages[j].done, seen++);
		got.count = 0;
		worker_writer_flush(&writer, 0);
		reader->bad += writer.queued > 256 * 1024;
	}
	assert_int_equal(seen, accepted);
	assert_int_equal(reader->bad, 0);
	assert_int_equal(worker_writer_flush(&writer, 0), 0);
	worker_writer_release(&writer);
	close(sockets[0]);
	close(sockets[1]);
}

static void test_nobody_listens(void **state)
{
	struct worker_writer writer = {.fd = -1};
	int sockets[2];

	(void)state;
	assert_int_equal(worker_writer_send(&writer, &samples[0]), -EBADF);
	make_pair(sockets);
	writer = (struct worker_writer){.fd = sockets[1]};
	close(sockets[0]);
	assert_int_equal(worker_writer_send(&writer, &samples[0]), -EPIPE); /* and no SIGPIPE */
	assert_int_equal(writer.fd, -1);
	assert_int_equal(worker_writer_flush(&writer, 1000), -EBADF);
	worker_writer_release(&writer);
	close(sockets[1]);
}

/* Bytes by chance: nothing but "no message" may come of them. */
static void test_noise(void **state)
{
	_cleanup_free_ char *all = all_samples();
	unsigned int seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		_cleanup_free_ struct worker_reader *reader = reader_new(false);
		_cleanup_free_ char *bytes = strdup(all);
		size_t length = strlen(all);

		for (unsigned int i = 0; i < 8; i++)
			bytes[(size_t)rand_r(&seed) % length] = (char)rand_r(&seed);
		feed(reader, bytes, length);
		for (unsigned int i = 0; i < got.count; i++) {
			assert_true(got.messages[i].type < WORKER_MESSAGE_TYPES);
			assert_true(memchr(got.messages[i].message, 0,
					   sizeof(got.messages[i].message)) != NULL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways_in_any_pieces),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_wrong_members),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_unknown_types_and_members),
		cmocka_unit_test(test_wrong_version),
		cmocka_unit_test(test_hello_comes_first),
		cmocka_unit_test(test_over_a_socket),
		cmocka_unit_test(test_reader_is_slow),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
