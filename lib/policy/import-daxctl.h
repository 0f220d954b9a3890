/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_IMPORT_DAXCTL_H
#define KMEMD_IMPORT_DAXCTL_H
/*
 * daxctl's configuration (daxctl-reconfigure-device(1), PERSISTENT RECONFIGURATION):
 *
 *   [reconfigure-device NAME]
 *   nvdimm.uuid = UUID of the namespace
 *   mode = system-ram | devdax
 *   online = true | false		(default: true)
 *   movable = true | false		(default: true)
 *
 * daxctl itself passes over what it does not understand; here every mistake is reported.
 */
#include "base/array.h"
#include "context.h"
#include "policy/policy.h"

#define DAXCTL_CONFIG_DIRECTORY "/etc/daxctl.conf.d"

struct daxctl_section {
	char *file;
	unsigned int line; /* of its [ ] */
	char name[64];
	char uuid[37]; /* in small letters */
	enum mode mode;
	bool online, movable;
	bool has_mode, has_online, has_movable;
};

struct daxctl_config {
	ARRAY(char *) files;		       /* that were read, in order of their names */
	ARRAY(struct daxctl_section) sections; /* the valid ones */
	ARRAY(struct policy_problem) problems;
};

/*
 * Reads files (NULL-terminated), or those of the directory below the context's root when NULL. A
 * section with a mistake is not among the sections; a file that cannot be read is a problem. 0 or
 * -ENOMEM; *ret is to be released in any case.
 */
int daxctl_config_read(const struct kmemd *kmemd, char *const *files, struct daxctl_config *ret);
/* One file's text. Pure. */
int daxctl_config_parse(struct daxctl_config *config, const char *file, const char *text,
			size_t length);
void daxctl_config_release(struct daxctl_config *config);

/* The section about a namespace, or NULL. */
const struct daxctl_section *daxctl_config_find(const struct daxctl_config *config,
						const char *uuid);

/* The name of the policy file that says the same as a section, and its text (to be freed). */
void daxctl_section_policy_name(const struct daxctl_section *section, char *buffer, size_t size);
char *daxctl_section_policy_text(const struct daxctl_section *section);

#endif
