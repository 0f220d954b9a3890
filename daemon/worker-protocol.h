/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_WORKER_PROTOCOL_H
#define KMEMD_WORKER_PROTOCOL_H
/*
 * What kmemd-worker reports to kmemd: JSON objects, one a line, over a stream socket. The first is
 * "hello" with the version of the protocol; a reader that does not know the version ignores the
 * rest, and both sides ignore types and members that they do not know.
 *
 *     {"type": "hello", "version": 1, "pid": 12}
 *     {"type": "decided", "job": "apply", "device": "cxl-ram:0x1", "message": "..."}
 *     {"type": "step", "device": ..., "step": 2, "steps": 5, "undo": false, "message": "..."}
 *     {"type": "progress", "device": ..., "done": 3, "total": 8}
 *     {"type": "waiting", "for": "kmemctl (pid 12)", "message": ..., "retry_ms": 0}
 *     {"type": "done", "device": ..., "message": ...}
 *     {"type": "failed", "device": ..., "message": ..., "result": 1}
 *     {"type": "devices", "managed": 2, "held": 0, "manual": 0, "failed": 0, "refused": 0,
 *      "waiting": 0, "unfinished": 0, "bad_policies": 0}
 *
 * Neither side trusts the other's sizes: texts are cut to what the fields hold, a line that is too
 * long is skipped to its end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WORKER_PROTOCOL_VERSION 1
#define WORKER_PROTOCOL_FD	3    /* in the worker */
#define WORKER_LINE_MAX		8192 /* bytes with the newline; no message of ours is as long */

enum worker_message_type {
	WORKER_HELLO,
	WORKER_DECIDED,
	WORKER_STEP,
	WORKER_PROGRESS,
	WORKER_WAITING,
	WORKER_DONE,
	WORKER_FAILED,
	WORKER_DEVICES,
	WORKER_MESSAGE_TYPES,
};

struct worker_counts {
	unsigned int managed; /* as their policy wants them */
	unsigned int held, manual, failed, refused;
	unsigned int waiting;	   /* for quiet, or for other members of their region */
	unsigned int unfinished;   /* otherwise not as their policy wants them */
	unsigned int bad_policies; /* policy files that are skipped */
};

struct worker_message {
	enum worker_message_type type;
	unsigned int version;
	pid_t pid;
	char job[64], device[128];
	char holder[64]; /* for whom it waits */
	char message[512];
	unsigned int step, steps; /* 0: not known */
	bool undo;		  /* the step is one that takes something back */
	unsigned int done, total; /* blocks */
	int result;		  /* a kmemd_result */
	uint64_t retry_ms;	  /* 0: nothing is to be started again */
	struct worker_counts counts;
};

/* --- writing, in the worker --- */

struct worker_writer {
	int fd;	     /* non-blocking, or -1: nobody listens */
	char *queue; /* whole lines that the socket did not take yet */
	size_t queued, sent;
};

/* The line for a message with its newline, to be freed; NULL when memory is short. */
char *worker_message_encode(const struct worker_message *message);
/*
 * Sends without waiting for the reader. What does not fit the socket waits in a queue of limited
 * length; where that is full, the message is dropped as a whole. 0 or a negative errno.
 */
int worker_writer_send(struct worker_writer *writer, const struct worker_message *message);
/* Waits for so long at most until the reader has taken what is queued. */
int worker_writer_flush(struct worker_writer *writer, int timeout_ms);
void worker_writer_release(struct worker_writer *writer);

/* --- reading, in the daemon --- */

struct worker_reader {
	char line[WORKER_LINE_MAX];
	size_t used;
	bool skipping; /* to the end of a line that is too long */
	bool greeted;
	bool deaf;	  /* the other side speaks a version that we do not */
	unsigned int bad; /* lines that were no messages */
};

typedef void (*worker_message_handler)(void *userdata, const struct worker_message *message);

/* One line without its newline. 0, -EBADMSG, or -ENOENT for a type that is not known. */
int worker_message_decode(const char *line, size_t length, struct worker_message *ret);
/* Takes bytes as they come, in whatever pieces, and calls back for each message in them. */
void worker_reader_feed(struct worker_reader *reader, const char *bytes, size_t length,
			worker_message_handler handler, void *userdata);

#endif
