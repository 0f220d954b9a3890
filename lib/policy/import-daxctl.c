/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/import-daxctl.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/parse.h"
#include "policy/keys.h"
#include "policy/parse-policy.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define CONFIG_FILE_MAX (64 * 1024)
#define SECTION_WORD	"reconfigure-device"

/* The file being read, and the section being filled. */
struct reader {
	struct daxctl_config *config;
	const char *file;
	unsigned int line;
	struct daxctl_section section;
	bool in_section, section_bad;
	int result;
};

#define reader_problem(reader, line, ...)                                                          \
	do {                                                                                       \
		(reader)->section_bad = true;                                                      \
		if (policy_add_problem((reader)->config, (reader)->file, line, __VA_ARGS__) < 0)   \
			(reader)->result = -ENOMEM;                                                \
	} while (0)

/* daxctl looks at the first character only, and at nothing else. */
static int parse_flag(const char *text, bool *ret)
{
	if (text[0] && strchr("tTyY1", text[0]))
		*ret = true;
	else if (text[0] && strchr("fFnN0", text[0]))
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

const struct daxctl_section *daxctl_config_find(const struct daxctl_config *config,
						const char *uuid)
{
	array_foreach(section, &config->sections)
		if (!strcasecmp(section->uuid, uuid))
			return section;
	return NULL;
}

/* What is missing shows only when a section is at its end. */
static void check_section(struct reader *reader)
{
	const struct daxctl_section *section = &reader->section, *same;

	if (!section->uuid[0])
		reader_problem(reader, section->line,
			       "[" SECTION_WORD " %s] has no nvdimm.uuid=: nothing says which "
			       "namespace is meant",
			       section->name);
	if (!section->has_mode)
		reader_problem(reader, section->line,
			       "[" SECTION_WORD " %s] has no mode=: allowed are system-ram and "
			       "devdax",
			       section->name);
	same = section->uuid[0] ? daxctl_config_find(reader->config, section->uuid) : NULL;
	if (same)
		reader_problem(reader, section->line,
			       "[" SECTION_WORD " %s]: %s has a section already, in %s:%u",
			       section->name, section->uuid, same->file, same->line);
}

static void end_section(struct reader *reader)
{
	struct daxctl_section *slot;

	if (!reader->in_section)
		return;
	reader->in_section = false;
	check_section(reader);
	if (reader->section_bad)
		return;
	slot = array_add(&reader->config->sections);
	if (slot) {
		*slot = reader->section;
		slot->file = strdup(reader->file);
	}
	if (!slot || !slot->file)
		reader->result = -ENOMEM;
}

static void begin_section(struct reader *reader, const char *title)
{
	size_t word = strlen(SECTION_WORD);
	const char *name = title;

	end_section(reader);
	reader->section_bad = false;
	reader->section = (struct daxctl_section){
		.line = reader->line,
		.online = true,
		.movable = true,
	};
	reader->in_section = true;
	if (strncasecmp(name, SECTION_WORD, word) ||
	    (name[word] && !isspace((unsigned char)name[word]))) {
		reader_problem(reader, reader->line,
			       "[%s]: no such section; allowed is [" SECTION_WORD " NAME]", title);
		reader->in_section = false;
		return;
	}
	name += word;
	name += strspn(name, " \t\"");
	snprintf(reader->section.name, sizeof(reader->section.name), "%.*s",
		 (int)strcspn(name, "\""), name);
}

static void set_key(struct reader *reader, const char *key, const char *value)
{
	struct daxctl_section *section = &reader->section;

	if (!strcasecmp(key, "nvdimm.uuid")) {
		if (!is_uuid(value))
			reader_problem(reader, reader->line,
				       "nvdimm.uuid=%s: allowed is a UUID, such as "
				       "01234567-89ab-cdef-0123-456789abcdef",
				       value);
		for (size_t i = 0; i < sizeof(section->uuid) && value[i]; i++)
			section->uuid[i] = (char)tolower((unsigned char)value[i]);
		section->uuid[sizeof(section->uuid) - 1] = '\0';
	} else if (!strcasecmp(key, "mode")) {
		section->has_mode = true;
		if (!strcmp(value, mode_names[MODE_SYSTEM_RAM]))
			section->mode = MODE_SYSTEM_RAM;
		else if (!strcmp(value, mode_names[MODE_DEVDAX]))
			section->mode = MODE_DEVDAX;
		else
			reader_problem(reader, reader->line,
				       "mode=%s: allowed are system-ram and devdax", value);
	} else if (!strcasecmp(key, "online")) {
		section->has_online = true;
		if (parse_flag(value, &section->online) < 0)
			reader_problem(reader, reader->line,
				       "online=%s: allowed are true and false", value);
	} else if (!strcasecmp(key, "movable")) {
		section->has_movable = true;
		if (parse_flag(value, &section->movable) < 0)
			reader_problem(reader, reader->line,
				       "movable=%s: allowed are true and false", value);
	} else {
		reader_problem(
			reader, reader->line,
			"%s=: no such key; allowed are nvdimm.uuid, mode, online and movable", key);
	}
}

static void take_key(struct reader *reader, const char *key, const char *value)
{
	/* Keys of a section that is not understood were reported with it. */
	if (reader->in_section)
		set_key(reader, key, value);
	else if (!reader->section_bad)
		reader_problem(reader, reader->line,
			       "%s= is before the first [" SECTION_WORD " NAME]", key);
}

static void take_nonsense(struct reader *reader, const char *line)
{
	if (*line == '[') {
		end_section(reader);
		reader_problem(reader, reader->line,
			       "'%s': the ] is missing, or something follows it", line);
		return;
	}
	reader_problem(reader, reader->line,
		       "'%s': neither a [" SECTION_WORD " NAME], a key = value nor a # comment",
		       line);
}

static void take_line(struct reader *reader, const struct ini_line *line)
{
	reader->line = line->number;
	if (line->type == INI_SECTION)
		begin_section(reader, line->name);
	else if (line->type == INI_KEY)
		take_key(reader, line->name, line->value);
	else if (line->type == INI_NONSENSE)
		take_nonsense(reader, line->name);
	else
		reader_problem(reader, line->number,
			       "it contains a zero byte: this is no text file");
}

int daxctl_config_parse(struct daxctl_config *config, const char *file, const char *text,
			size_t length)
{
	struct reader reader = {.config = config, .file = file};
	struct ini_reader lines;
	struct ini_line line;

	if (ini_open(&lines, text, length, true) < 0)
		return -ENOMEM;
	while (ini_next(&lines, &line))
		take_line(&reader, &line);
	end_section(&reader);
	ini_close(&lines);
	return reader.result;
}

static int read_file(struct daxctl_config *config, const char *path)
{
	_cleanup_free_ char *text = NULL;
	char **slot = array_add(&config->files);
	size_t length;
	int r;

	if (!slot)
		return -ENOMEM;
	*slot = strdup(path);
	if (!*slot)
		return -ENOMEM;
	r = file_read(path, CONFIG_FILE_MAX, &text, &length);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return policy_add_problem(config, path, 0, "cannot read it: %s", strerror(-r));
	return daxctl_config_parse(config, path, text, length);
}

int daxctl_config_read(const struct kmemd *kmemd, char *const *files, struct daxctl_config *ret)
{
	_cleanup_free_ char *failed = NULL;
	dropin_list list = {0};
	int r = 0;

	if (!files)
		r = dropin_list_read(kmemd->root, DAXCTL_CONFIG_DIRECTORY, ".conf", &list, &failed);
	if (failed)
		r = policy_add_problem(ret, failed, 0, "cannot read the directory: %s",
				       strerror(-r));
	array_foreach(file, &list)
		if (r == 0 && dropin_counts(file))
			r = read_file(ret, file->path);
	for (; r == 0 && files && *files; files++)
		r = read_file(ret, *files);
	dropin_list_release(&list);
	return r;
}

void daxctl_config_release(struct daxctl_config *config)
{
	array_foreach(file, &config->files)
		free(*file);
	array_foreach(section, &config->sections)
		free(section->file);
	array_foreach(problem, &config->problems)
		policy_problem_release(problem);
	free(config->files.items);
	free(config->sections.items);
	free(config->problems.items);
	*config = (struct daxctl_config){0};
}

/* Before the files that speak of whole kinds, and after what an administrator puts first. */
void daxctl_section_policy_name(const struct daxctl_section *section, char *buffer, size_t size)
{
	snprintf(buffer, size, "40-daxctl-%s.conf", section->uuid);
}

char *daxctl_section_policy_text(const struct daxctl_section *section)
{
	const char *zone = "", *online = "";

	if (section->mode == MODE_SYSTEM_RAM) {
		zone = section->movable ? "Zone=movable\n" : "Zone=kernel\n";
		online = section->online ? "" : "Online=no\n";
	}
	return format_text("# From %s:%u, [" SECTION_WORD "%s%s], by kmemctl policy import.\n"
			   "[Match]\n"
			   "Kind=nvdimm\n"
			   "Uuid=%s\n"
			   "\n"
			   "[Memory]\n"
			   "Mode=%s\n%s%s",
			   section->file, section->line, section->name[0] ? " " : "", section->name,
			   section->uuid, mode_names[section->mode], zone, online);
}
