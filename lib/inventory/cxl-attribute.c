/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/cxl-attribute.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

#include <fcntl.h>
#include <limits.h>

bool bus_text(const struct kmemd *kmemd, const char *bus, const char *device, const char *attribute,
	      char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/bus/%s/devices/%s/%s", kmemd->sysfs, bus,
						device, attribute);

	buffer[0] = '\0';
	if (path && attribute_read(AT_FDCWD, path, buffer, size) == 0)
		return true;
	buffer[0] = '\0';
	return false;
}

int cxl_number(const struct kmemd *kmemd, const char *device, const char *attribute)
{
	uint64_t value;
	char text[32];

	if (!cxl_text(kmemd, device, attribute, text) || parse_u64(text, &value) < 0 ||
	    value > INT_MAX)
		return -1;
	return (int)value;
}

bool cxl_flag(const struct kmemd *kmemd, const char *device, const char *attribute)
{
	char text[16];

	return cxl_text(kmemd, device, attribute, text) && !strcmp(text, "1");
}

bool cxl_has(const struct kmemd *kmemd, const char *device, const char *attribute)
{
	_cleanup_free_ char *path = format_text("%s/bus/cxl/devices/%s/%s", kmemd->sysfs, device,
						attribute);

	return path && access(path, F_OK) == 0;
}
