// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of udev rules, read for what they do when memory appears. */
#include "doctor/udev-rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct udev_event memory = {
		.subsystem = "memory",
		.kernel = "memory32",
		.devpath = "/devices/system/memory/memory32",
		.arch = "x86-64",
		.sys_vendor = "QEMU",
	};
	static const struct udev_event dax = {
		.subsystem = "dax",
		.kernel = "dax0.0",
		.devpath = "/devices/platform/hmem.0/dax0.0",
		.arch = "x86-64",
	};
	char *text = malloc(size + 1);
	struct udev_hit hit;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (udev_finds_onlining(text, &memory, &hit) && hit.line > hit.last_line)
		abort();
	if (udev_finds_daxctl(text, &dax, &hit) && hit.line > hit.last_line)
		abort();
	free(text);
	return 0;
}
