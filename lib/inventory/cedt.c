/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory/cedt.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"

#define CEDT_MAX    (1024 * 1024)
#define ACPI_HEADER 36 /* of every ACPI table */

/* A structure of the table: its type, and its length with this header (CXL 3.1, 9.18.1.1). */
#define STRUCTURE_HEADER  4
#define TYPE_WINDOW	  1 /* CXL Fixed Memory Window Structure, 9.18.1.3 */
#define WINDOW_BASE	  8 /* 8 bytes */
#define WINDOW_ARITHMETIC 25
#define WINDOW_LENGTH	  36 /* without its targets */

static uint64_t little_endian(const unsigned char *bytes, unsigned int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | bytes[count];
	return value;
}

enum interleave_arithmetic cedt_arithmetic(const void *table, size_t length, uint64_t start)
{
	const unsigned char *bytes = table;

	for (size_t at = ACPI_HEADER; at + STRUCTURE_HEADER <= length;) {
		const unsigned char *structure = bytes + at;
		size_t size = little_endian(structure + 2, 2);

		if (size < STRUCTURE_HEADER || size > length - at)
			break;
		at += size;
		if (structure[0] != TYPE_WINDOW || size < WINDOW_LENGTH ||
		    little_endian(structure + WINDOW_BASE, 8) != start)
			continue;
		if (structure[WINDOW_ARITHMETIC] > 1)
			break;
		return structure[WINDOW_ARITHMETIC] ? ARITHMETIC_XOR : ARITHMETIC_MODULO;
	}
	return ARITHMETIC_UNKNOWN;
}

int read_arithmetic(const struct kmemd *kmemd, struct kmemd_inventory *inventory)
{
	_cleanup_free_ char *path = format_text("%s/firmware/acpi/tables/CEDT", kmemd->sysfs);
	_cleanup_free_ char *table = NULL;
	size_t length = 0;
	int r = path ? file_read(path, CEDT_MAX, &table, &length) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	array_foreach(decoder, &inventory->root_decoders)
		decoder->arithmetic = cedt_arithmetic(table, length, decoder->start);
	return 0;
}
