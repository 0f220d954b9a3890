/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dax device with the memory blocks that kmem makes of it, for programs that run in guests: what sysfs and /proc show
 * of it, and whether all of that fits together. The device has one range.
 */
#ifndef MEMORY_DEVICE_H
#define MEMORY_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DRIVER "/sys/bus/dax/drivers/kmem"
#define MEMMAP_SHARE 64 /* of a block is its memmap: 64 bytes a page of 4096 */
#define SETTLE_MS 15000 /* for the driver's work item, on a slow machine */

struct device {
	const char *name;             /* "dax0.0" */
	unsigned long long start;     /* of the first whole block */
	unsigned long long block_size;
	unsigned int first, nr;       /* memory blocks */
	unsigned long long total;     /* MemTotal with none of them online, in bytes */
	unsigned int reserved;        /* lines of the device in /proc/iomem with none of them added */
};

enum block_state { ABSENT, OFFLINE, KERNEL, MOVABLE, NR_BLOCK_STATES };

/* Formatted into one of a few buffers in turn. */
__attribute__((format(printf, 1, 2))) static inline const char *text_of(const char *format, ...)
{
	static char buffers[8][256];
	static unsigned int next;
	char *buffer = buffers[next++ % 8];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(buffer, sizeof(buffers[0]), format, arguments);
	va_end(arguments);
	return buffer;
}

/* 0 or the negative error of the open or the write. */
static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* The first line, or "" when there is none. */
static inline const char *read_text(const char *path)
{
	static char buffers[4][256];
	static unsigned int next;
	char *buffer = buffers[next++ % 4];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, buffer, sizeof(buffers[0]) - 1);

	if (fd >= 0)
		close(fd);
	buffer[got > 0 ? got : 0] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return buffer;
}

static inline const char *block_path(const struct device *dev, unsigned int block)
{
	return text_of("/sys/devices/system/memory/memory%u/state", dev->first + block);
}

static inline enum block_state block_state(const struct device *dev, unsigned int block)
{
	const char *state = read_text(block_path(dev, block));

	if (!*state)
		return ABSENT;
	if (strcmp(state, "online"))
		return OFFLINE;
	state = read_text(text_of("/sys/devices/system/memory/memory%u/valid_zones", dev->first + block));
	return strcmp(state, "Movable") ? KERNEL : MOVABLE;
}

static inline const char *attribute(const struct device *dev, const char *name)
{
	return read_text(text_of("/sys/bus/dax/devices/%s/%s", dev->name, name));
}

static inline bool is_bound(const struct device *dev)
{
	return !access(text_of(DRIVER "/%s", dev->name), F_OK);
}

static inline int bind_device(const struct device *dev)
{
	return write_text(DRIVER "/bind", dev->name);
}

static inline int unbind_device(const struct device *dev)
{
	return write_text(DRIVER "/unbind", dev->name);
}

/* In bytes. */
static inline unsigned long long mem_total(void)
{
	return strtoull(read_text("/proc/meminfo") + strlen("MemTotal:"), NULL, 10) << 10;
}

/* How many lines of /proc/iomem have the device's name, and how many bytes of System RAM are in its range. */
static inline unsigned int read_iomem(const struct device *dev, unsigned long long *ram)
{
	unsigned long long start, end, last = dev->start + dev->nr * dev->block_size - 1;
	FILE *file = fopen("/proc/iomem", "re");
	unsigned int lines = 0;
	char line[256], name[128];

	*ram = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %llx-%llx : %127[^\n]", &start, &end, name) != 3)
			continue;
		lines += !strcmp(name, dev->name);
		if (!strcmp(name, "System RAM (kmem)") && start >= dev->start && end <= last)
			*ram += end - start + 1;
	}
	if (file)
		fclose(file);
	return lines;
}

/* The device must not be bound and have no memory online. Exits with a message otherwise. */
static inline struct device find_device(const char *name)
{
	struct device dev = {.name = name};
	unsigned long long start = strtoull(attribute(&dev, "resource"), NULL, 0);
	unsigned long long end = start + strtoull(attribute(&dev, "size"), NULL, 0), ram;

	dev.block_size = strtoull(read_text("/sys/devices/system/memory/block_size_bytes"), NULL, 16);
	if (!start || end <= start || !dev.block_size) {
		fprintf(stderr, "%s: no dax device with one range\n", name);
		exit(2);
	}
	dev.start = (start + dev.block_size - 1) / dev.block_size * dev.block_size;
	dev.first = dev.start / dev.block_size;
	dev.nr = end / dev.block_size - dev.first;
	dev.total = mem_total();
	dev.reserved = read_iomem(&dev, &ram);
	if (is_bound(&dev) || ram) {
		fprintf(stderr, "%s: is bound to kmem or has memory online\n", name);
		exit(2);
	}
	return dev;
}

/* Is the device's `state` right for these numbers of blocks? "online" leaves the zones to the kernel. */
static inline bool state_fits(const char *state, const unsigned int *blocks, unsigned int added)
{
	unsigned int online = blocks[KERNEL] + blocks[MOVABLE];

	if (!online)
		return !strcmp(state, added ? "offline" : "unplugged");
	if (blocks[KERNEL] == added)
		return !strcmp(state, "online_kernel") || !strcmp(state, "online");
	if (blocks[MOVABLE] == added)
		return !strcmp(state, "online_movable") || !strcmp(state, "online");
	return !strcmp(state, "online");
}

static inline const char *counter_fault(const struct device *dev, const char *name, unsigned long long wanted)
{
	const char *text = attribute(dev, text_of("kmem/%s", name));

	return *text && strtoull(text, NULL, 0) == wanted ? NULL : text_of("%s is '%s', not %llu", name, text, wanted);
}

/* An attribute that is a number of things, of which there are at most so many, of so many bytes each. */
static inline const char *number_fault(const struct device *dev, const char *name, unsigned long long most, unsigned long long each)
{
	const char *text = attribute(dev, text_of("kmem/%s", name));
	unsigned long long value = strtoull(text, NULL, 0);

	/* "" where the device is not bound. */
	return value % each || value / each > most ? text_of("%s is '%s', of %llu times %llu", name, text, most, each) : NULL;
}

/* What cannot be true at any moment, however blocks change meanwhile; NULL without it. */
static inline const char *impossible(const struct device *dev)
{
	static const char *const counts[] = {"blocks_added", "blocks_failed", "blocks_self_hosted", "blocks_online_movable",
					     "blocks_online_kernel"};
	static const char *const words[] = {"", "unplugged", "offline", "online", "online_kernel", "online_movable"};
	unsigned long long memmap = dev->block_size / MEMMAP_SHARE;
	const char *state = attribute(dev, "state"), *fault = NULL;
	bool known = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		known |= !strcmp(state, words[i]);
	if (!known)
		return text_of("state is '%s'", state);
	for (size_t i = 0; !fault && i < sizeof(counts) / sizeof(*counts); i++)
		fault = number_fault(dev, counts[i], dev->nr, 1);
	if (!fault)
		fault = number_fault(dev, "memmap_dram_bytes", dev->nr, memmap);
	if (!fault)
		fault = number_fault(dev, "memmap_device_bytes", dev->nr, memmap);
	return fault;
}

static inline const char *bound_fault(const struct device *dev, const unsigned int *blocks, unsigned int added)
{
	unsigned long long memmap = dev->block_size / MEMMAP_SHARE;
	unsigned int self_hosted = strtoul(attribute(dev, "kmem/blocks_self_hosted"), NULL, 0);
	unsigned int failed = strtoul(attribute(dev, "kmem/blocks_failed"), NULL, 0);
	const char *fault, *state;

	if ((fault = counter_fault(dev, "block_size", dev->block_size)) ||
	    (fault = counter_fault(dev, "blocks_total", dev->nr)) || (fault = counter_fault(dev, "blocks_added", added)) ||
	    (fault = counter_fault(dev, "blocks_online_movable", blocks[MOVABLE])) ||
	    (fault = counter_fault(dev, "blocks_online_kernel", blocks[KERNEL])) ||
	    (fault = counter_fault(dev, "memmap_device_bytes", self_hosted * memmap)) ||
	    (fault = counter_fault(dev, "memmap_dram_bytes", (added - self_hosted) * memmap)))
		return fault;
	if (self_hosted > added)
		return text_of("%u blocks self-hosted of %u added", self_hosted, added);
	if (added + failed != dev->nr && (added || failed))
		return text_of("%u blocks added, %u failed of %u", added, failed, dev->nr);
	state = attribute(dev, "state");
	if (!state_fits(state, blocks, added))
		return text_of("state is '%s' with %u added, %u Movable, %u kernel", state, added, blocks[MOVABLE], blocks[KERNEL]);
	return NULL;
}

/* What does not fit together now, or NULL. Nobody else may change anything meanwhile. */
static inline const char *device_fault(const struct device *dev)
{
	unsigned int blocks[NR_BLOCK_STATES] = {0}, added, online, refs, lines, block;
	unsigned long long ram, gained = mem_total() - dev->total;
	const char *fault;

	for (block = 0; block < dev->nr; block++)
		blocks[block_state(dev, block)]++;
	added = dev->nr - blocks[ABSENT];
	online = blocks[KERNEL] + blocks[MOVABLE];

	if (is_bound(dev)) {
		fault = bound_fault(dev, blocks, added);
		if (fault)
			return fault;
	} else if (blocks[OFFLINE]) {
		return text_of("%u offline blocks are left of an unbound device", blocks[OFFLINE]);
	}
	refs = strtoul(read_text("/sys/module/kmem/refcnt"), NULL, 0);
	if (refs != online)
		return text_of("%u references on the module with %u blocks online", refs, online);
	lines = read_iomem(dev, &ram);
	if (ram != added * dev->block_size)
		return text_of("%#llx bytes of System RAM in /proc/iomem with %u blocks added", ram, added);
	if (lines != dev->reserved + !!added)
		return text_of("%u lines of %s in /proc/iomem with %u blocks added", lines, dev->name, added);
	if (gained > online * dev->block_size || gained < online * (dev->block_size - dev->block_size / MEMMAP_SHARE))
		return text_of("MemTotal has gained %lld KiB with %u blocks online", (long long)gained >> 10, online);
	return NULL;
}

/* The same; what an asynchronous release may still change has a while to come true. */
static inline const char *settled_fault(const struct device *dev)
{
	const char *fault;

	for (int waited = 0; (fault = device_fault(dev)) && waited < SETTLE_MS; waited += 10)
		usleep(10000);
	return fault;
}

/* Takes blocks offline until none is online, however they depend on each other; false if some stay. */
static inline bool offline_all(const struct device *dev)
{
	unsigned int online = 1, tries;

	for (tries = 0; online && tries < 100; tries++) {
		online = 0;
		for (unsigned int block = 0; block < dev->nr; block++) {
			if (block_state(dev, block) < KERNEL)
				continue;
			write_text(block_path(dev, block), "offline");
			online += block_state(dev, block) >= KERNEL;
		}
		if (online)
			usleep(100000);
	}
	return !online;
}

#endif
