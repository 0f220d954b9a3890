/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/worker-protocol.h"

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define QUEUE_MAX    (256 * 1024) /* a reader that is stopped costs no more */
#define DEPTH_MAX    4
#define RETRY_MAX_MS (10 * 60 * 1000)

static const char *const type_names[WORKER_MESSAGE_TYPES] = {
	[WORKER_HELLO] = "hello",	[WORKER_DECIDED] = "decided", [WORKER_STEP] = "step",
	[WORKER_PROGRESS] = "progress", [WORKER_WAITING] = "waiting", [WORKER_DONE] = "done",
	[WORKER_FAILED] = "failed",	[WORKER_DEVICES] = "devices",
};

/* --- members, by where they are in the struct ---------------------------------------------------
 */

#define BIT(type) (1u << (type))
#define TEXT(name_, member, types)                                                                 \
	{                                                                                          \
		.name = (name_), .offset = offsetof(struct worker_message, member),                \
		.size = sizeof(((struct worker_message *)0)->member), .in = (types)                \
	}
#define NUMBER(name_, member, types)                                                               \
	{                                                                                          \
		.name = (name_), .offset = offsetof(struct worker_message, member), .in = (types)  \
	}
#define ABOUT_DEVICES                                                                              \
	(BIT(WORKER_DECIDED) | BIT(WORKER_STEP) | BIT(WORKER_PROGRESS) | BIT(WORKER_WAITING) |     \
	 BIT(WORKER_DONE) | BIT(WORKER_FAILED))

struct text_member {
	const char *name;
	size_t offset, size;
	unsigned int in; /* types */
};

struct number_member {
	const char *name;
	size_t offset;
	unsigned int in;
};

static const struct text_member texts[] = {
	TEXT("job", job, ABOUT_DEVICES),
	TEXT("device", device, ABOUT_DEVICES),
	TEXT("for", holder, BIT(WORKER_WAITING)),
	TEXT("message", message, ABOUT_DEVICES & ~BIT(WORKER_PROGRESS)),
};

static const struct number_member numbers[] = {
	NUMBER("version", version, BIT(WORKER_HELLO)),
	NUMBER("step", step, BIT(WORKER_STEP)),
	NUMBER("steps", steps, BIT(WORKER_STEP)),
	NUMBER("done", done, BIT(WORKER_PROGRESS)),
	NUMBER("total", total, BIT(WORKER_PROGRESS)),
	NUMBER("managed", counts.managed, BIT(WORKER_DEVICES)),
	NUMBER("held", counts.held, BIT(WORKER_DEVICES)),
	NUMBER("manual", counts.manual, BIT(WORKER_DEVICES)),
	NUMBER("failed", counts.failed, BIT(WORKER_DEVICES)),
	NUMBER("refused", counts.refused, BIT(WORKER_DEVICES)),
	NUMBER("waiting", counts.waiting, BIT(WORKER_DEVICES)),
	NUMBER("unfinished", counts.unfinished, BIT(WORKER_DEVICES)),
	NUMBER("bad_policies", counts.bad_policies, BIT(WORKER_DEVICES)),
};

static unsigned int *number_of(const struct worker_message *message,
			       const struct number_member *member)
{
	return (unsigned int *)((char *)message + member->offset);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void put_members(struct json_object *json, const struct worker_message *message)
{
	for (size_t i = 0; i < array_size(texts); i++)
		if (texts[i].in & BIT(message->type))
			json_put_text(json, texts[i].name, (const char *)message + texts[i].offset);
	for (size_t i = 0; i < array_size(numbers); i++)
		if (numbers[i].in & BIT(message->type))
			json_put_u64(json, numbers[i].name, *number_of(message, &numbers[i]));
	if (message->type == WORKER_HELLO)
		json_put_int(json, "pid", message->pid);
	else if (message->type == WORKER_STEP)
		json_put_bool(json, "undo", message->undo);
	else if (message->type == WORKER_FAILED)
		json_put_int(json, "result", message->result);
	else if (message->type == WORKER_WAITING)
		json_put_u64(json, "retry_ms", message->retry_ms);
}

char *worker_message_encode(const struct worker_message *message)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	const char *text;

	if (!json)
		return NULL;
	json_put_text(json, "type", type_names[message->type]);
	put_members(json, message);
	/* A newline within a text is written as \n, so that the one at the end is the only one. */
	text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	return text ? format_text("%s\n", text) : NULL;
}

/* As much of the queue as the socket takes; what is gone leaves room at the end. */
static int send_queue(struct worker_writer *writer)
{
	while (writer->sent < writer->queued) {
		ssize_t length = send(writer->fd, writer->queue + writer->sent,
				      writer->queued - writer->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		writer->sent += (size_t)length;
	}
	writer->sent = writer->queued = 0;
	return 0;
}

static int append(struct worker_writer *writer, const char *line)
{
	size_t length = strlen(line), left = writer->queued - writer->sent;
	char *queue;

	if (length > WORKER_LINE_MAX)
		return -EMSGSIZE;
	if (left + length > QUEUE_MAX)
		return -ENOBUFS;
	if (writer->sent)
		memmove(writer->queue, writer->queue + writer->sent, left);
	writer->sent = 0;
	writer->queued = left;
	queue = realloc(writer->queue, left + length);
	if (!queue)
		return -ENOMEM;
	memcpy(queue + left, line, length);
	writer->queue = queue;
	writer->queued = left + length;
	return 0;
}

int worker_writer_send(struct worker_writer *writer, const struct worker_message *message)
{
	_cleanup_free_ char *line = NULL;
	int r;

	if (writer->fd < 0)
		return -EBADF;
	line = worker_message_encode(message);
	r = line ? append(writer, line) : -ENOMEM;
	if (r < 0)
		return r;
	r = send_queue(writer);
	if (r == -EAGAIN)
		return 0;
	if (r < 0) /* nobody listens any more */
		writer->fd = -1;
	return r;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int worker_writer_flush(struct worker_writer *writer, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms, left;
	int r;

	if (writer->fd < 0)
		return writer->queued ? -EBADF : 0;
	while ((r = send_queue(writer)) == -EAGAIN) {
		struct pollfd wait = {.fd = writer->fd, .events = POLLOUT};

		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
	return r;
}

void worker_writer_release(struct worker_writer *writer)
{
	free(writer->queue);
	*writer = (struct worker_writer){.fd = -1};
}

/* --- reading ------------------------------------------------------------------------------------
 */

static int find_type(const char *name)
{
	for (int i = 0; i < WORKER_MESSAGE_TYPES; i++)
		if (!strcmp(type_names[i], name))
			return i;
	return -ENOENT;
}

/* A number that no count of ours can be is none. */
static unsigned int get_number(const struct json_object *json, const char *key)
{
	int64_t value = json_get_int(json, key);

	return value < 0 || value > UINT_MAX ? 0 : (unsigned int)value;
}

static uint64_t get_retry(const struct json_object *json)
{
	int64_t value = json_get_int(json, "retry_ms");

	if (value <= 0)
		return 0;
	return value > RETRY_MAX_MS ? RETRY_MAX_MS : (uint64_t)value;
}

static void get_members(const struct json_object *json, struct worker_message *message)
{
	for (size_t i = 0; i < array_size(texts); i++)
		if (texts[i].in & BIT(message->type))
			json_get_text(json, texts[i].name, (char *)message + texts[i].offset,
				      texts[i].size);
	for (size_t i = 0; i < array_size(numbers); i++)
		if (numbers[i].in & BIT(message->type))
			*number_of(message, &numbers[i]) = get_number(json, numbers[i].name);
	message->pid = (pid_t)get_number(json, "pid");
	message->undo = json_get_bool(json, "undo");
	message->result = (int)get_number(json, "result");
	message->retry_ms = get_retry(json);
}

/* The whole line is one object: no zero byte, nothing behind it. */
static struct json_object *parse_line(const char *line, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *json = NULL;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	if (length && length <= WORKER_LINE_MAX && !memchr(line, '\0', length))
		json = json_tokener_parse_ex(tokener, line, (int)length);
	if (json && (json_tokener_get_error(tokener) != json_tokener_success ||
		     json_tokener_get_parse_end(tokener) != length ||
		     !json_object_is_type(json, json_type_object))) {
		json_object_put(json);
		json = NULL;
	}
	json_tokener_free(tokener);
	return json;
}

int worker_message_decode(const char *line, size_t length, struct worker_message *ret)
{
	_cleanup_(json_object_putp) struct json_object *json = parse_line(line, length);
	struct worker_message message = {0};
	int type;

	if (!json || !json_text(json, "type")[0])
		return -EBADMSG;
	type = find_type(json_text(json, "type"));
	if (type < 0)
		return type;
	message.type = (enum worker_message_type)type;
	get_members(json, &message);
	*ret = message;
	return 0;
}

static void take_line(struct worker_reader *reader, worker_message_handler handler, void *userdata)
{
	struct worker_message message;
	int r = worker_message_decode(reader->line, reader->used, &message);

	if (r == -ENOENT && reader->greeted) /* of a newer worker */
		return;
	if (r < 0 || (message.type == WORKER_HELLO) == reader->greeted) {
		reader->bad++;
		return;
	}
	if (message.type == WORKER_HELLO) {
		reader->greeted = true;
		reader->deaf = message.version != WORKER_PROTOCOL_VERSION;
	}
	handler(userdata, &message);
}

void worker_reader_feed(struct worker_reader *reader, const char *bytes, size_t length,
			worker_message_handler handler, void *userdata)
{
	for (size_t i = 0; i < length && !reader->deaf; i++) {
		if (bytes[i] == '\n') {
			if (!reader->skipping)
				take_line(reader, handler, userdata);
			reader->skipping = false;
			reader->used = 0;
		} else if (!reader->skipping && reader->used < sizeof(reader->line)) {
			reader->line[reader->used++] = bytes[i];
		} else if (!reader->skipping) {
			reader->skipping = true;
			reader->bad++;
		}
	}
}
