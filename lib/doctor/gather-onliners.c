/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-onliners.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"
#include "doctor/gather-state.h"
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

static void read_setting(const struct kmemd *kmemd, const char *name, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/%s", kmemd->sysfs, name);

	if (!path || attribute_read(AT_FDCWD, path, buffer, size) < 0)
		buffer[0] = '\0';
}

/* The events that rules may act on, and where what acts on them is kept. */
struct effect {
	struct udev_event event;
	enum udev_effect effect;
	rule_fact_list *list;
};

#define EFFECTS 4

static int add_rules(const char *path, const char *text, const struct effect *effect)
{
	udev_hit_list hits = {0};
	int r = udev_find_all(text, &effect->event, effect->effect, &hits);

	if (r == 0)
		r = rule_facts_add(effect->list, path, &hits);
	free(hits.items);
	return r;
}

/* A file counts once an effect, by the first event that sets it off. */
static int read_rules(const char *path, const struct effect effects[EFFECTS])
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(path, RULES_FILE_MAX, &text, &length);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (unsigned int i = 0; i < EFFECTS && r == 0; i++) {
		rule_fact_list *list = effects[i].list;

		if (!list->count || strcmp(list->items[list->count - 1].file, path))
			r = add_rules(path, text, &effects[i]);
	}
	return r;
}

/* The problems move from the configuration to the facts. */
static int read_daxctl(const struct kmemd *kmemd, struct onliner_facts *onliners)
{
	struct daxctl_config config = {0};
	int r = daxctl_config_read(kmemd, NULL, &config);

	array_foreach(section, &config.sections) {
		char **uuid = r < 0 ? NULL : array_add(&onliners->daxctl_uuids);

		if (uuid)
			*uuid = strdup(section->uuid);
		if (!uuid || !*uuid)
			r = -ENOMEM;
	}
	onliners->daxctl_problems.items = config.problems.items;
	onliners->daxctl_problems.count = config.problems.count;
	config.problems.items = NULL;
	config.problems.count = 0;
	daxctl_config_release(&config);
	return r;
}

static int read_all_rules(const struct kmemd *kmemd, const struct effect effects[EFFECTS])
{
	_cleanup_free_ char *failed = NULL;
	dropin_list list = {0};
	int r = dropin_list_read(kmemd->root, RULES_DIRECTORIES, ".rules", &list, &failed);

	if (r != -ENOMEM)
		r = 0;
	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file))
			r = read_rules(file->path, effects);
	dropin_list_release(&list);
	return r;
}

static int find_rules(const struct kmemd *kmemd, struct onliner_facts *onliners)
{
	char vendor[128], product[128], crash_hotplug[16];
	struct udev_event memory = {
		.subsystem = "memory",
		.action = "add",
		.kernel = "memory32",
		.devpath = "/devices/system/memory/memory32",
		.sys_vendor = vendor,
		.product_name = product,
		.crash_hotplug = crash_hotplug,
	};
	struct udev_event dax = {
		.subsystem = "dax", .action = "add", .kernel = "dax0.0", .devpath = "/devices"};
	struct udev_event online = memory;
	struct utsname names;

	uname(&names);
	read_setting(kmemd, "class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	read_setting(kmemd, "class/dmi/id/product_name", product, sizeof(product));
	read_setting(kmemd, "devices/system/memory/crash_hotplug", crash_hotplug,
		     sizeof(crash_hotplug));
	memory.arch = dax.arch = online.arch = udev_arch(names.machine);
	online.action = "online";
	return read_all_rules(kmemd, (struct effect[EFFECTS]){
					     {memory, UDEV_ONLINES, &onliners->onlining},
					     {dax, UDEV_STARTS_DAXCTL, &onliners->daxctl_rules},
					     {memory, UDEV_RELOADS_KDUMP, &onliners->kdump_rules},
					     {online, UDEV_RELOADS_KDUMP, &onliners->kdump_rules},
				     });
}

int facts_gather_onliners(const struct kmemd *kmemd, struct onliner_facts *onliners)
{
	int r;

	read_setting(kmemd, "devices/system/memory/auto_online_blocks", onliners->auto_online,
		     sizeof(onliners->auto_online));
	read_setting(kmemd, "module/memory_hotplug/parameters/online_policy",
		     onliners->online_policy, sizeof(onliners->online_policy));
	onliners->nvidia_persistenced = service_runs(kmemd, "nvidia-persistenced");
	r = find_rules(kmemd, onliners);
	return r < 0 ? r : read_daxctl(kmemd, onliners);
}

void onliner_facts_release(struct onliner_facts *onliners)
{
	rule_facts_release(&onliners->onlining);
	rule_facts_release(&onliners->daxctl_rules);
	rule_facts_release(&onliners->kdump_rules);
	array_foreach(problem, &onliners->daxctl_problems) {
		free(problem->path);
		free(problem->message);
	}
	free(onliners->daxctl_problems.items);
	array_foreach(uuid, &onliners->daxctl_uuids)
		free(*uuid);
	free(onliners->daxctl_uuids.items);
}
