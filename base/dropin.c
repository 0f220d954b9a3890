/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/dropin.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return name[0] != '.' && length > end && !strcmp(name + length - end, suffix);
}

/* The same directory under two names (/lib is a link to /usr/lib) is read once. */
struct seen {
	dev_t device;
	ino_t inode;
};

typedef ARRAY(struct seen) seen_list;

static int is_seen(seen_list *seen, int fd)
{
	struct seen *slot;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	array_foreach(one, seen)
		if (one->device == status.st_dev && one->inode == status.st_ino)
			return 1;
	slot = array_add(seen);
	if (!slot)
		return -ENOMEM;
	*slot = (struct seen){status.st_dev, status.st_ino};
	return 0;
}

static int add_file(const char *directory, const char *name, dropin_list *list)
{
	struct dropin *file = array_add(list);
	struct stat status;

	if (!file)
		return -ENOMEM;
	file->name = strdup(name);
	file->path = format_text("%s/%s", directory, name);
	if (!file->name || !file->path)
		return -ENOMEM;
	file->masks = stat(file->path, &status) == 0 &&
		      (S_ISCHR(status.st_mode) || (S_ISREG(status.st_mode) && !status.st_size));
	return 0;
}

static int read_directory(const char *path, const char *suffix, seen_list *seen, dropin_list *list)
{
	_cleanup_dir_ DIR *directory = opendir(path);
	struct dirent *entry;
	int r;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	r = is_seen(seen, dirfd(directory));
	if (r != 0)
		return r < 0 ? r : 0;
	while ((entry = readdir(directory)))
		if (has_suffix(entry->d_name, suffix) && add_file(path, entry->d_name, list) < 0)
			return -ENOMEM;
	return 0;
}

/* An insertion sort keeps the order of precedence within a name; it finds few files in disorder. */
static void sort_by_name(dropin_list *list)
{
	for (size_t i = 1; i < list->count; i++)
		for (size_t j = i; j && strcmp(list->items[j - 1].name, list->items[j].name) > 0;
		     j--) {
			struct dropin swap = list->items[j];

			list->items[j] = list->items[j - 1];
			list->items[j - 1] = swap;
		}
}

int dropin_list_read(const char *root, const char *directories, const char *suffix,
		     dropin_list *ret, char **failed)
{
	_cleanup_free_ char *words = strdup(directories);
	seen_list seen = {0};
	char *save = NULL;
	int r = 0;

	if (!words)
		return -ENOMEM;
	for (char *word = strtok_r(words, ":", &save); word && r == 0;
	     word = strtok_r(NULL, ":", &save)) {
		_cleanup_free_ char *path = format_text("%s%s", root, word);

		r = path ? read_directory(path, suffix, &seen, ret) : -ENOMEM;
		if (r < 0 && r != -ENOMEM)
			*failed = take_pointer(path);
	}
	free(seen.items);
	sort_by_name(ret);
	for (size_t i = 1; i < ret->count; i++) {
		const struct dropin *before = &ret->items[i - 1];

		if (!strcmp(before->name, ret->items[i].name))
			ret->items[i].replaced_by = before->replaced_by ? before->replaced_by
									: before->path;
	}
	return r;
}

void dropin_list_release(dropin_list *list)
{
	array_foreach(file, list) {
		free(file->name);
		free(file->path);
	}
	free(list->items);
	*list = (dropin_list){0};
}
