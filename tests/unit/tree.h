/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_TREE_H
#define KMEMD_TEST_TREE_H
/*
 * A sysfs of files: recorded by tests/unit/record-tree, or made device by device. tree_setup() and
 * folder_teardown() go around a test; *state is its folder.
 */
#include "fixture.h"

#include <inttypes.h>

#define TREES "tests/unit/trees"

/* --- recorded --- */

static inline void tree_line(const char *folder, char *line)
{
	char *text = strchr(line, '\t'), *to;
	const char *path;

	assert_non_null(text);
	*text++ = '\0';
	path = at(folder, "%s", line);
	if (!strncmp(text, "-> ", 3)) {
		char parent[512];

		snprintf(parent, sizeof(parent), "%s", path);
		*strrchr(parent, '/') = '\0';
		make_folders(parent);
		assert_int_equal(symlink(text + 3, path), 0);
		return;
	}
	to = text;
	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] == 'n') {
			*to = '\n';
			from += 2;
		} else {
			*to = *from++;
		}
	}
	write_bytes(path, text, (size_t)(to - text));
}

/* Expands tests/unit/trees/NAME.tree into the folder. */
static inline void tree_load(const char *folder, const char *name)
{
	char path[256], line[8192];
	FILE *file;

	snprintf(path, sizeof(path), TREES "/%s.tree", name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("cannot open %s", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#')
			tree_line(folder, line);
	}
	fclose(file);
}

/* --- made --- */

static inline void tree_put(const char *folder, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static inline void tree_put(const char *folder, const char *path, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	write_text(at(folder, "%s", path), text);
}

static inline void tree_block_size(const char *folder)
{
	tree_put(folder, "devices/system/memory/block_size_bytes", "%" PRIx64 "\n", BLOCK);
}

static inline void tree_block(const char *folder, uint64_t index, const char *zones)
{
	char path[128];

	snprintf(path, sizeof(path), "devices/system/memory/memory%" PRIu64 "/state", index);
	tree_put(folder, path, "%s\n", strchr(zones, ' ') ? "offline" : "online");
	snprintf(path, sizeof(path), "devices/system/memory/memory%" PRIu64 "/valid_zones", index);
	tree_put(folder, path, "%s\n", zones);
}

/* The folder of hmem.N's dax device, as a name below the tree's. */
static inline const char *tree_dax_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "devices/platform/hmem.%d/%s", atoi(name + strlen("dax")),
		 name);
	return path;
}

static inline void tree_dax_put(const char *folder, const char *name, const char *attribute,
				const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", tree_dax_folder(name), attribute);
	tree_put(folder, path, "%s\n", text);
}

static inline void tree_dax_number(const char *folder, const char *name, const char *attribute,
				   uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	tree_dax_put(folder, name, attribute, text);
}

static inline void tree_mapping(const char *folder, const char *name, unsigned int number,
				uint64_t start, uint64_t size, uint64_t page_offset)
{
	const uint64_t values[] = {start, start + size - 1, page_offset};
	static const char *const attributes[] = {"start", "end", "page_offset"};

	for (unsigned int i = 0; i < 3; i++) {
		char path[64], text[32];

		snprintf(path, sizeof(path), "mapping%u/%s", number, attributes[i]);
		snprintf(text, sizeof(text), "0x%" PRIx64, values[i]);
		tree_dax_put(folder, name, path, text);
	}
}

/* A dax device of a Soft Reserved range: dax3.0 of hmem.3. driver may be "". */
static inline void tree_dax(const char *folder, const char *name, const char *driver,
			    uint64_t start, uint64_t size)
{
	char target[256];

	tree_block_size(folder);
	tree_dax_number(folder, name, "size", size);
	tree_dax_number(folder, name, "align", 2 * MIB);
	tree_dax_number(folder, name, "target_node", 0);
	if (size)
		tree_mapping(folder, name, 0, start, size, 0);
	if (driver[0]) {
		snprintf(target, sizeof(target), "../../../../bus/dax/drivers/%s", driver);
		assert_int_equal(symlink(target, at(folder, "%s/driver", tree_dax_folder(name))),
				 0);
	}
	make_folders(at(folder, "bus/dax/devices"));
	snprintf(target, sizeof(target), "../../../%s", tree_dax_folder(name));
	assert_int_equal(symlink(target, at(folder, "bus/dax/devices/%s", name)), 0);
}

#endif
