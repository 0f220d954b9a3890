/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FIXTURE_H
#define KMEMD_TEST_FIXTURE_H
/* What the unit tests share: a temporary folder with files, inventories and policies from text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "context.h"
#include "inventory/inventory.h"
#include "inventory/load-inventory.h"
#include "inventory/snapshot.h"
#include "policy/decide.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

DEFINE_CLEANUP(struct kmemd_inventory *, kmemd_inventory_free);
DEFINE_CLEANUP(struct kmemd_policy *, kmemd_policy_free);
DEFINE_CLEANUP(struct kmemd *, kmemd_free);

#define MIB   (UINT64_C(1) << 20)
#define GIB   (UINT64_C(1) << 30)
#define BLOCK (128 * MIB)

/* The text contains the part; shows both when it does not. */
static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s'\nis not in\n'%s'", part, text);
}

/* --- a temporary folder
 * ------------------------------------------------------------------------------------------ */

/* Folders only, and never through a link: one of them may lead to /dev/null. */
static inline int folder_open_one(const char *path, const struct stat *status, int type,
				  struct FTW *ftw)
{
	(void)status, (void)ftw;
	return type == FTW_DNR ? chmod(path, 0700) : 0;
}

static inline int folder_remove_one(const char *path, const struct stat *status, int type,
				    struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static inline void folder_remove(const char *path)
{
	nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (access(path, F_OK) < 0)
		return;
	nftw(path, folder_open_one, 16, FTW_PHYS);
	nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* cmocka setup and teardown: *state is the path of an empty folder. */
static inline int folder_setup(void **state)
{
	const char *base = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/kmemd-unit-XXXXXX", base ? base : "/tmp") < 0)
		return -1;
	*state = path;
	return mkdtemp(path) ? 0 : -1;
}

static inline int folder_teardown(void **state)
{
	folder_remove(*state);
	free(*state);
	return 0;
}

/*
 * The same for a process that has no standard input: the first file that it opens has the
 * descriptor 0, which is one like others.
 */
static int kept_input = -1;

static inline int folder_setup_without_input(void **state)
{
	int r = folder_setup(state);

	kept_input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(STDIN_FILENO);
	return r;
}

static inline int folder_teardown_without_input(void **state)
{
	/* What was opened is closed again. */
	bool closed = fcntl(STDIN_FILENO, F_GETFD) < 0;

	if (kept_input >= 0) {
		dup2(kept_input, STDIN_FILENO);
		close(kept_input);
	}
	return folder_teardown(state) < 0 || !closed ? -1 : 0;
}

#define with_folder_without_input(test)                                                            \
	cmocka_unit_test_setup_teardown(test, folder_setup_without_input,                          \
					folder_teardown_without_input)

/* A path below a folder, from a format; a few of them are valid at the same time. */
__attribute__((format(printf, 2, 3))) static inline const char *at(const char *folder,
								   const char *format, ...)
{
	static char paths[8][512];
	static unsigned int next;
	char *path = paths[next++ % 8], name[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static inline void make_folders(const char *path)
{
	char part[512];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0755);
		*slash = '/';
	}
	if (mkdir(part, 0755) < 0)
		assert_int_equal(errno, EEXIST);
}

static inline void write_bytes(const char *path, const void *bytes, size_t length)
{
	char parent[512];
	FILE *file = fopen(path, "we");

	if (!file && errno == ENOENT) {
		snprintf(parent, sizeof(parent), "%s", path);
		*strrchr(parent, '/') = '\0';
		make_folders(parent);
		file = fopen(path, "we");
	}
	if (!file)
		fail_msg("cannot write %s: %s", path, strerror(errno));
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* The text of a file without its last newline; "(none)" when there is no file. */
static inline const char *text_of(const char *path)
{
	static char texts[4][4096];
	static unsigned int next;
	char *text = texts[next++ % 4];
	size_t length;
	FILE *file = fopen(path, "re");

	if (!file)
		return "(none)";
	length = fread(text, 1, sizeof(texts[0]) - 1, file);
	fclose(file);
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return text;
}

/* --- policies and inventories
 * ------------------------------------------------------------------------------------ */

static inline void policy_add(struct kmemd_policy *policy, const char *name, const char *text)
{
	assert_int_equal(policy_parse(policy, name, text, strlen(text)), 0);
}

/* A policy of one file, which has to be valid. */
static inline struct kmemd_policy *policy_of(const char *text)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));

	assert_non_null(policy);
	policy_add(policy, "test.conf", text);
	if (policy->problems.count)
		fail_msg("line %u: %s", policy->problems.items[0].line,
			 policy->problems.items[0].message);
	return policy;
}

/* The text may use ' where JSON has ": it is easier to read in C. */
static inline struct kmemd_inventory *inventory_of(const char *text)
{
	_cleanup_free_ char *json_text = strdup(text);
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};
	struct json_object *json;

	assert_non_null(json_text);
	for (char *c = json_text; *c; c++)
		if (*c == '\'')
			*c = '"';
	json = json_tokener_parse(json_text);
	if (!json)
		fail_msg("the test's inventory is no JSON: %s", json_text);
	if (kmemd_inventory_from_json(json, &inventory, &error) < 0)
		fail_msg("%s", error.message);
	json_object_put(json);
	return inventory;
}

/* Where recorded inventories are; tests/unit/run starts programs in the project's folder. */
#define INVENTORIES "tests/unit/inventories"

static inline struct kmemd_inventory *inventory_recorded(const char *name)
{
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};
	struct json_object *json = NULL;
	char path[256];

	snprintf(path, sizeof(path), INVENTORIES "/%s", name);
	if (json_read_file(path, &json) < 0)
		fail_msg("cannot read %s", path);
	if (kmemd_inventory_from_json(json, &inventory, &error) < 0)
		fail_msg("%s: %s", path, error.message);
	json_object_put(json);
	return inventory;
}

#endif
