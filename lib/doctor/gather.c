/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"
#include "doctor/facts.h"
#include "job/journal.h"
#include "job/records.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define PROC_FILE_MAX                                                                              \
	(32 * 1024 * 1024) /* zoneinfo has a paragraph for every CPU in every zone                 \
			    */
#define LOG_MAX	    (16 * 1024 * 1024)
#define KMSG_RECORD 8192 /* the kernel's limit for a record, and its dictionary */

/* sysfs attributes, "" where there is none. */
static void read_text(int directory, const char *path, char *buffer, size_t size)
{
	if (attribute_read(directory, path, buffer, size) < 0)
		buffer[0] = '\0';
}

/* --- the kernel ---------------------------------------------------------------------------------
 */

/* valid_zones is there only with CONFIG_MEMORY_HOTREMOVE (drivers/base/memory.c). */
static enum tristate find_hotremove(int sysfs)
{
	int fd = openat(sysfs, "devices/system/memory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char path[300];
		unsigned int number;

		if (sscanf(entry->d_name, "memory%u", &number) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/valid_zones", entry->d_name);
		return faccessat(dirfd(directory), path, F_OK, 0) == 0 ? TRISTATE_YES : TRISTATE_NO;
	}
	return TRISTATE_UNKNOWN;
}

/* "none [integrity] confidentiality": the word in brackets. */
static void read_lockdown(int sysfs, struct lock_facts *lock)
{
	char text[64], *begin, *end;

	read_text(sysfs, "kernel/security/lockdown", text, sizeof(text));
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (end)
		snprintf(lock->lockdown, sizeof(lock->lockdown), "%.*s", (int)(end - begin - 1),
			 begin + 1);
}

/* Four bytes of attributes, then the value (UEFI 2.10, 3.3). */
static enum tristate read_secure_boot(int sysfs)
{
	static const char path[] = "firmware/efi/efivars/"
				   "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	_cleanup_close_ int fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
	unsigned char value[5];

	if (fd < 0 || read(fd, value, sizeof(value)) != sizeof(value))
		return TRISTATE_UNKNOWN;
	return value[4] ? TRISTATE_YES : TRISTATE_NO;
}

static void read_kernel(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_close_ int sysfs = open(kmemd->sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[32];

	facts->lock.secure_boot = facts->has_hotremove = TRISTATE_UNKNOWN;
	if (sysfs < 0)
		return;
	facts->has_hotplug = faccessat(sysfs, "devices/system/memory/block_size_bytes", F_OK, 0) ==
			     0;
	facts->has_hotremove = find_hotremove(sysfs);
	read_text(sysfs, "devices/system/memory/auto_online_blocks", facts->auto_online,
		  sizeof(facts->auto_online));
#define read_parameter(name, target)                                                               \
	read_text(sysfs, "module/memory_hotplug/parameters/" name, target, sizeof(target))
	read_parameter("online_policy", facts->online_policy);
	read_parameter("auto_movable_ratio", facts->auto_movable_ratio);
	read_parameter("memmap_on_memory", facts->memmap_parameter);
	read_text(sysfs, "module/module/parameters/sig_enforce", text, sizeof(text));
	facts->lock.only_signed = text[0] == 'Y';
	read_lockdown(sysfs, &facts->lock);
	facts->lock.secure_boot = read_secure_boot(sysfs);
}

/* --- /proc --------------------------------------------------------------------------------------
 */

static int read_proc(const struct kmemd *kmemd, const char *name, char **ret)
{
	_cleanup_free_ char *path = format_text("%s/%s", kmemd->procfs, name);
	size_t length;
	int r;

	if (!path)
		return -ENOMEM;
	r = file_read(path, PROC_FILE_MAX, ret, &length);
	return r == -ENOMEM ? r : 0;
}

/* The first CPU's flags speak for all, and stand in the first few KiB. */
static void read_cpu(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/cpuinfo", kmemd->procfs);
	_cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[16384], *flags, *save = NULL;
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length < 0)
		return;
	text[length] = '\0';
	flags = strstr(text, "\nflags");
	if (!flags)
		return;
	flags[1 + strcspn(flags + 1, "\n")] = '\0';
	for (char *word = strtok_r(flags, " \t:\n", &save); word;
	     word = strtok_r(NULL, " \t:", &save))
		facts->hypervisor = facts->hypervisor || !strcmp(word, "hypervisor");
}

/* "Node 0, zone   Normal" and, some lines later, "        managed  123456" (pages). */
static int read_zones(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *text = NULL;
	int r = read_proc(kmemd, "zoneinfo", &text);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages;
	char *rest = text, *line, zone[32] = "";
	int node;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (sscanf(line, "Node %d, zone %31s", &node, zone) == 2)
			continue;
		if (sscanf(line, " managed %" SCNu64, &pages) != 1)
			continue;
		if (!strcmp(zone, "Movable"))
			facts->movable_zone += pages * page;
		else if (strcmp(zone, "Device"))
			facts->kernel_zone += pages * page;
	}
	return r;
}

/* Addresses are zero for others than root; such a range is not kept. */
static int read_resources(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *text = NULL;
	int r = read_proc(kmemd, "iomem", &text);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		struct resource *resource, parsed = {0};
		uint64_t start, end;

		if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %63[^\n]", &start, &end,
			   parsed.name) != 3 ||
		    !end)
			continue;
		if (strncmp(parsed.name, "dax", 3) && strcmp(parsed.name, "System RAM (kmem)"))
			continue;
		resource = array_add(&facts->resources);
		if (!resource)
			return -ENOMEM;
		*resource = parsed;
		resource->range = (struct range){start, end - start + 1};
	}
	return r;
}

/* --- the kernel log -----------------------------------------------------------------------------
 */

static void keep_sentence(const char *line, struct log_facts *log)
{
	static const char *const rejections[] = {
		"kmem: version magic",
		"kmem: disagrees about version",
		"kmem: Unknown symbol",
		"kmem: module layout",
		"Loading of unsigned module is rejected",
		"unsigned module loading is restricted",
		"Loading of module with unavailable key is rejected",
	};
	char *target = NULL;

	if (strstr(line, "Failed to synchronize CPU cache state"))
		target = log->cache_sync;
	else if (strstr(line, "cannot be hotremoved until the next reboot"))
		target = log->leaked;
	for (size_t i = 0; i < array_size(rejections) && !target; i++)
		if (strstr(line, rejections[i]))
			target = log->rejected;
	if (target)
		snprintf(target, sizeof(log->rejected), "%s", line);
}

/*
 * Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): "6,1234,5678,-;message\n KEY=value\n".
 * EPIPE: it was overwritten before it was read; EAGAIN: that was the last one.
 */
static void read_log(const struct kmemd *kmemd, struct log_facts *log)
{
	_cleanup_free_ char *path = format_text("%s/dev/kmsg", kmemd->root);
	_cleanup_close_ int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	char record[KMSG_RECORD + 1];
	size_t total = 0;

	if (fd < 0)
		return;
	while (total < LOG_MAX) {
		ssize_t length = read(fd, record, KMSG_RECORD);
		char *rest = record, *line;

		if (length < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (length < 0 && errno != EAGAIN)
			return;
		log->readable = true;
		if (length <= 0)
			return;
		record[length] = '\0';
		total += (size_t)length;
		while ((line = strsep(&rest, "\n"))) {
			char *message = strchr(line, ';');

			keep_sentence(message ? message + 1 : line, log);
		}
	}
}

/* --- the service and what it left ---------------------------------------------------------------
 */

static bool exists(const char *root, const char *path)
{
	_cleanup_free_ char *full = format_text("%s%s", root, path);

	return full && access(full, F_OK) == 0;
}

static bool is_masked(const char *root, const char *path)
{
	_cleanup_free_ char *full = format_text("%s%s", root, path);
	struct stat status;

	return full && stat(full, &status) == 0 && S_ISCHR(status.st_mode);
}

/* systemd gives every running service a control group of its own. */
static void read_service(const struct kmemd *kmemd, struct service_facts *service)
{
	static const char *const places[] = {
		"/etc/systemd/system/kmemd.service",
		"/run/systemd/system/kmemd.service",
		"/usr/local/lib/systemd/system/kmemd.service",
		"/usr/lib/systemd/system/kmemd.service",
		"/lib/systemd/system/kmemd.service",
	};
	_cleanup_free_ char *group = format_text(
		"%s/fs/cgroup/system.slice/kmemd.service/cgroup.procs", kmemd->sysfs);
	char text[32];

	for (size_t i = 0; i < array_size(places); i++) {
		service->installed = service->installed || exists(kmemd->root, places[i]);
		service->masked = service->masked || is_masked(kmemd->root, places[i]);
	}
	/* A link to the unit's place may lead out of the root: its being there is what counts. */
	for (unsigned int i = 0; i < 2; i++) {
		_cleanup_free_ char *link = format_text(
			"%s/%s/systemd/system/multi-user.target.wants/kmemd.service", kmemd->root,
			i ? "run" : "etc");
		struct stat status;

		service->enabled = service->enabled || (link && lstat(link, &status) == 0);
	}
	service->running = group && attribute_read(AT_FDCWD, group, text, sizeof(text)) == 0 &&
			   text[0];
}

static void keep_record(const struct record *record, void *userdata)
{
	struct facts *facts = userdata;
	struct record *slot = array_add(&facts->records);

	if (slot)
		*slot = *record;
}

static void read_state(const struct kmemd *kmemd, struct facts *facts)
{
	records_each(kmemd, keep_record, facts);
	facts->has_journal = journal_read(kmemd, &facts->journal) == 0;
	if (facts->has_journal)
		facts->journal_running = kill(facts->journal.pid, 0) == 0 || errno == EPERM;
}

int facts_gather(const struct kmemd *kmemd, struct facts *facts)
{
	struct utsname names;
	int r;

	facts->is_root = geteuid() == 0;
	uname(&names);
	snprintf(facts->kernel, sizeof(facts->kernel), "%s", names.release);
	read_kernel(kmemd, facts);
	read_log(kmemd, &facts->log);
	read_service(kmemd, &facts->service);
	read_state(kmemd, facts);
	read_cpu(kmemd, facts);
	r = read_zones(kmemd, facts);
	if (r == 0)
		r = read_resources(kmemd, facts);
	if (r == 0)
		r = facts_gather_modules(kmemd, facts);
	return r < 0 ? r : facts_gather_rules(kmemd, facts);
}

void facts_release(struct facts *facts)
{
	if (facts->has_journal)
		journal_release(&facts->journal);
	array_foreach(kmem, &facts->module.installed)
		free(kmem->path);
	array_foreach(rule, &facts->onlining)
		free(rule->file);
	array_foreach(rule, &facts->daxctl_rules)
		free(rule->file);
	array_foreach(problem, &facts->daxctl_problems) {
		free(problem->path);
		free(problem->message);
	}
	array_foreach(uuid, &facts->daxctl_uuids)
		free(*uuid);
	free(facts->daxctl_uuids.items);
	free(facts->module.installed.items);
	free(facts->onlining.items);
	free(facts->daxctl_rules.items);
	free(facts->daxctl_problems.items);
	free(facts->resources.items);
	free(facts->records.items);
}
