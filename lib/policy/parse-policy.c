/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One policy file and its drop-ins: text to settings, mistakes to problems with their line. */
#include "policy/parse-policy.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/near.h"
#include "policy/keys.h"
#include "policy/policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define ALL_UNCERTAIN	 ((1u << KEY_MATCH_COUNT) - 1)
#define SECTION_MATCH	 "Match"
#define SECTIONS_IN_TEXT "[Match], [Region], [Memory] and [Lifecycle]"

/* --- problems -----------------------------------------------------------------------------------
 */

static int problem_set(struct policy_problem *problem, const char *path, unsigned int line,
		       const char *format, va_list arguments)
{
	if (!problem)
		return -ENOMEM;
	problem->path = strdup(path);
	problem->line = line;
	if (vasprintf(&problem->message, format, arguments) < 0)
		problem->message = NULL;
	return problem->path && problem->message ? 0 : -ENOMEM;
}

int policy_problem_set(struct policy_problem *problem, const char *path, unsigned int line,
		       const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = problem_set(problem, path, line, format, arguments);
	va_end(arguments);
	return r;
}

void policy_problem_release(struct policy_problem *problem)
{
	free(problem->path);
	free(problem->message);
}

/* --- names --------------------------------------------------------------------------------------
 */

/* The name of a section as keys have it, or NULL. */
static const char *find_section(const char *name)
{
	for (unsigned int i = 0; i < KEY_COUNT; i++)
		if (!strcmp(policy_keys[i].section, name))
			return policy_keys[i].section;
	return NULL;
}

static const char *section_at(const void *data, unsigned int i)
{
	(void)data;
	return i < KEY_COUNT ? policy_keys[i].section : NULL;
}

/* data is a section, or NULL for the keys of all of them. */
static const char *key_at(const void *data, unsigned int i)
{
	const char *section = data;

	for (unsigned int key = 0; key < KEY_COUNT; key++)
		if ((!section || !strcmp(policy_keys[key].section, section)) && i-- == 0)
			return policy_keys[key].name;
	return NULL;
}

/* The key of that name in a section, or in any where that is NULL. */
static enum policy_key find_key(const char *section, const char *name)
{
	for (unsigned int i = 0; i < KEY_COUNT; i++)
		if ((!section || !strcmp(policy_keys[i].section, section)) &&
		    !strcmp(policy_keys[i].name, name))
			return (enum policy_key)i;
	return KEY_COUNT;
}

/* The key that was meant in a section, or in any. */
static enum policy_key near_key(const char *section, const char *name)
{
	const char *near = nearest_name(name, key_at, section);

	return near ? find_key(section, near) : KEY_COUNT;
}

/* --- one text -----------------------------------------------------------------------------------
 */

struct parser {
	struct policy_draft *draft;
	const char *path;
	size_t source;
	unsigned int line;
	const char *section; /* NULL before the first, and in one that is not known */
	bool in_section;
	int result;
};

#define parser_problem(parser, ...)                                                                \
	do {                                                                                       \
		if (policy_add_problem((parser)->draft->policy, (parser)->path, (parser)->line,    \
				       __VA_ARGS__) < 0)                                           \
			(parser)->result = -ENOMEM;                                                \
	} while (0)

static void doubt(struct parser *parser, enum policy_key key)
{
	if (key < KEY_MATCH_COUNT)
		parser->draft->file.uncertain |= 1u << key;
}

static void take_section(struct parser *parser, const char *name)
{
	const char *near;

	parser->in_section = true;
	parser->section = find_section(name);
	if (parser->section)
		return;
	near = nearest_name(name, section_at, NULL);
	parser_problem(parser, "[%s]: no such section; allowed are " SECTIONS_IN_TEXT "%s%s%s",
		       name, near ? "; did you mean [" : "", near ? near : "", near ? "]?" : "");
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

static void refuse_key(struct parser *parser, const char *name)
{
	enum policy_key elsewhere = find_key(NULL, name), near = near_key(parser->section, name);
	char keys[256], hint[128] = "";

	if (elsewhere != KEY_COUNT)
		snprintf(hint, sizeof(hint), "; it belongs into [%s]",
			 policy_keys[elsewhere].section);
	else if (near != KEY_COUNT)
		snprintf(hint, sizeof(hint), "; did you mean %s=?", policy_keys[near].name);
	keys_of_section(parser->section, keys, sizeof(keys));
	parser_problem(parser, "[%s] %s=: no such key; allowed are %s%s", parser->section, name,
		       keys, hint);
	doubt(parser, elsewhere != KEY_COUNT ? elsewhere : near);
}

/* What is shown as the value of a key: all lines of a list as one. */
static int keep_value(struct policy_file *file, enum policy_key key, const char *value, bool add)
{
	char *joined = add && file->value[key] ? format_text("%s %s", file->value[key], value)
					       : strdup(value);

	if (!joined)
		return -ENOMEM;
	free(file->value[key]);
	file->value[key] = joined;
	return 0;
}

static void clear_list(struct policy_file *file, enum policy_key key)
{
	pattern_list_release(&file->match[key]);
	free(file->value[key]);
	file->value[key] = NULL;
	file->line[key] = 0;
}

static void set_key(struct parser *parser, enum policy_key key, const char *value)
{
	struct policy_file *file = &parser->draft->file;
	const struct policy_key_info *info = &policy_keys[key];
	int r;

	if (info->parse_word && !*value) {
		clear_list(file, key);
		return;
	}
	if (info->parse && file->line[key] && file->source[key] == parser->source) {
		parser_problem(parser, "[%s] %s= is here and in line %u: it can be said only once",
			       info->section, info->name, file->line[key]);
		return;
	}
	r = info->parse ? info->parse(file, value)
			: pattern_list_parse(&file->match[key], value, info->parse_word);
	if (r < 0 && r != -ENOMEM) {
		parser_problem(parser, "[%s] %s=%s: allowed is %s", info->section, info->name,
			       value, info->allowed);
		doubt(parser, key);
	}
	if (r == -ENOMEM || keep_value(file, key, value, !info->parse) < 0)
		parser->result = -ENOMEM;
	file->line[key] = parser->line;
	file->source[key] = parser->source;
}

static void take_key(struct parser *parser, const char *name, const char *value)
{
	enum policy_key key;

	if (!parser->section) {
		if (!parser->in_section)
			parser_problem(
				parser,
				"%s= is before the first section: allowed are " SECTIONS_IN_TEXT,
				name);
		/* It may have been meant for [Match]; the section is reported already. */
		doubt(parser, near_key(NULL, name));
		return;
	}
	key = find_key(parser->section, name);
	if (key == KEY_COUNT)
		refuse_key(parser, name);
	else
		set_key(parser, key, value);
}

/* The beginning of some section, or else perhaps the rest of a list. */
static void take_nonsense(struct parser *parser, const char *line)
{
	parser_problem(parser, "neither a [Section], a Key=Value nor a # comment");
	if (*line == '[') {
		parser->in_section = true;
		parser->section = NULL;
	} else if (!parser->section || !strcmp(parser->section, SECTION_MATCH)) {
		parser->draft->file.uncertain = ALL_UNCERTAIN;
	}
}

static void take_line(struct parser *parser, const struct ini_line *line)
{
	parser->line = line->number;
	parser->draft->says_something = true;
	switch (line->type) {
	case INI_SECTION:
		take_section(parser, line->name);
		break;
	case INI_KEY:
		take_key(parser, line->name, line->value);
		break;
	case INI_NONSENSE:
		take_nonsense(parser, line->name);
		break;
	case INI_ZERO:
		parser_problem(parser, "the line contains a zero byte: this is no text file");
		parser->draft->file.uncertain = ALL_UNCERTAIN;
		break;
	}
}

/* --- a file -------------------------------------------------------------------------------------
 */

int policy_begin(struct policy_draft *draft, struct kmemd_policy *policy, const char *path)
{
	*draft = (struct policy_draft){
		.policy = policy,
		.file.settings = default_settings,
		.file.path = strdup(path),
		.problems_before = policy->problems.count,
	};
	return draft->file.path ? 0 : -ENOMEM;
}

static int add_drop_in(struct policy_file *file, const char *path)
{
	char **slot = array_add(&file->drop_ins);

	if (!slot)
		return -ENOMEM;
	*slot = strdup(path);
	return *slot ? 0 : -ENOMEM;
}

int policy_read_text(struct policy_draft *draft, const char *drop_in, const char *text,
		     size_t length)
{
	struct parser parser = {.draft = draft, .path = drop_in ? drop_in : draft->file.path};
	struct ini_reader reader;
	struct ini_line line;

	if (drop_in && add_drop_in(&draft->file, drop_in) < 0)
		return -ENOMEM;
	parser.source = draft->file.drop_ins.count;
	if (ini_open(&reader, text, length, false) < 0)
		return -ENOMEM;
	while (ini_next(&reader, &line))
		take_line(&parser, &line);
	ini_close(&reader);
	return parser.result;
}

int policy_not_read(struct policy_draft *draft, const char *path, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = problem_set(array_add(&draft->policy->problems), path, 0, format, arguments);
	va_end(arguments);
	draft->says_something = true;
	draft->file.uncertain = ALL_UNCERTAIN;
	return r;
}

static int check_whole_file(struct policy_draft *draft)
{
	const struct policy_file *file = &draft->file;

	for (unsigned int i = 0; i < KEY_MATCH_COUNT; i++)
		if (file->line[i])
			return file->line[KEY_MODE]
				       ? 0
				       : policy_add_problem(
						 draft->policy, file->path, 0,
						 "no [Memory] Mode=: say what the devices should "
						 "be: system-ram, devdax or ignore");
	return policy_add_problem(draft->policy, file->path, 0,
				  "no [Match] section with a key: say which devices the file is "
				  "about");
}

static int mark_broken(struct policy_draft *draft)
{
	const struct policy_problem *first;

	if (draft->policy->problems.count == draft->problems_before)
		return 0;
	first = &draft->policy->problems.items[draft->problems_before];
	draft->file.broken = true;
	draft->file.mistake_line = first->line;
	draft->file.mistake_path = strdup(first->path);
	return draft->file.mistake_path ? 0 : -ENOMEM;
}

static void free_file(struct policy_file *file)
{
	for (unsigned int key = 0; key < KEY_MATCH_COUNT; key++)
		pattern_list_release(&file->match[key]);
	for (unsigned int key = 0; key < KEY_COUNT; key++)
		free(file->value[key]);
	array_foreach(drop_in, &file->drop_ins)
		free(*drop_in);
	free(file->drop_ins.items);
	free(file->mistake_path);
	free(file->path);
}

void policy_release_draft(struct policy_draft *draft)
{
	free_file(&draft->file);
}

/* A file of nothing but comments is like an empty one, but may have been meant otherwise. */
static int end_without_a_word(struct policy_draft *draft)
{
	int r = policy_add_warning(
		draft->policy, draft->file.path, 0,
		"it says nothing, and masks a file of its name in a directory of "
		"lower precedence");

	policy_release_draft(draft);
	return r;
}

int policy_end(struct policy_draft *draft)
{
	struct policy_file *slot;
	int r = 0;

	if (!draft->says_something)
		return end_without_a_word(draft);
	if (draft->policy->problems.count == draft->problems_before)
		r = check_whole_file(draft);
	if (r == 0)
		r = mark_broken(draft);
	if (!draft->file.line[KEY_CREATE])
		draft->file.settings.create = draft->file.settings.mode != MODE_IGNORE;
	slot = r == 0 ? array_add(&draft->policy->files) : NULL;
	if (!slot) {
		policy_release_draft(draft);
		return -ENOMEM;
	}
	*slot = draft->file;
	return 0;
}

int policy_parse(struct kmemd_policy *policy, const char *name, const char *text, size_t length)
{
	struct policy_draft draft;
	int r = policy_begin(&draft, policy, name);

	if (r == 0)
		r = policy_read_text(&draft, NULL, text, length);
	if (r < 0) {
		policy_release_draft(&draft);
		return r;
	}
	return policy_end(&draft);
}

const char *policy_key_path(const struct policy_file *file, enum policy_key key)
{
	return file->source[key] ? file->drop_ins.items[file->source[key] - 1] : file->path;
}

struct kmemd_policy *kmemd_policy_free(struct kmemd_policy *policy)
{
	if (!policy)
		return NULL;
	array_foreach(file, &policy->files)
		free_file(file);
	array_foreach(problem, &policy->problems)
		policy_problem_release(problem);
	array_foreach(warning, &policy->warnings)
		policy_problem_release(warning);
	free(policy->files.items);
	free(policy->problems.items);
	free(policy->warnings.items);
	free(policy);
	return NULL;
}
