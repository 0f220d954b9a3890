/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FILE_H
#define KMEMD_FILE_H
/* Small files of sysfs and of the run directory. All return 0 or a negative errno. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTRIBUTE_MAX 4096 /* sysfs hands out one page at most */

/*
 * Reads an attribute without its trailing newline. dir is a directory's fd or AT_FDCWD. -EMSGSIZE
 * when it does not fit the buffer.
 */
int attribute_read(int dir, const char *path, char *buffer, size_t size);
/* The same of an attribute that is open, from its beginning, for which sysfs asks the kernel anew.
 */
int attribute_read_open(int fd, char *buffer, size_t size);
int attribute_read_u64(int dir, const char *path, uint64_t *ret);
/*
 * Writes a value in one write(2), as sysfs wants it; the kernel's answer is returned as it is, a
 * short write is -EIO. The file is never created.
 */
int attribute_write(int dir, const char *path, const char *value);
/* The same, and leaves the file open: *ret_fd is to be closed, or -1. */
int attribute_write_open(int dir, const char *path, const char *value, int *ret_fd);

/* The whole text of a file, zero-terminated and to be freed; -EFBIG when it is longer than max. */
int file_read(const char *path, size_t max, char **ret, size_t *ret_length);
/*
 * Replaces a file by write-then-rename; readers see the old text or the new, never a part. mode is
 * that of a new file.
 */
int file_replace(const char *path, const char *text, unsigned int mode);
/* The last component of a symbolic link's target; "" when there is no link. */
int link_name(int dir, const char *path, char *buffer, size_t size);

/* asprintf() that returns NULL, and nothing undefined, when memory is short. */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
