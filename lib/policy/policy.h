/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_POLICY_H
#define KMEMD_POLICY_H
/*
 * Policy: files of rules and the decision for a device. policy/load.c reads the directories,
 * policy/keys.c knows the keys, policy/decide.c is a pure function over both and a device.
 */
#include "inventory/inventory.h"

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
	KEY_CREATE,
	KEY_MODE,
	KEY_ZONE,
	KEY_MEMMAP_ON_MEMORY,
	KEY_DRAIN_TIMEOUT,
	KEY_ON_FAILURE,
	KEY_COUNT,
};

enum comparison {
	COMPARE_EQUAL,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_GREATER,
	COMPARE_GREATER_EQUAL,
};

/* Every key that is set must fit; a list fits when one of its members does. */
struct match {
	unsigned int kinds; /* bit 1 << enum kind */
	ARRAY(uint64_t) serials;
	ARRAY(uint64_t) nodes;
	ARRAY(char *) uuids;
	ARRAY(char *) pci_paths; /* globs */
	enum comparison size_comparison;
	uint64_t size;
};

/* What a file wants; what it does not say has the default. */
struct settings {
	bool create;
	enum mode mode;
	enum zone zone;
	enum memmap_wish memmap;
	unsigned int drain_timeout_sec;
	enum on_failure on_failure;
};

struct policy_file {
	char *path;
	struct match match;
	struct settings settings;
	unsigned int line[KEY_COUNT]; /* where the key stands, 0: not said */
};

struct policy_problem {
	char *path;
	unsigned int line; /* 0: the whole file */
	char *message;
};

struct kmemd_policy {
	ARRAY(struct policy_file) files; /* in the order in which they are tried */
	ARRAY(struct policy_problem) problems;
};

/* What policy says of one device. */
struct decision {
	const struct policy_file *file; /* NULL: no file matches */
	struct settings settings;	/* mode is MODE_IGNORE when refused or without a file */
	char refusal[256];		/* why the file's mode was not taken, or "" */
};

struct kmemd_policy *kmemd_policy_free(struct kmemd_policy *policy);

#endif
