/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing to memory blocks (Documentation/ABI/testing/sysfs-devices-memory), with as few system
 * calls as it can be done with and be sure: `valid_zones` alone tells everything, one word for a
 * block that is online in that zone, "none" for one that is in no single zone, several words for
 * one that is offline.
 */
#include "apply/writer.h"

#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define BACKOFF_MS     100
#define BACKOFF_MAX_MS 2000

/* Files are closed by the dozen: in one call when their numbers follow each other. */
#define OPEN_MAX_FILES 128

struct writer {
	struct changes *changes;
	int directory;
	int open[OPEN_MAX_FILES];
	unsigned int open_count;
};

static void close_all(struct writer *writer)
{
	unsigned int count = writer->open_count;
	int lowest = INT_MAX, highest = -1;

	for (unsigned int i = 0; i < count; i++) {
		lowest = writer->open[i] < lowest ? writer->open[i] : lowest;
		highest = writer->open[i] > highest ? writer->open[i] : highest;
	}
	/* So many different numbers in so small a span: there is none of others among them. */
	if (count && highest - lowest + 1 == (int)count &&
	    close_range((unsigned int)lowest, (unsigned int)highest, 0) == 0)
		count = 0;
	for (unsigned int i = 0; i < count; i++)
		close(writer->open[i]);
	writer->open_count = 0;
}

static void close_later(struct writer *writer, int fd)
{
	if (fd < 0)
		return;
	writer->open[writer->open_count++] = fd;
	if (writer->open_count == OPEN_MAX_FILES)
		close_all(writer);
}

static int write_state(struct writer *writer, struct change *change, enum block_state state)
{
	static const char *const words[BLOCK_STATE_COUNT] = {
		[BLOCK_OFFLINE] = "offline",
		[BLOCK_MOVABLE] = "online_movable",
		[BLOCK_KERNEL] = "online_kernel",
		[BLOCK_MIXED] = "online",
	};
	bool touched = change->touched;
	char path[64];
	int fd = -1, r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", change->index);
	change->touched = true; /* noted first: we may be killed in between */
	r = attribute_write_open(writer->directory, path, words[state], &fd);
	close_later(writer, fd);
	if (r < 0)
		change->touched = touched;
	return r;
}

/* An fd of the block's zones, for read_zones(). */
static int open_zones(const struct writer *writer, const struct change *change)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/valid_zones", change->index);
	fd = openat(writer->directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static int read_zones(int fd, struct change *change)
{
	char text[128];
	/* Reading from the beginning makes sysfs ask the kernel anew. */
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	if (length < 0)
		return -errno;
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	if (!strcmp(text, "Movable"))
		change->now = BLOCK_MOVABLE;
	else if (!strcmp(text, "none"))
		change->now = BLOCK_MIXED;
	else if (strchr(text, ' '))
		change->now = BLOCK_OFFLINE;
	else if (text[0])
		change->now = BLOCK_KERNEL;
	else
		return -EIO;
	if (change->from == BLOCK_STATE_COUNT)
		change->from = change->now;
	return 0;
}

static int look_at(struct writer *writer, struct change *change)
{
	int fd = open_zones(writer, change), r;

	if (fd < 0)
		return fd;
	r = read_zones(fd, change);
	close_later(writer, fd);
	return r;
}

bool change_is_done(const struct change *change)
{
	return change->now == change->to ||
	       (change->to == BLOCK_MIXED && block_is_online(change->now));
}

/*
 * The write comes first: the kernel refuses it for a block that is online already, and then a look
 * tells where. One in the wrong zone has to go offline in between.
 */
static int bring_online(struct writer *writer, struct change *change)
{
	int written = write_state(writer, change, change->to), r;

	if (written == -ENOENT)
		return written;
	if (written == 0 && change->from == BLOCK_STATE_COUNT)
		change->from = BLOCK_OFFLINE;
	r = look_at(writer, change);
	if (r < 0 || change_is_done(change))
		return r;
	if (!block_is_online(change->now))
		return written < 0 ? written : -EAGAIN;
	r = write_state(writer, change, BLOCK_OFFLINE);
	if (r == 0)
		r = write_state(writer, change, change->to);
	if (r == 0)
		r = look_at(writer, change);
	if (r < 0)
		return r;
	return change_is_done(change) ? 0 : -EAGAIN;
}

/* Here the look comes first, because the way back has to be known. */
static int take_offline(struct writer *writer, struct change *change)
{
	int fd = open_zones(writer, change), r;

	if (fd < 0)
		return fd;
	r = read_zones(fd, change);
	if (r == 0 && block_is_online(change->now)) {
		r = write_state(writer, change, BLOCK_OFFLINE);
		if (r == 0)
			r = read_zones(fd, change);
		if (r == 0 && block_is_online(change->now))
			r = -EAGAIN;
	}
	close_later(writer, fd);
	return r;
}

static void attempt(struct writer *writer, size_t i)
{
	struct change *change = &writer->changes->items[i];
	bool tried_before = change->result < 0;

	writer->changes->current = i;
	change->result = change->to == BLOCK_OFFLINE ? take_offline(writer, change)
						     : bring_online(writer, change);
	/* One that was never seen is not ours to change; one that was, and is no more, is gone. */
	if ((change->result == -ENOENT || change->result == -ENODEV) && !tried_before &&
	    change->from == BLOCK_STATE_COUNT) {
		change->absent = true;
		change->result = 0;
	} else if (change->result == -ENOENT) {
		change->result = -ENODEV;
	}
	if (change->result < 0)
		return;
	change->done = true;
	writer->changes->done++;
}

/* True when another attempt may help. */
static bool attempt_all(struct writer *writer)
{
	bool left = false, hopeless = false;

	for (size_t i = 0; i < writer->changes->count; i++) {
		const struct change *change = &writer->changes->items[i];

		if (change->done)
			continue;
		attempt(writer, i);
		left = left || !change->done;
		hopeless = hopeless || change->result == -ENODEV || change->result == -EACCES ||
			   change->result == -EPERM;
	}
	return left && !hopeless;
}

void writer_run(struct changes *changes, int directory, unsigned int attempts)
{
	struct writer writer = {.changes = changes, .directory = directory};
	unsigned int backoff = BACKOFF_MS;

	for (unsigned int count = 1; attempt_all(&writer) && count != attempts; count++) {
		backoff_sleep(backoff);
		backoff = backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : backoff * 2;
	}
	close_all(&writer);
}
