/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-log.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define LOG_MAX	    (16 * 1024 * 1024)
#define KMSG_RECORD 8192 /* the kernel's limit for a record, and its dictionary */

static void keep_reason(const char *line, struct log_facts *log)
{
	static const char *const rejections[] = {
		"kmem: version magic",
		"kmem: disagrees about version",
		"kmem: Unknown symbol",
		"kmem: module layout",
		"Loading of unsigned module is rejected",
		"unsigned module loading is restricted",
		"Loading of module with unavailable key is rejected",
	};
	char *target = NULL;

	if (strstr(line, "Failed to synchronize CPU cache state"))
		target = log->cache_sync;
	else if (strstr(line, "cannot be hotremoved until the next reboot"))
		target = log->leaked;
	for (size_t i = 0; i < array_size(rejections) && !target; i++)
		if (strstr(line, rejections[i]))
			target = log->rejected;
	if (target)
		snprintf(target, sizeof(log->rejected), "%s", line);
}

/* "Memory failure: 0x12345: recovery action for dirty LRU page: Recovered": a page's number. */
static int keep_poisoned(const char *line, struct log_facts *log)
{
	static const char sentence[] = "Memory failure: ";
	const char *found = strstr(line, sentence);
	uint64_t page, *slot;

	if (!found || !strstr(line, "recovery action for") ||
	    sscanf(found + strlen(sentence), "%" SCNx64, &page) != 1)
		return 0;
	slot = array_add(&log->poisoned);
	if (!slot)
		return -ENOMEM;
	*slot = page * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* A record is "6,1234,5678,-;message\n KEY=value\n". */
static int keep_record(char *record, struct log_facts *log)
{
	char *rest = record, *line;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		char *message = strchr(line, ';');

		message = message ? message + 1 : line;
		keep_reason(message, log);
		r = keep_poisoned(message, log);
	}
	return r;
}

/*
 * Documentation/ABI/testing/dev-kmsg. EPIPE: a record was overwritten before it was read; EAGAIN:
 * that was the last one.
 */
int facts_gather_log(const struct kmemd *kmemd, struct log_facts *log)
{
	_cleanup_free_ char *path = format_text("%s/dev/kmsg", kmemd->root);
	_cleanup_close_ int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	char record[KMSG_RECORD + 1];
	size_t total = 0;
	int r = 0;

	if (fd < 0)
		return 0;
	while (r == 0 && total < LOG_MAX) {
		ssize_t length = read(fd, record, KMSG_RECORD);

		if (length < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		log->readable = length >= 0 || errno == EAGAIN || log->readable;
		if (length <= 0)
			break;
		record[length] = '\0';
		total += (size_t)length;
		r = keep_record(record, log);
	}
	return r;
}
