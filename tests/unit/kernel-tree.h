/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_KERNEL_TREE_H
#define KMEMD_TEST_KERNEL_TREE_H
/* The whole tree as text, to compare before with after: a part of fake-kernel.h, which includes it.
 */

static char *tree_text;
static size_t tree_used;
#define TREE_MAX (256 * 1024)

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_to_tree(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, compare_names);

	for (int i = 0; i < count; i++) {
		char child[512], target[128] = "";
		struct stat status;

		snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && lstat(child, &status) == 0) {
			const char *text = "";

			if (S_ISLNK(status.st_mode)) {
				ssize_t length = readlink(child, target, sizeof(target) - 1);

				target[length < 0 ? 0 : length] = '\0';
				text = target;
			} else if (S_ISREG(status.st_mode)) {
				text = text_of(child);
			}
			tree_used += (size_t)snprintf(tree_text + tree_used, TREE_MAX - tree_used,
						      "%s: %s\n", child + strlen(kernel), text);
			if (S_ISDIR(status.st_mode))
				add_to_tree(child);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* To be freed. What a decoder's mode was while it has no capacity means nothing. */
static inline char *kernel_tree(void)
{
	if (number_of(cxl("decoder2.0", "dpa_size")) == 0)
		write_text(cxl("decoder2.0", "mode"), "none\n");
	if (has_second() && number_of(cxl("decoder3.0", "dpa_size")) == 0)
		write_text(cxl("decoder3.0", "mode"), "none\n");
	tree_text = calloc(1, TREE_MAX);
	tree_used = 0;
	assert_non_null(tree_text);
	add_to_tree(kernel);
	return tree_text;
}

#endif
