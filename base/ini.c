/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool starts_comment(char c)
{
	return c == '#' || c == ';';
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	size_t length;

	while (is_blank(*text))
		text++;
	length = strlen(text);
	while (length && is_blank(text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* A # or ; counts at the beginning and behind a blank: 0000:0d#1 is a value. */
static void cut_comment(char *text)
{
	for (char *c = text; *c; c++)
		if (starts_comment(*c) && (c == text || is_blank(c[-1]))) {
			*c = '\0';
			return;
		}
}

static char *unquote(char *value)
{
	if (*value == '"' || *value == '\'') {
		char *end = strchr(value + 1, *value);

		if (end) {
			*end = '\0';
			return value + 1;
		}
	}
	value[strcspn(value, "#;")] = '\0';
	return trim(value);
}

/* Behind the ] there may be a comment, and nothing else. */
static bool take_section(char *line, struct ini_line *ret)
{
	char *end = strchr(line, ']'), *rest;

	if (!end)
		return false;
	rest = end + 1;
	while (is_blank(*rest))
		rest++;
	if (*rest && !starts_comment(*rest))
		return false;
	*end = '\0';
	ret->type = INI_SECTION;
	ret->name = trim(line + 1);
	return true;
}

static bool take_key(const struct ini_reader *reader, char *line, struct ini_line *ret)
{
	char *sign = strchr(line, '=');

	if (!sign)
		return false;
	*sign = '\0';
	ret->type = INI_KEY;
	ret->name = trim(line);
	ret->value = trim(sign + 1);
	if (reader->quotes) {
		ret->value = unquote(ret->value);
	} else {
		cut_comment(ret->value);
		ret->value = trim(ret->value);
	}
	return true;
}

/* False for a line that says nothing. */
static bool take_line(const struct ini_reader *reader, char *line, size_t length,
		      struct ini_line *ret)
{
	*ret = (struct ini_line){.number = reader->number};
	if (strlen(line) != length) {
		ret->type = INI_ZERO;
		ret->name = line;
		return true;
	}
	line = trim(line);
	if (!*line || starts_comment(*line))
		return false;
	if (*line == '[' ? take_section(line, ret) : take_key(reader, line, ret))
		return true;
	ret->type = INI_NONSENSE;
	ret->name = line;
	return true;
}

int ini_open(struct ini_reader *reader, const char *text, size_t length, bool quotes)
{
	size_t mark = sizeof(byte_order_mark) - 1;

	*reader = (struct ini_reader){.quotes = quotes};
	if (length >= mark && !memcmp(text, byte_order_mark, mark)) {
		text += mark;
		length -= mark;
	}
	reader->text = malloc(length + 1);
	if (!reader->text)
		return -ENOMEM;
	memcpy(reader->text, text, length);
	reader->text[length] = '\0';
	reader->next = reader->text;
	reader->end = reader->text + length;
	return 0;
}

bool ini_next(struct ini_reader *reader, struct ini_line *ret)
{
	while (reader->next < reader->end) {
		char *line = reader->next;
		char *newline = memchr(line, '\n', (size_t)(reader->end - line));
		char *end = newline ? newline : reader->end;

		*end = '\0';
		reader->next = newline ? newline + 1 : reader->end;
		reader->number++;
		if (take_line(reader, line, (size_t)(end - line), ret))
			return true;
	}
	return false;
}

void ini_close(struct ini_reader *reader)
{
	free(reader->text);
	*reader = (struct ini_reader){0};
}
