/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy directories: which files are in force, in systemd's order of precedence. */
#include "policy/load-policy.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/error.h"
#include "context.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define POLICY_FILE_MAX (64 * 1024)

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

/* A directory that is not there is normal; one that cannot be read may hide a rule, and is not. */
static int list_all(const struct kmemd *kmemd, dropin_list *list, struct kmemd_error *error)
{
	_cleanup_free_ char *failed = NULL;
	int r = dropin_list_read("", kmemd->policy_dirs, ".conf", list, &failed);

	if (r == -ENOMEM)
		return error_memory(error);
	return r < 0 ? error_errno(error, -r, "cannot read the policy directory %s: %s", failed,
				   strerror(-r))
		     : 0;
}

int kmemd_policy_check(struct kmemd *kmemd, char *const *files, struct kmemd_policy **ret,
		       struct kmemd_error *error)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	dropin_list list = {0};
	int r = 0;

	if (!policy)
		return error_memory(error);
	if (!files)
		r = list_all(kmemd, &list, error);
	for (; r == 0 && files && *files; files++)
		if (load_file(policy, *files) < 0)
			r = error_memory(error);
	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file) && load_file(policy, file->path) < 0)
			r = error_memory(error);
	dropin_list_release(&list);
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
