/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of policy files: what they are called, what they may say, where that is kept. */
#include "policy/keys.h"

#include "base/parse.h"
#include "inventory/names.h"
#include "policy/policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>

#define AUTO "auto"

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
	.wait_sec = 10,
	.mode = MODE_IGNORE,
	.zone = ZONE_MOVABLE,
	.memmap = MEMMAP_AUTO,
	.online = true,
	.drain_timeout_sec = 60,
	.on_failure = ON_FAILURE_ROLLBACK,
};

/* A glob has to fit one of the kinds, or it is a mistyped name. */
static int parse_kind(struct pattern *pattern, const char *word)
{
	int r = pattern_parse_name(pattern, word);

	for (unsigned int i = 0; r == 0 && i < KIND_COUNT; i++)
		if (pattern_fits_text(pattern, kind_names[i]))
			return 0;
	return r < 0 ? r : -EINVAL;
}

static int parse_node(struct pattern *pattern, const char *word)
{
	int r = pattern_parse_number(pattern, word);

	return r == 0 && pattern->last > INT_MAX ? -EINVAL : r;
}

static int parse_create(struct policy_file *file, const char *value)
{
	return parse_bool(value, &file->settings.create);
}

/* What HDM decoders can do (CXL 3.1, 8.2.4.20.7). */
static int parse_interleave(struct policy_file *file, const char *value)
{
	static const unsigned int ways[] = {1, 2, 3, 4, 6, 8, 12, 16};
	uint64_t wanted = 0;

	if (!strcasecmp(value, AUTO)) {
		file->settings.interleave = 0;
		return 0;
	}
	if (parse_u64(value, &wanted) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (ways[i] == wanted) {
			file->settings.interleave = ways[i];
			return 0;
		}
	return -EINVAL;
}

static int parse_granularity(struct policy_file *file, const char *value)
{
	uint64_t bytes = 0;

	if (!strcasecmp(value, AUTO)) {
		file->settings.granularity = 0;
		return 0;
	}
	if (parse_size(value, &bytes) < 0 || bytes < 256 || bytes > 16384 || bytes & (bytes - 1))
		return -EINVAL;
	file->settings.granularity = (unsigned int)bytes;
	return 0;
}

static int parse_wait(struct policy_file *file, const char *value)
{
	uint64_t seconds;

	if (parse_seconds(value, &seconds) < 0 || seconds > 3600)
		return -EINVAL;
	file->settings.wait_sec = (unsigned int)seconds;
	return 0;
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

static int parse_online(struct policy_file *file, const char *value)
{
	return parse_bool(value, &file->settings.online);
}

static int parse_drain_timeout(struct policy_file *file, const char *value)
{
	uint64_t seconds;

	if (parse_seconds(value, &seconds) < 0 || seconds < 1 || seconds > 86400)
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
	[KEY_MATCH_KIND] = {"Match", "Kind",
			    "one or more of cxl-ram, cxl-pmem, nvdimm, hmem, dax, or globs",
			    .parse_word = parse_kind},
	[KEY_MATCH_SERIAL] = {"Match", "Serial",
			      "one or more serial numbers or ranges, such as 0x1234 or "
			      "0x1000-0x10ff",
			      .parse_word = pattern_parse_number},
	[KEY_MATCH_UUID] = {"Match", "Uuid",
			    "one or more UUIDs, such as 01234567-89ab-cdef-0123-456789abcdef, or "
			    "globs",
			    .parse_word = pattern_parse_uuid},
	[KEY_MATCH_SIZE] = {"Match", "Size",
			    "one or more numbers with K, M, G, T or P, or ranges, or numbers "
			    "after >=, <=, > or <",
			    .parse_word = pattern_parse_size},
	[KEY_MATCH_NODE] = {"Match", "Node", "one or more node numbers or ranges, such as 1-3",
			    .parse_word = parse_node},
	[KEY_MATCH_PCI_PATH] = {"Match", "PciPath",
				"one or more PCI addresses or globs, such as 0000:0d:*",
				.parse_word = pattern_parse_name},
	[KEY_MATCH_VENDOR] = {"Match", "Vendor", "one or more vendors or globs",
			      .parse_word = pattern_parse_name},
	[KEY_MATCH_MODEL] = {"Match", "Model", "one or more models or globs",
			     .parse_word = pattern_parse_name},
	[KEY_MATCH_HOST] = {"Match", "Host", "one or more host names or globs",
			    .parse_word = pattern_parse_name},
	[KEY_MATCH_KERNEL_VERSION] = {"Match", "KernelVersion",
				      "one or more globs such as 6.12.*, or versions after >=, <=, "
				      "> or <",
				      .parse_word = pattern_parse_version},
	[KEY_CREATE] = {"Region", "Create", "yes or no", .parse = parse_create},
	[KEY_INTERLEAVE] = {"Region", "Interleave", "auto, 1, 2, 3, 4, 6, 8, 12 or 16",
			    .parse = parse_interleave},
	[KEY_GRANULARITY] = {"Region", "Granularity", "auto, 256, 512, 1K, 2K, 4K, 8K or 16K",
			     .parse = parse_granularity},
	[KEY_WAIT] = {"Region", "WaitSec", "a time from 0 to 1 hour, such as 0, 10s or 1min 30s",
		      .parse = parse_wait},
	[KEY_MODE] = {"Memory", "Mode", "system-ram, devdax or ignore", .parse = parse_mode},
	[KEY_ZONE] = {"Memory", "Zone", "movable or kernel", .parse = parse_zone},
	[KEY_MEMMAP_ON_MEMORY] = {"Memory", "MemmapOnMemory", "yes, no or auto",
				  .parse = parse_memmap},
	[KEY_ONLINE] = {"Memory", "Online", "yes or no", .parse = parse_online},
	[KEY_DRAIN_TIMEOUT] = {"Lifecycle", "DrainTimeoutSec",
			       "a time from 1 s to 1 day, such as 90, 90s or 1min 30s",
			       .parse = parse_drain_timeout},
	[KEY_ON_FAILURE] = {"Lifecycle", "OnFailure", "rollback or keep",
			    .parse = parse_on_failure},
};

void policy_number_text(const struct settings *settings, enum policy_key key, char *buffer,
			size_t size)
{
	unsigned int number = key == KEY_INTERLEAVE    ? settings->interleave
			      : key == KEY_GRANULARITY ? settings->granularity
						       : settings->wait_sec;

	if (!number && key != KEY_WAIT)
		snprintf(buffer, size, "%s", AUTO);
	else
		snprintf(buffer, size, "%u", number);
}
