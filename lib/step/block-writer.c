/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing to memory blocks (Documentation/ABI/testing/sysfs-devices-memory), with as few system
 * calls as it can be done with and be sure: valid_zones alone tells what became of one.
 */
#include "step/block-writer.h"

#include "base/file.h"
#include "inventory/memory-block.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

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
	change->seen |= r != -ENOENT;
	close_later(writer, fd);
	if (r < 0)
		change->touched = touched;
	return r;
}

/*
 * What the block is now. *fd, -1 at first, is kept for the next look and closed by the caller; a
 * block that is not in the device's node has none and is looked at the long way.
 */
static int look_at(const struct writer *writer, struct change *change, int *fd)
{
	int r;

	if (*fd < 0)
		*fd = block_open_zones(writer->directory, writer->changes->node, change->index);
	change->seen |= *fd >= 0;
	if (*fd >= 0)
		r = block_read_zones(*fd, &change->now);
	else if (*fd == -ENOENT)
		r = block_read(writer->directory, NODE_UNKNOWN, change->index, &change->now);
	else
		r = *fd;
	if (r == 0 && change->now == BLOCK_ABSENT)
		r = -ENOENT;
	change->seen |= r == 0;
	if (r == 0 && change->from == BLOCK_STATE_COUNT)
		change->from = change->now;
	return r == -ENODATA ? -EIO : r;
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
static int bring_online(struct writer *writer, struct change *change, int *fd)
{
	int written = write_state(writer, change, change->to), r;

	if (written == -ENOENT)
		return written;
	if (written == 0 && change->from == BLOCK_STATE_COUNT)
		change->from = BLOCK_OFFLINE;
	r = look_at(writer, change, fd);
	if (r < 0 || change_is_done(change))
		return r;
	if (!block_is_online(change->now))
		return written < 0 ? written : -EAGAIN;
	r = write_state(writer, change, BLOCK_OFFLINE);
	if (r == 0)
		r = write_state(writer, change, change->to);
	if (r == 0)
		r = look_at(writer, change, fd);
	if (r < 0)
		return r;
	return change_is_done(change) ? 0 : -EAGAIN;
}

/* Here the look comes first, because the way back has to be known. */
static int take_offline(struct writer *writer, struct change *change, int *fd)
{
	int r = look_at(writer, change, fd);

	if (r < 0 || !block_is_online(change->now))
		return r;
	r = write_state(writer, change, BLOCK_OFFLINE);
	if (r == 0)
		r = look_at(writer, change, fd);
	return r == 0 && block_is_online(change->now) ? -EAGAIN : r;
}

static void attempt(struct writer *writer, size_t i)
{
	struct change *change = &writer->changes->items[i];
	bool tried_before = change->result < 0;
	int fd = -1;

	writer->changes->current = i;
	change->result = change->to == BLOCK_OFFLINE ? take_offline(writer, change, &fd)
						     : bring_online(writer, change, &fd);
	close_later(writer, fd);
	/* One that was never seen is not ours to change; one that was, and is no more, is gone. */
	if ((change->result == -ENOENT || change->result == -ENODEV) && !tried_before &&
	    !change->seen) {
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

bool changes_may_go_on(const struct changes *changes)
{
	bool left = false;

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		if (change->done)
			continue;
		if (change->result == -ENODEV || change->result == -EACCES ||
		    change->result == -EPERM)
			return false;
		left = true;
	}
	return left;
}

static void attempt_all(struct writer *writer)
{
	for (size_t i = 0; i < writer->changes->count; i++)
		if (!writer->changes->items[i].done)
			attempt(writer, i);
}

void writer_run(struct changes *changes, int directory, unsigned int attempts)
{
	struct writer writer = {.changes = changes, .directory = directory};
	unsigned int backoff = BACKOFF_MS;

	attempt_all(&writer);
	for (unsigned int count = 1; count < attempts && changes_may_go_on(changes); count++) {
		backoff_sleep(backoff);
		backoff = backoff_next(backoff);
		attempt_all(&writer);
	}
	close_all(&writer);
}
