/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_KEYS_H
#define KMEMD_KEYS_H
#include "policy/policy.h"

extern const char *const mode_names[MODE_COUNT];
extern const char *const memmap_wish_names[MEMMAP_COUNT];
extern const char *const on_failure_names[ON_FAILURE_COUNT];

extern const struct settings default_settings;

/* Names and texts of a key: "Memory", "Mode", "system-ram, devdax or ignore". */
struct policy_key_info {
	const char *section, *name, *allowed;
	/*
	 * One of them: of a setting, which is said once a text, or of a list in [Match]. 0, -EINVAL
	 * for what is not allowed, -ENOMEM.
	 */
	int (*parse)(struct policy_file *file, const char *value);
	int (*parse_word)(struct pattern *pattern, const char *word);
};

extern const struct policy_key_info policy_keys[KEY_COUNT];

/* What a file would say for Interleave=, Granularity= or WaitSec=. */
void policy_number_text(const struct settings *settings, enum policy_key key, char *buffer,
			size_t size);

#endif
