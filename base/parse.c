/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/parse.h"

#include "base/array.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* strtoull() accepts blanks and a minus sign; a size or a serial has neither. */
static int parse_digits(const char *text, uint64_t *ret, const char **rest)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;
	uint64_t value;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, hexadecimal ? 16 : 10);
	if (errno)
		return -errno;
	if (end == text || (hexadecimal && end < text + 3))
		return -EINVAL;
	*ret = value;
	*rest = end;
	return 0;
}

int parse_u64(const char *text, uint64_t *ret)
{
	const char *rest;
	uint64_t value;
	int r = parse_digits(text, &value, &rest);

	if (r < 0)
		return r;
	if (*rest)
		return -EINVAL;
	*ret = value;
	return 0;
}

int parse_size(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "KMGTP";
	const char *rest, *suffix;
	unsigned int shift;
	uint64_t value;
	int r = parse_digits(text, &value, &rest);

	if (r < 0)
		return r;
	if (!*rest) {
		*ret = value;
		return 0;
	}
	suffix = strchr(suffixes, *rest);
	if (!suffix || rest[1])
		return -EINVAL;
	shift = 10 * (unsigned int)(suffix - suffixes + 1);
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*ret = value << shift;
	return 0;
}

/* Seconds in the unit that the text begins with; 0 when it is none. *rest is what follows it. */
static uint64_t take_time_unit(const char *text, const char **rest)
{
	static const struct {
		const char *words;
		uint64_t seconds;
	} units[] = {
		{" s sec second seconds ", 1},
		{" m min minute minutes ", 60},
		{" h hr hour hours ", 3600},
		{" d day days ", 86400},
	};
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	char word[16];

	*rest = text + length;
	if (!length || length + 3 > sizeof(word))
		return 0;
	snprintf(word, sizeof(word), " %.*s ", (int)length, text);
	for (unsigned int i = 0; i < array_size(units); i++)
		if (strstr(units[i].words, word))
			return units[i].seconds;
	return 0;
}

int parse_seconds(const char *text, uint64_t *ret)
{
	const char *rest;
	uint64_t total = 0, value, unit;

	if (parse_u64(text, ret) == 0)
		return 0;
	if (!*text)
		return -EINVAL;
	while (*text) {
		int r = parse_digits(text, &value, &rest);

		if (r < 0)
			return r;
		unit = take_time_unit(rest + strspn(rest, " \t"), &text);
		if (!unit)
			return -EINVAL;
		if (__builtin_mul_overflow(value, unit, &value) ||
		    __builtin_add_overflow(total, value, &total))
			return -ERANGE;
		text += strspn(text, " \t");
	}
	*ret = total;
	return 0;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	if (parse_name(text, yes, array_size(yes)) >= 0)
		*ret = true;
	else if (parse_name(text, no, array_size(no)) >= 0)
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

int parse_name(const char *text, const char *const *names, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcasecmp(text, names[i]))
			return (int)i;
	return -EINVAL;
}

bool is_uuid(const char *text)
{
	for (unsigned int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[36] == '\0';
}

const char *format_size(uint64_t bytes, char buffer[SIZE_TEXT_MAX])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
	unsigned int unit = 0;
	uint64_t scale = 1;

	while (unit + 1 < array_size(units) && bytes / scale >= 1024) {
		scale *= 1024;
		unit++;
	}
	if (bytes % scale == 0)
		snprintf(buffer, SIZE_TEXT_MAX, "%" PRIu64 " %s", bytes / scale, units[unit]);
	else
		snprintf(buffer, SIZE_TEXT_MAX, "%.1f %s", (double)bytes / (double)scale,
			 units[unit]);
	return buffer;
}
