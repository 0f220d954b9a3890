/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/lock-waiters.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* "1: -> FLOCK  ADVISORY  WRITE 712 00:19:1304 0 EOF": the arrow is there while it waits
 * (fs/locks.c, lock_get_status()); device and inode are those of the file.
 */
static bool parse_waiter(const char *line, const struct stat *lock, int *ret_pid)
{
	unsigned int major_number, minor_number;
	unsigned long inode;

	if (sscanf(line, "%*u: -> FLOCK %*s %*s %d %x:%x:%lu", ret_pid, &major_number,
		   &minor_number, &inode) != 4)
		return false;
	return inode == lock->st_ino && major_number == major(lock->st_dev) &&
	       minor_number == minor(lock->st_dev);
}

static void put_waiter(const struct kmemd *kmemd, struct json_object *array, int pid)
{
	_cleanup_free_ char *path = format_text("%s/%d/comm", kmemd->procfs, pid);
	struct json_object *json = json_append_object(array);
	char program[64] = "";

	if (path && attribute_read(AT_FDCWD, path, program, sizeof(program)) < 0)
		program[0] = '\0';
	json_put_int(json, "pid", pid);
	json_put_text(json, "program", program);
}

void lock_waiters(const struct kmemd *kmemd, struct json_object *array)
{
	_cleanup_free_ char *path = format_text("%s/lock", kmemd->run);
	_cleanup_free_ char *list = format_text("%s/locks", kmemd->procfs);
	_cleanup_file_ FILE *file = list ? fopen(list, "re") : NULL;
	_cleanup_free_ char *line = NULL;
	struct stat lock;
	size_t size = 0;
	int pid;

	if (!path || !file || stat(path, &lock) < 0)
		return;
	while (getline(&line, &size, file) > 0)
		if (parse_waiter(line, &lock, &pid))
			put_waiter(kmemd, array, pid);
}
