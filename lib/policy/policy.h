/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_POLICY_H
#define KMEMD_POLICY_H
/*
 * Policy: files of rules and the decision for a device. policy/load-policy.c reads the directories,
 * policy/parse-policy.c a file, policy/keys.c knows the keys, policy/decide.c is a pure function
 * over all that and a device.
 */
#include "inventory/inventory.h"
#include "policy/pattern.h"

enum mode {
	MODE_IGNORE,
	MODE_SYSTEM_RAM,
	MODE_DEVDAX,
	MODE_COUNT,
};

enum memmap_wish {
	MEMMAP_AUTO, /* on the device where that is possible */
	MEMMAP_YES,
	MEMMAP_NO,
	MEMMAP_COUNT,
};

enum on_failure {
	ON_FAILURE_ROLLBACK,
	ON_FAILURE_KEEP,
	ON_FAILURE_COUNT,
};

enum policy_key {
	KEY_MATCH_KIND,
	KEY_MATCH_SERIAL,
	KEY_MATCH_UUID,
	KEY_MATCH_SIZE,
	KEY_MATCH_NODE,
	KEY_MATCH_PCI_PATH,
	KEY_MATCH_VENDOR,
	KEY_MATCH_MODEL,
	KEY_MATCH_HOST,
	KEY_MATCH_KERNEL_VERSION,
	KEY_MATCH_COUNT,
	KEY_CREATE = KEY_MATCH_COUNT,
	KEY_INTERLEAVE,
	KEY_GRANULARITY,
	KEY_WAIT,
	KEY_MODE,
	KEY_ZONE,
	KEY_MEMMAP_ON_MEMORY,
	KEY_ONLINE,
	KEY_DRAIN_TIMEOUT,
	KEY_ON_FAILURE,
	KEY_COUNT,
};

/* What a file wants; what it does not say has the default. */
struct settings {
	bool create;
	unsigned int interleave;  /* ways; 0: as wide as possible */
	unsigned int granularity; /* bytes; 0: what fits */
	unsigned int wait_sec;	  /* for the other members of a set */
	enum mode mode;
	enum zone zone;
	enum memmap_wish memmap;
	bool online;
	unsigned int drain_timeout_sec;
	enum on_failure on_failure;
};

/* A file with its drop-ins. */
struct policy_file {
	char *path;
	ARRAY(char *) drop_ins;
	pattern_list match[KEY_MATCH_COUNT];
	struct settings settings;

	/* Of every key: where it was said last, 0 for not at all, and in which text (see source).
	 */
	unsigned int line[KEY_COUNT];
	size_t source[KEY_COUNT]; /* 0: path, else one more than the index of a drop-in */
	char *value[KEY_COUNT];	  /* as it is written, lists in one line; NULL: not said */

	/*
	 * A file with a mistake keeps its place, and so its devices: it may be about every device
	 * that what is readable of [Match] does not exclude.
	 */
	bool broken;
	unsigned int uncertain; /* bit 1 << key: what this key of [Match] says is not known */
	char *mistake_path;
	unsigned int mistake_line; /* 0: the whole file */
};

struct policy_problem {
	char *path;
	unsigned int line; /* 0: the whole file */
	char *message;
};

struct kmemd_policy {
	ARRAY(struct policy_file) files; /* in the order in which they are tried */
	ARRAY(struct policy_problem) problems;
	ARRAY(struct policy_problem) warnings; /* only from kmemd_policy_check() */
};

/* What policy says of one device. */
struct decision {
	const struct policy_file *file; /* NULL: no file matches */
	struct settings settings;	/* mode is MODE_IGNORE when refused or without a file */
	char refusal[256];		/* why the file's mode was not taken, or "" */
};

/* The file or drop-in that says a key. */
const char *policy_key_path(const struct policy_file *file, enum policy_key key);

struct kmemd_policy *kmemd_policy_free(struct kmemd_policy *policy);

#endif
