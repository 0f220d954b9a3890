/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/parking.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "job/run-path.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define PREFIX "waiting-"
#define SUFFIX ".json"

static char *parked_path(const struct kmemd *kmemd, const char *identity)
{
	return path_of_identity(kmemd, PREFIX, identity);
}

int parking_enter(const struct kmemd *kmemd, const struct journal *journal)
{
	_cleanup_free_ char *from = journal_path(kmemd), *to = parked_path(kmemd, journal->device);
	_cleanup_close_ int fd = -1;
	int parked;

	if (!from || !to)
		return -ENOMEM;
	fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || rename(from, to) < 0)
		return -errno;
	parked = fd;
	fd = -1;
	return parked;
}

int parking_leave(const struct kmemd *kmemd, const struct journal *journal, int fd)
{
	_cleanup_free_ char *from = parked_path(kmemd, journal->device), *to = journal_path(kmemd);
	int r = from && to ? 0 : -ENOMEM;

	if (r == 0 && rename(from, to) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* --- those of others ----------------------------------------------------------------------------
 */

static bool is_parked(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return !strncmp(name, PREFIX, strlen(PREFIX)) && length > suffix &&
	       !strcmp(name + length - suffix, SUFFIX);
}

/* The process that waits holds it alone; those that look share it. */
static bool is_orphan(int directory, const char *name)
{
	_cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
}

/* The next parked journal that is an orphan, or is none; NULL at the end. */
static const char *next_parked(DIR *directory, bool orphan)
{
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (is_parked(entry->d_name) &&
		    is_orphan(dirfd(directory), entry->d_name) == orphan)
			return entry->d_name;
	return NULL;
}

static bool names_as_busy(const struct journal *journal, const struct device *device)
{
	for (size_t i = 0; i < json_object_array_length(journal->busy); i++) {
		const char *name = json_object_get_string(
			json_object_array_get_idx(journal->busy, i));

		if (!name)
			continue;
		if (!strcmp(name, device->identity))
			return true;
		array_foreach(dax, &device->dax)
			if (!strcmp(name, (*dax)->name))
				return true;
	}
	return false;
}

/* Without a device: the first one. */
static int find(const struct kmemd *kmemd, const struct device *device, struct journal *ret)
{
	_cleanup_dir_ DIR *directory = opendir(kmemd->run);
	const char *name;

	while ((name = next_parked(directory, false))) {
		_cleanup_free_ char *path = format_text("%s/%s", kmemd->run, name);
		int r = path ? journal_read_file(path, ret) : -ENOMEM;

		if (r == 0 && (!device || names_as_busy(ret, device)))
			return 0;
		if (r == 0)
			journal_release(ret);
		else if (r != -ENOENT) /* it goes on by now */
			return r;
	}
	return -ENOENT;
}

int parking_find(const struct kmemd *kmemd, const struct device *device, struct journal *ret)
{
	return find(kmemd, device, ret);
}

int parking_read(const struct kmemd *kmemd, struct journal *ret)
{
	return find(kmemd, NULL, ret);
}

void parking_put_aside(const struct kmemd *kmemd)
{
	_cleanup_free_ char *from = journal_path(kmemd), *to = parked_path(kmemd, "unread");

	if (from && to)
		rename(from, to);
}

bool parking_has_orphan(const char *run)
{
	_cleanup_dir_ DIR *directory = opendir(run);

	return next_parked(directory, true);
}

bool parking_adopt_orphan(const struct kmemd *kmemd)
{
	_cleanup_dir_ DIR *directory = opendir(kmemd->run);
	_cleanup_free_ char *to = journal_path(kmemd), *from = NULL;
	const char *name = next_parked(directory, true);

	if (name)
		from = format_text("%s/%s", kmemd->run, name);
	return from && to && rename(from, to) == 0;
}
