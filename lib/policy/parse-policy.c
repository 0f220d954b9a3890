/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One policy file: text to settings, mistakes to problems with their line. */
#include "policy/parse-policy.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/keys.h"
#include "policy/policy.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

/*
 * inih hands lines to its handler without their number, so the reader that feeds it counts them. It
 * is also where a line that inih would cut in two without a word is found.
 */
struct parser {
	struct kmemd_policy *policy;
	struct policy_file *file;
	const char *name, *next, *end;
	unsigned int line;
	size_t problems_before;
	int result;
};

int policy_problem_set(struct policy_problem *problem, const char *path, unsigned int line,
		       const char *format, ...)
{
	va_list arguments;
	int length;

	if (!problem)
		return -ENOMEM;
	problem->path = strdup(path);
	problem->line = line;
	va_start(arguments, format);
	length = vasprintf(&problem->message, format, arguments);
	va_end(arguments);
	if (length < 0)
		problem->message = NULL;
	return problem->path && problem->message ? 0 : -ENOMEM;
}

#define parser_problem(parser, ...)                                                                \
	do {                                                                                       \
		if (policy_add_problem((parser)->policy, (parser)->name, (parser)->line,           \
				       __VA_ARGS__) < 0)                                           \
			(parser)->result = -ENOMEM;                                                \
	} while (0)

static bool is_section(const char *section)
{
	for (unsigned int i = 0; i < KEY_COUNT; i++)
		if (!strcmp(policy_keys[i].section, section))
			return true;
	return false;
}

/* inih tells of sections only together with their keys. */
static void check_section(struct parser *parser, const char *line, size_t length)
{
	const char *end = memchr(line, ']', length);
	char section[64];

	if (line[0] != '[' || !end)
		return;
	snprintf(section, sizeof(section), "%.*s", (int)(end - line - 1), line + 1);
	if (!is_section(section))
		parser_problem(parser,
			       "[%s]: no such section; allowed are [Match], [Region], "
			       "[Memory] and [Lifecycle]",
			       section);
}

/* Without what inih would take for something else: indentation, and a comment behind a value. */
static const char *trim_line(const char *line, size_t *length)
{
	while (*length && (*line == ' ' || *line == '\t')) {
		line++;
		(*length)--;
	}
	for (size_t i = 1; i < *length; i++)
		if (line[i] == '#' && (line[i - 1] == ' ' || line[i - 1] == '\t'))
			*length = i;
	return line;
}

static char *read_line(char *buffer, int size, void *userdata)
{
	struct parser *parser = userdata;
	const char *newline, *line;
	size_t length;

	if (parser->next >= parser->end)
		return NULL;
	parser->line++;
	newline = memchr(parser->next, '\n', (size_t)(parser->end - parser->next));
	length = (size_t)((newline ? newline : parser->end) - parser->next);
	if (length > (size_t)size - 2) {
		parser_problem(parser, "the line is longer than %d characters", size - 2);
		length = 0;
	} else if (memchr(parser->next, '\0', length)) {
		parser_problem(parser, "the line contains a zero byte: this is no text file");
		length = 0;
	} else {
		line = trim_line(parser->next, &length);
		check_section(parser, line, length);
		memcpy(buffer, line, length);
	}
	buffer[length] = '\n';
	buffer[length + 1] = '\0';
	parser->next = newline ? newline + 1 : parser->end;
	return buffer;
}

/* "Create, ..." of a section, for the message about a key that it does not have. */
static void keys_of_section(const char *section, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (unsigned int i = 0; i < KEY_COUNT && used < size; i++)
		if (!strcmp(policy_keys[i].section, section))
			used += (size_t)snprintf(buffer + used, size - used, "%s%s",
						 used ? ", " : "", policy_keys[i].name);
}

static void set_key(struct parser *parser, enum policy_key key, const char *value)
{
	const struct policy_key_info *info = &policy_keys[key];
	int r;

	if (parser->file->line[key]) {
		parser_problem(parser, "[%s] %s= stands here and in line %u: only once, please",
			       info->section, info->name, parser->file->line[key]);
		return;
	}
	r = info->parse(parser->file, value);
	if (r == -ENOMEM)
		parser->result = r;
	else if (r < 0)
		parser_problem(parser, "[%s] %s=%s: allowed is %s", info->section, info->name,
			       value, info->allowed);
	parser->file->line[key] = parser->line;
}

static int handle_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct parser *parser = userdata;
	char keys[256];

	if (!section[0]) {
		parser_problem(parser,
			       "%s= stands before the first section: [Match], [Region], "
			       "[Memory] or [Lifecycle]",
			       name);
		return 1;
	}
	if (!is_section(section)) /* told when the section began */
		return 1;
	for (unsigned int i = 0; i < KEY_COUNT; i++) {
		if (strcmp(policy_keys[i].section, section) || strcmp(policy_keys[i].name, name))
			continue;
		set_key(parser, (enum policy_key)i, value);
		return 1;
	}
	keys_of_section(section, keys, sizeof(keys));
	parser_problem(parser, "[%s] %s=: no such key; allowed are %s", section, name, keys);
	return 1;
}

static void free_file(struct policy_file *file)
{
	array_foreach(uuid, &file->match.uuids)
		free(*uuid);
	array_foreach(pci_path, &file->match.pci_paths)
		free(*pci_path);
	free(file->match.uuids.items);
	free(file->match.pci_paths.items);
	free(file->match.serials.items);
	free(file->match.nodes.items);
	free(file->path);
}

static void check_whole_file(struct parser *parser)
{
	bool matches = false;

	for (unsigned int i = KEY_MATCH_KIND; i <= KEY_MATCH_PCI_PATH; i++)
		matches = matches || parser->file->line[i];
	parser->line = 0;
	if (!matches)
		parser_problem(parser, "no [Match] section with a key: say which devices the file "
				       "is about");
	else if (!parser->file->line[KEY_MODE])
		parser_problem(parser, "no [Memory] Mode=: say what the devices should be: "
				       "system-ram, devdax or ignore");
}

int policy_parse(struct kmemd_policy *policy, const char *name, const char *text, size_t length)
{
	struct policy_file file = {.settings = default_settings};
	struct policy_file *slot;
	struct parser parser = {
		.policy = policy,
		.file = &file,
		.name = name,
		.next = text,
		.end = text + length,
		.problems_before = policy->problems.count,
	};
	int bad_line = ini_parse_stream(read_line, &parser, handle_key, &parser);

	if (bad_line > 0) {
		parser.line = (unsigned int)bad_line;
		parser_problem(&parser, "neither a [Section], a Key=Value nor a # comment");
	}
	if (policy->problems.count == parser.problems_before && bad_line == 0)
		check_whole_file(&parser);
	if (bad_line < 0)
		parser.result = -ENOMEM;
	if (parser.result < 0 || policy->problems.count != parser.problems_before) {
		free_file(&file);
		return parser.result;
	}

	slot = array_add(&policy->files);
	file.path = strdup(name);
	if (!slot || !file.path) {
		free_file(&file);
		return -ENOMEM;
	}
	*slot = file;
	return 0;
}

struct kmemd_policy *kmemd_policy_free(struct kmemd_policy *policy)
{
	if (!policy)
		return NULL;
	array_foreach(file, &policy->files)
		free_file(file);
	array_foreach(problem, &policy->problems) {
		free(problem->path);
		free(problem->message);
	}
	free(policy->files.items);
	free(policy->problems.items);
	free(policy);
	return NULL;
}
