/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy directories: which files are in force, in systemd's order of precedence. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "context.h"
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define POLICY_FILE_MAX (64 * 1024)

struct candidate {
	char *name, *path;
};

typedef ARRAY(struct candidate) candidate_list;

static bool is_policy_name(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(".conf") &&
	       !strcmp(name + length - strlen(".conf"), ".conf");
}

static bool is_listed(const candidate_list *list, const char *name)
{
	array_foreach(candidate, list)
		if (!strcmp(candidate->name, name))
			return true;
	return false;
}

/* A directory that is not there is normal; one that cannot be read may hide a rule, and is not. */
static int list_directory(const char *path, candidate_list *list, struct kmemd_error *error)
{
	_cleanup_dir_ DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT ? 0
				       : error_errno(error, errno,
						     "cannot read the policy directory %s: %s",
						     path, strerror(errno));
	while ((entry = readdir(directory))) {
		struct candidate *candidate;

		if (!is_policy_name(entry->d_name) || is_listed(list, entry->d_name))
			continue;
		candidate = array_add(list);
		if (!candidate)
			return error_memory(error);
		candidate->name = strdup(entry->d_name);
		candidate->path = format_text("%s/%s", path, entry->d_name);
		if (!candidate->name || !candidate->path)
			return error_memory(error);
	}
	return 0;
}

static int compare_candidates(const void *a, const void *b)
{
	return strcmp(((const struct candidate *)a)->name, ((const struct candidate *)b)->name);
}

static int load_file(struct kmemd_policy *policy, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = malloc(POLICY_FILE_MAX);
	struct stat status;
	ssize_t length;

	if (!text)
		return -ENOMEM;
	if (fd < 0 || fstat(fd, &status) < 0)
		return policy_add_problem(policy, path, 0, "cannot open it: %s", strerror(errno));
	if (S_ISCHR(status.st_mode)) /* a link to /dev/null masks a file of lower precedence */
		return 0;
	length = read(fd, text, POLICY_FILE_MAX);
	if (length < 0)
		return policy_add_problem(policy, path, 0, "cannot read it: %s", strerror(errno));
	if (length == POLICY_FILE_MAX)
		return policy_add_problem(policy, path, 0, "larger than %d bytes", POLICY_FILE_MAX);
	if (length == 0)
		return 0;
	return policy_parse(policy, path, text, (size_t)length);
}

static int list_all(const struct kmemd *kmemd, candidate_list *list, struct kmemd_error *error)
{
	_cleanup_free_ char *directories = strdup(kmemd->policy_dirs);
	char *save = NULL;

	if (!directories)
		return error_memory(error);
	for (char *path = strtok_r(directories, ":", &save); path;
	     path = strtok_r(NULL, ":", &save)) {
		int r = list_directory(path, list, error);

		if (r < 0)
			return r;
	}
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_candidates);
	return 0;
}

int kmemd_policy_check(struct kmemd *kmemd, char *const *files, struct kmemd_policy **ret,
		       struct kmemd_error *error)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	candidate_list list = {0};
	int r = 0;

	if (!policy)
		return error_memory(error);
	if (!files)
		r = list_all(kmemd, &list, error);
	for (; r == 0 && files && *files; files++)
		if (load_file(policy, *files) < 0)
			r = error_memory(error);
	array_foreach(candidate, &list) {
		if (r == 0 && load_file(policy, candidate->path) < 0)
			r = error_memory(error);
		free(candidate->name);
		free(candidate->path);
	}
	free(list.items);
	if (r < 0) {
		kmemd_policy_free(policy);
		return r;
	}
	*ret = policy;
	return 0;
}

int kmemd_policy_load(struct kmemd *kmemd, struct kmemd_policy **ret, struct kmemd_error *error)
{
	struct kmemd_policy *policy;
	int r = kmemd_policy_check(kmemd, NULL, &policy, error);

	if (r < 0)
		return r;
	if (!policy->files.count && policy->problems.count) {
		const struct policy_problem *first = policy->problems.items;

		r = error_set(error, KMEMD_FAILED, EINVAL,
			      "no policy file is valid; the first mistake: %s:%u: %s", first->path,
			      first->line, first->message);
		kmemd_policy_free(policy);
		return r;
	}
	*ret = policy;
	return 0;
}
