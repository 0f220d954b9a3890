/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-dimms.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * drivers/acpi/nfit/core.c, flags_show(): words with a blank behind each. "smart_notify" only says
 * that the DIMM would send an event.
 */
static void keep_failures(char *words, char *buffer, size_t size)
{
	char *rest = words, *word;

	while ((word = strsep(&rest, " "))) {
		size_t used = strlen(buffer);

		if (word[0] && strcmp(word, "smart_notify"))
			snprintf(buffer + used, size - used, "%s%s", used ? " " : "", word);
	}
}

static int read_dimm(int directory, const char *name, struct facts *facts)
{
	char path[300], words[256];
	struct dimm_fact dimm = {0}, *slot;

	snprintf(path, sizeof(path), "%s/nfit/flags", name);
	if (strncmp(name, "nmem", strlen("nmem")) ||
	    attribute_read(directory, path, words, sizeof(words)) < 0)
		return 0;
	keep_failures(words, dimm.flags, sizeof(dimm.flags));
	if (!dimm.flags[0])
		return 0;
	slot = array_add(&facts->dimms);
	if (!slot)
		return -ENOMEM;
	copy_name(dimm.name, name);
	*slot = dimm;
	return 0;
}

int facts_gather_dimms(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/bus/nd/devices", kmemd->sysfs);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;
	int r = path ? 0 : -ENOMEM;

	while (r == 0 && directory && (entry = readdir(directory)))
		r = read_dimm(dirfd(directory), entry->d_name, facts);
	return r;
}
