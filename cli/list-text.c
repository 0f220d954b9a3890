/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/list-text.h"

#include "base/array.h"

#include <stdio.h>
#include <string.h>

void list_blocks_text(const struct json_object *dax, char *buffer, size_t size)
{
	static const char *const states[] = {"movable", "kernel", "mixed", "offline", "absent"};
	struct json_object *blocks = NULL;
	size_t used = 0;

	buffer[0] = '\0';
	if (strcmp(json_text(dax, "driver"), "kmem"))
		return;
	json_object_object_get_ex(dax, "blocks", &blocks);
	for (size_t i = 0; i < array_size(states) && used < size; i++) {
		uint64_t count = json_get_u64(blocks, states[i]);

		if (count)
			used += (size_t)snprintf(buffer + used, size - used, "%s%lu %s",
						 used ? ", " : "", (unsigned long)count, states[i]);
	}
}

const char *list_memmap_text(const struct json_object *dax)
{
	struct json_object *memmap = NULL;
	const char *in_force;

	if (strcmp(json_text(dax, "driver"), "kmem"))
		return "";
	json_object_object_get_ex(dax, "memmap", &memmap);
	in_force = json_text(memmap, "in_force");
	if (strcmp(in_force, "unknown"))
		return in_force;
	if (!strcmp(json_text(memmap, "asked"), "device"))
		return "asked: device";
	if (!strcmp(json_text(memmap, "asked"), "dram"))
		return "asked: dram";
	return "no switch";
}
