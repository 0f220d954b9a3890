/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-bans.h"

#include "base/cleanup.h"
#include "base/dropin.h"

#include <stdio.h>

/* As libkmod looks for them; a file in one replaces those of its name in the later ones. */
#define MODPROBE_DIRECTORIES                                                                       \
	"/etc/modprobe.d:/run/modprobe.d:/usr/local/lib/modprobe.d:/usr/lib/modprobe.d:"           \
	"/lib/modprobe.d"
#define MODPROBE_FILE_MAX (1024 * 1024)

/*
 * "blacklist kmem" keeps udev and us from loading it, "install kmem /bin/true" everybody, and
 * "alias dax:* off" hides it from udev.
 */
static bool is_ban(const char *line)
{
	char command[16], module[64], third[64];
	int count = sscanf(line, "%15s %63s %63s", command, module, third);

	if (count == 2)
		return !strcmp(command, "blacklist") && !strcmp(module, "kmem");
	if (count != 3)
		return false;
	return (!strcmp(command, "install") && !strcmp(module, "kmem")) ||
	       (!strcmp(command, "alias") && !strncmp(module, "dax:", strlen("dax:")) &&
		!strcmp(third, "off"));
}

static int add_ban(udev_hit_list *bans, unsigned int number, const char *line)
{
	struct udev_hit *ban = array_add(bans);

	if (!ban)
		return -ENOMEM;
	ban->line = ban->last_line = number;
	snprintf(ban->value, sizeof(ban->value), "%s", line + strspn(line, " \t"));
	return 0;
}

static int read_bans(const char *file, rule_fact_list *ret)
{
	_cleanup_free_ char *text = NULL;
	udev_hit_list bans = {0};
	char *rest, *line;
	size_t length;
	int r = file_read(file, MODPROBE_FILE_MAX, &text, &length);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text;
	for (unsigned int number = 1; r == 0 && (line = strsep(&rest, "\n")); number++)
		if (is_ban(line))
			r = add_ban(&bans, number, line);
	if (r == 0)
		r = rule_facts_add(ret, file, &bans);
	free(bans.items);
	return r;
}

int facts_gather_bans(const struct kmemd *kmemd, struct module_facts *module)
{
	_cleanup_free_ char *failed = NULL;
	dropin_list list = {0};
	int r = dropin_list_read(kmemd->root, MODPROBE_DIRECTORIES, ".conf", &list, &failed);

	if (r != -ENOMEM)
		r = 0;
	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file))
			r = read_bans(file->path, &module->bans);
	dropin_list_release(&list);
	return r;
}
