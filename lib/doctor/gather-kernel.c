/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-kernel.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>

/* sysfs attributes, "" where there is none. */
static void read_text(int directory, const char *path, char *buffer, size_t size)
{
	if (attribute_read(directory, path, buffer, size) < 0)
		buffer[0] = '\0';
}

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

void facts_gather_kernel(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_close_ int sysfs = open(kmemd->sysfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct utsname names;
	char text[32];

	uname(&names);
	snprintf(facts->kernel, sizeof(facts->kernel), "%s", names.release);
	facts->lock.secure_boot = facts->has_hotremove = TRISTATE_UNKNOWN;
	if (sysfs < 0)
		return;
	facts->has_hotplug = faccessat(sysfs, "devices/system/memory/block_size_bytes", F_OK, 0) ==
			     0;
	facts->has_hotremove = find_hotremove(sysfs);
#define read_parameter(name, target)                                                               \
	read_text(sysfs, "module/memory_hotplug/parameters/" name, target, sizeof(target))
	read_parameter("auto_movable_ratio", facts->auto_movable_ratio);
	read_parameter("memmap_on_memory", facts->memmap_parameter);
	read_text(sysfs, "module/module/parameters/sig_enforce", text, sizeof(text));
	facts->lock.only_signed = text[0] == 'Y';
	read_lockdown(sysfs, &facts->lock);
	facts->lock.secure_boot = read_secure_boot(sysfs);
}
