/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE_LENGTH 4 /* \xHH */

/* The smallest character that needs so many bytes: a longer form of it is not UTF-8 (RFC 3629). */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static unsigned int sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The bytes of the character at the beginning, 0 when it is not UTF-8. */
static unsigned int decode(const char *text, uint32_t *ret)
{
	unsigned int length = sequence_length((unsigned char)text[0]);
	uint32_t value;

	if (length <= 1) {
		*ret = (unsigned char)text[0];
		return length;
	}
	value = (unsigned char)text[0] & (0xffu >> (length + 1));
	for (unsigned int i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80) /* also the end of the text */
			return 0;
		value = value << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret = value;
	return length;
}

/* C0, DEL and C1 (ECMA-48), line and paragraph separators, and what turns the direction around. */
static bool is_control(uint32_t value)
{
	return value < 0x20 || (value >= 0x7f && value <= 0x9f) || value == 0x200e ||
	       value == 0x200f || (value >= 0x2028 && value <= 0x202e) ||
	       (value >= 0x2066 && value <= 0x2069);
}

/* The bytes that are to be taken from the text together, and whether they may stay. */
static unsigned int next(const char *text, bool *ret_stays)
{
	uint32_t value = 0;
	unsigned int length = decode(text, &value);

	*ret_stays = length && !is_control(value);
	return length ? length : 1;
}

static size_t escape(const char *bytes, unsigned int count, char *to)
{
	for (unsigned int i = 0; i < count; i++)
		sprintf(to + (size_t)i * ESCAPE_LENGTH, "\\x%02x", (unsigned char)bytes[i]);
	return (size_t)count * ESCAPE_LENGTH;
}

void printable_copy(const char *text, char *buffer, size_t size)
{
	size_t used = 0;

	while (*text) {
		char part[4 * ESCAPE_LENGTH + 1];
		bool stays;
		unsigned int count = next(text, &stays);
		size_t length = count;

		if (stays)
			memcpy(part, text, count);
		else
			length = escape(text, count, part);
		if (used + length >= size)
			break;
		memcpy(buffer + used, part, length);
		used += length;
		text += count;
	}
	buffer[used] = '\0';
}

char *printable(const char *text)
{
	size_t size = strlen(text) * ESCAPE_LENGTH + 1;
	char *copy = malloc(size);

	if (copy)
		printable_copy(text, copy, size);
	return copy;
}

bool is_printable(const char *text)
{
	bool stays = true;

	while (*text && stays)
		text += next(text, &stays);
	return stays;
}
