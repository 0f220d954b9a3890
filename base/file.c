/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * A read may give less than there is. The kernel ends what it says with a newline, so that one read
 * is enough to know that this is all; without it, only the end of the file says so.
 */
int attribute_read_open(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	while (length < size && (!length || buffer[length - 1] != '\n')) {
		ssize_t got = pread(fd, buffer + length, size - length, (off_t)length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	if (length == size)
		return -EMSGSIZE;
	while (length > 0 && buffer[length - 1] == '\n')
		length--;
	buffer[length] = '\0';
	return 0;
}

int attribute_read(int dir, const char *path, char *buffer, size_t size)
{
	_cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : attribute_read_open(fd, buffer, size);
}

int attribute_read_u64(int dir, const char *path, uint64_t *ret)
{
	char text[32];
	int r = attribute_read(dir, path, text, sizeof(text));

	return r < 0 ? r : parse_u64(text, ret);
}

int attribute_write_open(int dir, const char *path, const char *value, int *ret_fd)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(value);
	ssize_t written;

	*ret_fd = fd;
	if (fd < 0)
		return -errno;
	written = write(fd, value, length);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}

int attribute_write(int dir, const char *path, const char *value)
{
	_cleanup_close_ int fd = -1;

	return attribute_write_open(dir, path, value, &fd);
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_length)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	size_t used = 0, size = 4096;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t length;
		char *grown;

		if (used + 1 >= size || !text) {
			size = text ? size * 2 : size;
			grown = realloc(text, size);
			if (!grown)
				return -ENOMEM;
			text = grown;
		}
		length = read(fd, text + used, size - used - 1);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		if (length == 0)
			break;
		used += (size_t)length;
		if (used > max)
			return -EFBIG;
	}
	text[used] = '\0';
	*ret_length = used;
	*ret = take_pointer(text);
	return 0;
}

int file_replace(const char *path, const char *text, unsigned int mode)
{
	_cleanup_free_ char *temporary = format_text("%s.new", path);
	_cleanup_close_ int fd = -1;
	size_t length = strlen(text);

	if (!temporary)
		return -ENOMEM;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	fchmod(fd, mode); /* whatever the umask says */
	for (size_t done = 0; done < length;) {
		ssize_t written = write(fd, text + done, length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			int r = -errno;

			unlink(temporary);
			return r;
		}
		done += (size_t)written;
	}
	if (rename(temporary, path) < 0) {
		int r = -errno;

		unlink(temporary);
		return r;
	}
	return 0;
}

int link_name(int dir, const char *path, char *buffer, size_t size)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, path, target, sizeof(target) - 1);
	const char *name;

	if (length < 0 && errno != ENOENT)
		return -errno;
	target[length < 0 ? 0 : length] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= size)
		return -EMSGSIZE;
	strcpy(buffer, name);
	return 0;
}

char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}
