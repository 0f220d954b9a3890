// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of the run directory: the journal of a job that was killed, and a device's record. */
#include "base/error.h"
#include "context.h"
#include "job/journal.h"
#include "job/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/kmemd-fuzz-XXXXXX"; /* in memory: millions of files are written */
static char journal_file[64], devices_folder[64], record_file[64];

static void remove_folder(void)
{
	unlink(journal_file);
	unlink(record_file);
	rmdir(devices_folder);
	rmdir(folder);
}

static struct kmemd *context(void)
{
	static struct kmemd *once;

	if (once)
		return once;
	if (!mkdtemp(folder) || kmemd_new(&once, &(struct kmemd_paths){.run = folder}) < 0)
		abort();
	snprintf(journal_file, sizeof(journal_file), "%s/journal.json", folder);
	snprintf(devices_folder, sizeof(devices_folder), "%s/devices", folder);
	snprintf(record_file, sizeof(record_file), "%s/x.json", devices_folder);
	if (mkdir(devices_folder, 0700) < 0)
		abort();
	atexit(remove_folder);
	return once;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void check_record(const struct record *record, void *userdata)
{
	(void)userdata;
	if ((unsigned int)record->state >= RECORD_STATE_COUNT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kmemd *kmemd = context();
	struct journal journal;

	write_file(journal_file, data, size);
	write_file(record_file, data, size);
	if (journal_read(kmemd, &journal) == 0)
		journal_release(&journal);
	records_each(kmemd, check_record, NULL);
	return 0;
}
