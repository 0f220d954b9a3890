/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which memdev is in a PCI slot that the kernel can power off. */
#include "inventory/read-slots.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FUNCTIONS 8 /* of a PCI device */

/* Whether a memdev is a function of the PCI device that has this address, 0000:0d:00. */
static bool is_function_of(const struct memdev *memdev, const char *address)
{
	size_t length = strlen(address);

	return length && !strncmp(memdev->host, address, length) && memdev->host[length] == '.';
}

static bool has_other_function(const struct kmemd *kmemd, const struct memdev *memdev,
			       const char *address)
{
	for (int function = 0; function < FUNCTIONS; function++) {
		_cleanup_free_ char *path = format_text("%s/bus/pci/devices/%s.%d", kmemd->sysfs,
							address, function);
		int own = memdev->host[strlen(address) + 1] - '0';

		if (function != own && path && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static void read_slot(const struct kmemd *kmemd, int slots, const char *name,
		      struct kmemd_inventory *inventory)
{
	char path[300], address[32];

	snprintf(path, sizeof(path), "%s/address", name);
	if (strlen(name) >= DEVICE_NAME_MAX ||
	    attribute_read(slots, path, address, sizeof(address)) < 0)
		return;
	snprintf(path, sizeof(path), "%s/power", name);
	array_foreach(memdev, &inventory->memdevs) {
		if (!is_function_of(memdev, address) || faccessat(slots, path, F_OK, 0) < 0)
			continue;
		copy_name(memdev->slot, name);
		memdev->slot_shared = has_other_function(kmemd, memdev, address);
	}
}

int read_slots(const struct kmemd *kmemd, struct kmemd_inventory *inventory)
{
	_cleanup_free_ char *path = format_text("%s/" PCI_SLOTS, kmemd->sysfs);
	_cleanup_dir_ DIR *slots = NULL;
	struct dirent *entry;

	if (!path)
		return -ENOMEM;
	if (!inventory->memdevs.count)
		return 0;
	slots = opendir(path);
	while (slots && (entry = readdir(slots)))
		if (entry->d_name[0] != '.')
			read_slot(kmemd, dirfd(slots), entry->d_name, inventory);
	return 0;
}
