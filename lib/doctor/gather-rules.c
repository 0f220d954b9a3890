/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* udev rules and daxctl's configuration: who else puts memory online. */
#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"
#include "doctor/facts.h"
#include "inventory/read-dax.h"
#include "policy/import-daxctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>

/* systemd 252 and later; older ones have /lib/udev in place of /usr/lib/udev, often a link. */
#define RULES_DIRECTORIES                                                                          \
	"/etc/udev/rules.d:/run/udev/rules.d:/usr/local/lib/udev/rules.d:/usr/lib/udev/rules.d:"   \
	"/lib/udev/rules.d"
#define RULES_FILE_MAX (1024 * 1024)

/* What udev calls the machine's architecture, for the usual ones. */
static const char *udev_arch(const char *machine)
{
	if (!strcmp(machine, "x86_64"))
		return "x86-64";
	if (!strcmp(machine, "aarch64"))
		return "arm64";
	if (!strcmp(machine, "ppc64le"))
		return "ppc64-le";
	return machine;
}

static void read_dmi(const struct kmemd *kmemd, const char *name, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/class/dmi/id/%s", kmemd->sysfs, name);

	if (!path || attribute_read(AT_FDCWD, path, buffer, size) < 0)
		buffer[0] = '\0';
}

#define add_rule(list, path, found)                                                                \
	({                                                                                         \
		struct rule_fact *slot_ = array_add(list);                                         \
		if (slot_) {                                                                       \
			slot_->hit = (found);                                                      \
			slot_->file = strdup(path);                                                \
		}                                                                                  \
		slot_ && slot_->file ? 0 : -ENOMEM;                                                \
	})

static int read_rules(const struct dropin *file, const struct udev_event *memory,
		      const struct udev_event *dax, struct facts *facts)
{
	_cleanup_free_ char *text = NULL;
	struct udev_hit hit;
	size_t length;
	int r = file_read(file->path, RULES_FILE_MAX, &text, &length);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (udev_finds_onlining(text, memory, &hit))
		r = add_rule(&facts->onlining, file->path, hit);
	if (r == 0 && udev_finds_daxctl(text, dax, &hit))
		r = add_rule(&facts->daxctl_rules, file->path, hit);
	return r;
}

/* The problems move from the configuration to the facts. */
static int read_daxctl(const struct kmemd *kmemd, struct facts *facts)
{
	struct daxctl_config config = {0};
	int r = daxctl_config_read(kmemd, NULL, &config);

	array_foreach(section, &config.sections) {
		char **uuid = r < 0 ? NULL : array_add(&facts->daxctl_uuids);

		if (uuid)
			*uuid = strdup(section->uuid);
		if (!uuid || !*uuid)
			r = -ENOMEM;
	}
	facts->daxctl_problems.items = config.problems.items;
	facts->daxctl_problems.count = config.problems.count;
	config.problems.items = NULL;
	config.problems.count = 0;
	daxctl_config_release(&config);
	return r;
}

int facts_gather_rules(const struct kmemd *kmemd, struct facts *facts)
{
	char vendor[128], product[128];
	_cleanup_free_ char *failed = NULL;
	struct udev_event memory = {
		.subsystem = "memory",
		.kernel = "memory32",
		.devpath = "/devices/system/memory/memory32",
		.sys_vendor = vendor,
		.product_name = product,
	};
	struct udev_event dax = {.subsystem = "dax", .kernel = "dax0.0", .devpath = "/devices"};
	dropin_list list = {0};
	struct utsname names;
	int r;

	uname(&names);
	memory.arch = dax.arch = udev_arch(names.machine);
	read_dmi(kmemd, "sys_vendor", vendor, sizeof(vendor));
	read_dmi(kmemd, "product_name", product, sizeof(product));
	r = dropin_list_read(kmemd->root, RULES_DIRECTORIES, ".rules", &list, &failed);
	if (r != -ENOMEM)
		r = 0;
	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file))
			r = read_rules(file, &memory, &dax, facts);
	dropin_list_release(&list);
	return r < 0 ? r : read_daxctl(kmemd, facts);
}
