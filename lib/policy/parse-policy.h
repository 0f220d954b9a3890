/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PARSE_POLICY_H
#define KMEMD_PARSE_POLICY_H
#include "policy/policy.h"

/*
 * Parses one file's text. Mistakes become problems of the policy, and a file with any is not added
 * to its files. name is what messages call the file. 0 or -ENOMEM.
 */
int policy_parse(struct kmemd_policy *policy, const char *name, const char *text, size_t length);

/* Fills a new problem, NULL if there was no memory for it; path is copied. 0 or -ENOMEM. */
int policy_problem_set(struct policy_problem *problem, const char *path, unsigned int line,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
#define policy_add_problem(policy, path, line, ...)                                                \
	policy_problem_set(array_add(&(policy)->problems), path, line, __VA_ARGS__)

#endif
