/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy directories: which files are in force, in systemd's order of precedence. */
#include "policy/load-policy.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/error.h"
#include "base/file.h"
#include "context.h"
#include "policy/check-policy.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"

#include <errno.h>
#include <sys/stat.h>

#define POLICY_FILE_MAX (64 * 1024)

/* Why a file cannot be read, as a sentence; NULL when text and length are its content. */
static const char *read_text(const char *path, char **text, size_t *length)
{
	struct stat status;
	int r;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (S_ISDIR(status.st_mode))
		return strerror(EISDIR);
	if (!S_ISREG(status.st_mode)) /* reading a FIFO may wait forever, or find nothing */
		return "it is no regular file";
	r = file_read(path, POLICY_FILE_MAX, text, length);
	if (r == -EFBIG)
		return "it is larger than 64 KiB";
	return r < 0 ? strerror(-r) : NULL;
}

/* A file's own text (drop_in is NULL) or that of a drop-in. */
static int read_part(struct policy_draft *draft, const char *drop_in)
{
	const char *path = drop_in ? drop_in : draft->file.path, *why;
	_cleanup_free_ char *text = NULL;
	size_t length;

	why = read_text(path, &text, &length);
	if (why)
		return policy_not_read(draft, path, "cannot read it: %s", why);
	return policy_read_text(draft, drop_in, text, length);
}

/* The directories NAME.d of a file, of all policy directories; to be freed. */
static char *drop_in_directories(const char *directories, const char *name)
{
	_cleanup_free_ char *words = strdup(directories), *joined = strdup("");
	char *save = NULL;

	for (char *word = words ? strtok_r(words, ":", &save) : NULL; word && joined;
	     word = strtok_r(NULL, ":", &save)) {
		char *longer = format_text("%s%s%s/%s.d", joined, *joined ? ":" : "", word, name);

		free(joined);
		joined = longer;
	}
	return words ? take_pointer(joined) : NULL;
}

/* Drop-ins of a name are those of all directories, like files: see base/dropin.h. */
static int read_drop_ins(struct policy_draft *draft, const struct kmemd *kmemd, const char *name)
{
	_cleanup_free_ char *directories = drop_in_directories(kmemd->policy_dirs, name);
	_cleanup_free_ char *failed = NULL;
	dropin_list list = {0};
	int r;

	if (!directories)
		return -ENOMEM;
	r = dropin_list_read("", directories, ".conf", &list, &failed);
	if (r < 0 && failed)
		r = policy_not_read(draft, failed, "cannot read the directory: %s", strerror(-r));
	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file))
			r = read_part(draft, file->path);
	dropin_list_release(&list);
	return r;
}

/* name is that in the policy directories, or NULL for a file that is not in force. */
static int load_file(struct kmemd_policy *policy, const struct kmemd *kmemd, const char *path,
		     const char *name)
{
	struct policy_draft draft;
	int r = policy_begin(&draft, policy, path);

	if (r == 0)
		r = read_part(&draft, NULL);
	if (r == 0 && name)
		r = read_drop_ins(&draft, kmemd, name);
	if (r == 0)
		return policy_end(&draft);
	policy_release_draft(&draft);
	return r;
}

/* A directory that is not there is normal; one that cannot be read may hide a rule, and is not. */
static int list_all(const struct kmemd *kmemd, const char *suffix, dropin_list *list,
		    struct kmemd_error *error)
{
	_cleanup_free_ char *failed = NULL;
	int r = dropin_list_read("", kmemd->policy_dirs, suffix, list, &failed);

	if (r == -ENOMEM)
		return error_memory(error);
	return r < 0 ? error_errno(error, -r, "cannot read the policy directory %s: %s", failed,
				   strerror(-r))
		     : 0;
}

static int load_all(struct kmemd_policy *policy, const struct kmemd *kmemd,
		    struct kmemd_error *error)
{
	dropin_list list = {0};
	int r = list_all(kmemd, ".conf", &list, error);

	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file) &&
		    load_file(policy, kmemd, file->path, file->name) < 0)
			r = error_memory(error);
	dropin_list_release(&list);
	return r;
}

static int load_named(struct kmemd_policy *policy, const struct kmemd *kmemd, char *const *files,
		      struct kmemd_error *error)
{
	for (; *files; files++) {
		struct stat status;

		if (stat(*files, &status) == 0 && S_ISCHR(status.st_mode))
			continue; /* a link to /dev/null masks a file of lower precedence */
		if (load_file(policy, kmemd, *files, NULL) < 0)
			return error_memory(error);
	}
	return 0;
}

/* --- warnings -----------------------------------------------------------------------------------
 */

static bool has_name(const dropin_list *list, const char *name, size_t length)
{
	array_foreach(file, list)
		if (strlen(file->name) == length && !strncmp(file->name, name, length))
			return true;
	return false;
}

/* A directory of drop-ins whose file does not exist, most often a mistyped name. */
static int find_lost_drop_ins(struct kmemd_policy *policy, const struct kmemd *kmemd,
			      struct kmemd_error *error)
{
	dropin_list files = {0}, directories = {0};
	int r = list_all(kmemd, ".conf", &files, error);

	if (r == 0)
		r = list_all(kmemd, ".conf.d", &directories, error);
	array_foreach(directory, &directories)
		if (r == 0 &&
		    !has_name(&files, directory->name, strlen(directory->name) - strlen(".d")) &&
		    policy_add_warning(policy, directory->path, 0,
				       "it does nothing: there is no policy file of that name "
				       "without the .d") < 0)
			r = error_memory(error);
	dropin_list_release(&files);
	dropin_list_release(&directories);
	return r;
}

/* --- what is called from elsewhere --------------------------------------------------------------
 */

static int load(struct kmemd_policy *policy, const struct kmemd *kmemd, char *const *files,
		struct kmemd_error *error)
{
	return files ? load_named(policy, kmemd, files, error) : load_all(policy, kmemd, error);
}

int kmemd_policy_check(struct kmemd *kmemd, char *const *files, struct kmemd_policy **ret,
		       struct kmemd_error *error)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	int r = policy ? load(policy, kmemd, files, error) : error_memory(error);

	if (r == 0 && policy_find_useless(policy) < 0)
		r = error_memory(error);
	if (r == 0 && !files)
		r = find_lost_drop_ins(policy, kmemd, error);
	if (r < 0) {
		kmemd_policy_free(policy);
		return r;
	}
	*ret = policy;
	return 0;
}

bool policy_any_valid(const struct kmemd_policy *policy)
{
	array_foreach(file, &policy->files)
		if (!file->broken)
			return true;
	return false;
}

int kmemd_policy_load(struct kmemd *kmemd, struct kmemd_policy **ret, struct kmemd_error *error)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	int r = policy ? load_all(policy, kmemd, error) : error_memory(error);

	if (r == 0 && policy->problems.count && !policy_any_valid(policy)) {
		const struct policy_problem *first = policy->problems.items;

		r = error_set(error, KMEMD_FAILED, EINVAL,
			      "no policy file is valid; the first mistake: %s:%u: %s", first->path,
			      first->line, first->message);
	}
	if (r < 0) {
		kmemd_policy_free(policy);
		return r;
	}
	*ret = policy;
	return 0;
}
