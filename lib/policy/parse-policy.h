/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PARSE_POLICY_H
#define KMEMD_PARSE_POLICY_H
#include "policy/policy.h"

/*
 * A file is begun, gets its own text and those of its drop-ins, and is ended, which adds it to the
 * policy (or releases it). Mistakes become problems of the policy, and make the file a broken one.
 * All return 0 or -ENOMEM; a file that is not ended is to be released.
 */
struct policy_draft {
	struct kmemd_policy *policy;
	struct policy_file file;
	size_t problems_before;
	bool says_something;
};

int policy_begin(struct policy_draft *draft, struct kmemd_policy *policy, const char *path);
/* A text whose keys add to lists and replace settings; path is NULL for the file's own. */
int policy_read_text(struct policy_draft *draft, const char *drop_in, const char *text,
		     size_t length);
/* What was to be read and is not: what it says, also of [Match], is not known. */
int policy_not_read(struct policy_draft *draft, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int policy_end(struct policy_draft *draft);
void policy_release_draft(struct policy_draft *draft);

/* All of it, for a file without drop-ins. name is what messages call the file. 0 or -ENOMEM. */
int policy_parse(struct kmemd_policy *policy, const char *name, const char *text, size_t length);

/* Fills a new problem, NULL if there was no memory for it; path is copied. 0 or -ENOMEM. */
int policy_problem_set(struct policy_problem *problem, const char *path, unsigned int line,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
#define policy_add_problem(policy, path, line, ...)                                                \
	policy_problem_set(array_add(&(policy)->problems), path, line, __VA_ARGS__)
#define policy_add_warning(policy, path, line, ...)                                                \
	policy_problem_set(array_add(&(policy)->warnings), path, line, __VA_ARGS__)
void policy_problem_release(struct policy_problem *problem);

#endif
