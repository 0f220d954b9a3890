// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of udev rules, read for what they do when memory appears. */
#include "doctor/udev-rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_for(const char *text, const struct udev_event *event, enum udev_effect effect)
{
	udev_hit_list hits = {0};

	if (udev_find_all(text, event, effect, &hits) < 0)
		abort();
	array_foreach(hit, &hits)
		if (hit->line > hit->last_line)
			abort();
	free(hits.items);
}

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

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (unsigned int effect = 0; effect < UDEV_EFFECT_COUNT; effect++) {
		look_for(text, &memory, (enum udev_effect)effect);
		look_for(text, &dax, (enum udev_effect)effect);
	}
	free(text);
	return 0;
}
