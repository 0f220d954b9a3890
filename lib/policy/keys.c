/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of policy files: what they are called, what they may say, where that is kept. */
#include "policy/keys.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "inventory/names.h"
#include "policy/policy.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <strings.h>

const char *const mode_names[MODE_COUNT] = {
	[MODE_IGNORE] = "ignore",
	[MODE_SYSTEM_RAM] = "system-ram",
	[MODE_DEVDAX] = "devdax",
};

const char *const memmap_wish_names[MEMMAP_COUNT] = {
	[MEMMAP_AUTO] = "auto",
	[MEMMAP_YES] = "yes",
	[MEMMAP_NO] = "no",
};

const char *const on_failure_names[ON_FAILURE_COUNT] = {
	[ON_FAILURE_ROLLBACK] = "rollback",
	[ON_FAILURE_KEEP] = "keep",
};

/* A device is left alone unless a file says what it should be. */
const struct settings default_settings = {
	.create = false,
	.mode = MODE_IGNORE,
	.zone = ZONE_MOVABLE,
	.memmap = MEMMAP_AUTO,
	.drain_timeout_sec = 60,
	.on_failure = ON_FAILURE_ROLLBACK,
};

/* Calls parse for every word of a value; an empty value is a mistake. */
static int parse_words(struct policy_file *file, const char *value,
		       int (*parse)(struct policy_file *file, const char *word))
{
	_cleanup_free_ char *words = strdup(value);
	char *save = NULL;
	int r = -EINVAL;

	if (!words)
		return -ENOMEM;
	for (char *word = strtok_r(words, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save)) {
		r = parse(file, word);
		if (r < 0)
			return r;
	}
	return r;
}

static int parse_kind_word(struct policy_file *file, const char *word)
{
	int kind = parse_name(word, kind_names, KIND_COUNT);

	if (kind < 0)
		return kind;
	file->match.kinds |= 1u << kind;
	return 0;
}

static int parse_kind(struct policy_file *file, const char *value)
{
	return parse_words(file, value, parse_kind_word);
}

static int parse_serial_word(struct policy_file *file, const char *word)
{
	uint64_t serial, *slot;
	int r = parse_u64(word, &serial);

	if (r < 0)
		return -EINVAL;
	slot = array_add(&file->match.serials);
	if (!slot)
		return -ENOMEM;
	*slot = serial;
	return 0;
}

static int parse_serial(struct policy_file *file, const char *value)
{
	return parse_words(file, value, parse_serial_word);
}

static int parse_node_word(struct policy_file *file, const char *word)
{
	uint64_t node, *slot;
	int r = parse_u64(word, &node);

	if (r < 0 || node > INT_MAX)
		return -EINVAL;
	slot = array_add(&file->match.nodes);
	if (!slot)
		return -ENOMEM;
	*slot = node;
	return 0;
}

static int parse_node(struct policy_file *file, const char *value)
{
	return parse_words(file, value, parse_node_word);
}

static bool is_uuid(const char *word)
{
	for (unsigned int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? word[i] != '-' : !isxdigit((unsigned char)word[i]))
			return false;
	}
	return word[36] == '\0';
}

static int parse_uuid_word(struct policy_file *file, const char *word)
{
	char **slot;

	if (!is_uuid(word))
		return -EINVAL;
	slot = array_add(&file->match.uuids);
	if (!slot)
		return -ENOMEM;
	*slot = strdup(word);
	return *slot ? 0 : -ENOMEM;
}

static int parse_uuid(struct policy_file *file, const char *value)
{
	return parse_words(file, value, parse_uuid_word);
}

static int parse_pci_path_word(struct policy_file *file, const char *word)
{
	char **slot = array_add(&file->match.pci_paths);

	if (!slot)
		return -ENOMEM;
	*slot = strdup(word);
	return *slot ? 0 : -ENOMEM;
}

static int parse_pci_path(struct policy_file *file, const char *value)
{
	return parse_words(file, value, parse_pci_path_word);
}

static int parse_size_match(struct policy_file *file, const char *value)
{
	static const struct {
		const char *sign;
		enum comparison comparison;
	} signs[] = {
		{">=", COMPARE_GREATER_EQUAL}, {"<=", COMPARE_LESS_EQUAL}, {">", COMPARE_GREATER},
		{"<", COMPARE_LESS},	       {"", COMPARE_EQUAL},
	};

	for (unsigned int i = 0; i < array_size(signs); i++) {
		size_t length = strlen(signs[i].sign);

		if (strncmp(value, signs[i].sign, length))
			continue;
		file->match.size_comparison = signs[i].comparison;
		return parse_size(value + length + strspn(value + length, " \t"),
				  &file->match.size);
	}
	return -EINVAL;
}

static int parse_create(struct policy_file *file, const char *value)
{
	return parse_bool(value, &file->settings.create);
}

static int parse_mode(struct policy_file *file, const char *value)
{
	int mode = parse_name(value, mode_names, MODE_COUNT);

	if (mode >= 0)
		file->settings.mode = (enum mode)mode;
	return mode < 0 ? mode : 0;
}

static int parse_zone(struct policy_file *file, const char *value)
{
	int zone = parse_name(value, zone_names, ZONE_COUNT);

	if (zone >= 0)
		file->settings.zone = (enum zone)zone;
	return zone < 0 ? zone : 0;
}

static int parse_memmap(struct policy_file *file, const char *value)
{
	bool yes;

	if (!strcasecmp(value, memmap_wish_names[MEMMAP_AUTO])) {
		file->settings.memmap = MEMMAP_AUTO;
		return 0;
	}
	if (parse_bool(value, &yes) < 0)
		return -EINVAL;
	file->settings.memmap = yes ? MEMMAP_YES : MEMMAP_NO;
	return 0;
}

static int parse_drain_timeout(struct policy_file *file, const char *value)
{
	uint64_t seconds;

	if (parse_u64(value, &seconds) < 0 || seconds < 1 || seconds > 86400)
		return -EINVAL;
	file->settings.drain_timeout_sec = (unsigned int)seconds;
	return 0;
}

static int parse_on_failure(struct policy_file *file, const char *value)
{
	int what = parse_name(value, on_failure_names, ON_FAILURE_COUNT);

	if (what >= 0)
		file->settings.on_failure = (enum on_failure)what;
	return what < 0 ? what : 0;
}

const struct policy_key_info policy_keys[KEY_COUNT] = {
	[KEY_MATCH_KIND] = {"Match", "Kind", "one or more of cxl-ram, cxl-pmem, nvdimm, hmem, dax",
			    parse_kind},
	[KEY_MATCH_SERIAL] = {"Match", "Serial", "one or more serial numbers, such as 0x1234",
			      parse_serial},
	[KEY_MATCH_UUID] = {"Match", "Uuid",
			    "one or more UUIDs, such as 01234567-89ab-cdef-0123-456789abcdef",
			    parse_uuid},
	[KEY_MATCH_SIZE] = {"Match", "Size",
			    "a number with K, M, G, T or P, after >=, <=, >, < or nothing",
			    parse_size_match},
	[KEY_MATCH_NODE] = {"Match", "Node", "one or more node numbers", parse_node},
	[KEY_MATCH_PCI_PATH] = {"Match", "PciPath",
				"one or more PCI addresses or globs, such as 0000:0d:*",
				parse_pci_path},
	[KEY_CREATE] = {"Region", "Create", "yes or no", parse_create},
	[KEY_MODE] = {"Memory", "Mode", "system-ram, devdax or ignore", parse_mode},
	[KEY_ZONE] = {"Memory", "Zone", "movable or kernel", parse_zone},
	[KEY_MEMMAP_ON_MEMORY] = {"Memory", "MemmapOnMemory", "yes, no or auto", parse_memmap},
	[KEY_DRAIN_TIMEOUT] = {"Lifecycle", "DrainTimeoutSec", "seconds from 1 to 86400",
			       parse_drain_timeout},
	[KEY_ON_FAILURE] = {"Lifecycle", "OnFailure", "rollback or keep", parse_on_failure},
};
