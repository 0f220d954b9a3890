// SPDX-License-Identifier: GPL-2.0-or-later
/* One policy file: what every key may say, and what is said of a mistake. */
#include "base/error.h"
#include "context.h"
#include "fixture.h"
#include "policy/keys.h"
#include "policy/load-policy.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"

#define GOOD_MATCH "[Match]\nKind=cxl-ram\n"
#define GOOD_MODE  "[Memory]\nMode=system-ram\n"

static struct kmemd_policy *parse_bytes(const char *text, size_t length)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));

	assert_non_null(policy);
	assert_int_equal(policy_parse(policy, "10-x.conf", text, length), 0);
	return policy;
}

/* One valid file and no problem. */
static struct kmemd_policy *parse_good(const char *text)
{
	struct kmemd_policy *policy = parse_bytes(text, strlen(text));

	if (policy->problems.count)
		fail_msg("'%s': line %u: %s", text, policy->problems.items[0].line,
			 policy->problems.items[0].message);
	assert_int_equal(policy->files.count, 1);
	assert_false(policy->files.items[0].broken);
	assert_int_equal(policy->files.items[0].uncertain, 0);
	assert_string_equal(policy->files.items[0].path, "10-x.conf");
	return policy;
}

static void assert_problem(const struct kmemd_policy *policy, size_t index, unsigned int line,
			   const char *message)
{
	const struct policy_problem *problem;

	if (index >= policy->problems.count)
		fail_msg("there is no problem '%s'", message);
	problem = &policy->problems.items[index];
	assert_string_equal(problem->path, "10-x.conf");
	if (problem->line != line || !strstr(problem->message, message))
		fail_msg("line %u: '%s' instead of line %u: '%s'", problem->line, problem->message,
			 line, message);
}

/* Exactly one problem, and the file is not taken. */
static void assert_bad_bytes(const char *text, size_t length, unsigned int line,
			     const char *message)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_bytes(text, length);

	assert_problem(policy, 0, line, message);
	if (policy->problems.count > 1)
		fail_msg("one problem too many: line %u: %s", policy->problems.items[1].line,
			 policy->problems.items[1].message);
	assert_int_equal(policy->files.count, 1);
	assert_true(policy->files.items[0].broken);
	assert_string_equal(policy->files.items[0].mistake_path, "10-x.conf");
	assert_int_equal(policy->files.items[0].mistake_line, line);
}

static void assert_bad(const char *text, unsigned int line, const char *message)
{
	assert_bad_bytes(text, strlen(text), line, message);
}

static void the_shipped_file_is_good(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	char *files[] = {(char *)"policy/50-cxl-ram.conf", NULL};
	struct kmemd_error error = {0};
	struct kmemd *kmemd = NULL;
	const struct policy_file *file;

	(void)state;
	assert_int_equal(kmemd_new(&kmemd, NULL), 0);
	assert_int_equal(kmemd_policy_check(kmemd, files, &policy, &error), 0);
	kmemd_free(kmemd);
	assert_int_equal(policy->problems.count, 0);
	assert_int_equal(policy->files.count, 1);
	file = policy->files.items;
	assert_string_equal(file->value[KEY_MATCH_KIND], "cxl-ram");
	assert_true(file->settings.create);
	assert_int_equal(file->settings.mode, MODE_SYSTEM_RAM);
	assert_int_equal(file->settings.zone, ZONE_MOVABLE);
}

static void every_key_is_taken_with_its_line(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
		"# a comment\n"
		"[Match]\n"
		"Kind=cxl-ram hmem\n"
		"Serial=0x1234 77\n"
		"Uuid=01234567-89ab-cdef-0123-456789abcdef 01234567-89AB-CDEF-0123-456789ABCDEE\n"
		"Size=>=64G\n"
		"Node=1 3\n"
		"PciPath=0000:0d:* 0000:1?:00.0\n"
		"Vendor=0x8086\n"
		"Model=0x*\n"
		"Host=tier*\n"
		"KernelVersion=>=6.8\n"
		"\n"
		"[Region]\n"
		"Create=yes\n"
		"Interleave=12\n"
		"Granularity=1K\n"
		"WaitSec=1min\n"
		"[Memory]\n"
		"Mode=devdax\n"
		"Zone=kernel\n"
		"MemmapOnMemory=no\n"
		"Online=no\n"
		"[Lifecycle]\n"
		"DrainTimeoutSec=86400\n"
		"OnFailure=keep\n");
	static const unsigned int lines[KEY_COUNT] = {3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
						      15, 16, 17, 18, 20, 21, 22, 23, 25, 26};
	const struct policy_file *file = policy->files.items;

	(void)state;
	for (unsigned int i = 0; i < KEY_COUNT; i++)
		assert_int_equal(file->line[i], lines[i]);
	for (unsigned int i = 0; i < KEY_COUNT; i++) {
		assert_int_equal(file->source[i], 0);
		assert_string_equal(policy_key_path(file, (enum policy_key)i), "10-x.conf");
	}
	assert_int_equal(file->match[KEY_MATCH_KIND].count, 2);
	assert_string_equal(file->match[KEY_MATCH_KIND].items[1].text, "hmem");
	assert_int_equal(file->match[KEY_MATCH_SERIAL].items[0].first, 0x1234);
	assert_int_equal(file->match[KEY_MATCH_SERIAL].items[1].last, 77);
	assert_int_equal(file->match[KEY_MATCH_UUID].count, 2);
	assert_string_equal(file->match[KEY_MATCH_UUID].items[1].text,
			    "01234567-89AB-CDEF-0123-456789ABCDEE");
	assert_int_equal(file->match[KEY_MATCH_SIZE].items[0].role, PATTERN_ALL);
	assert_int_equal(file->match[KEY_MATCH_SIZE].items[0].first, 64 * GIB);
	assert_int_equal(file->match[KEY_MATCH_NODE].items[1].first, 3);
	assert_string_equal(file->match[KEY_MATCH_PCI_PATH].items[1].text, "0000:1?:00.0");
	assert_string_equal(file->value[KEY_MATCH_PCI_PATH], "0000:0d:* 0000:1?:00.0");
	assert_string_equal(file->value[KEY_MODE], "devdax");
	assert_false(file->settings.online);
	assert_true(file->settings.create);
	assert_int_equal(file->settings.mode, MODE_DEVDAX);
	assert_int_equal(file->settings.zone, ZONE_KERNEL);
	assert_int_equal(file->settings.memmap, MEMMAP_NO);
	assert_int_equal(file->settings.drain_timeout_sec, 86400);
	assert_int_equal(file->settings.on_failure, ON_FAILURE_KEEP);
}

static void what_is_not_said_has_its_default(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
		GOOD_MATCH GOOD_MODE);
	const struct policy_file *file = policy->files.items;

	(void)state;
	assert_true(file->settings.online);
	assert_null(file->value[KEY_ZONE]);
	assert_int_equal(file->settings.zone, ZONE_MOVABLE);
	assert_int_equal(file->settings.memmap, MEMMAP_AUTO);
	assert_int_equal(file->settings.drain_timeout_sec, 60);
	assert_int_equal(file->settings.on_failure, ON_FAILURE_ROLLBACK);
	assert_int_equal(file->line[KEY_ZONE], 0);
	assert_int_equal(default_settings.mode, MODE_IGNORE);
}

/* A file without [Region] makes regions for what it wants to be used, and for nothing else. */
static void create_follows_mode(void **state)
{
	static const struct {
		const char *text;
		bool create;
	} files[] = {
		{GOOD_MATCH "[Memory]\nMode=system-ram\n", true},
		{GOOD_MATCH "[Memory]\nMode=devdax\n", true},
		{GOOD_MATCH "[Memory]\nMode=ignore\n", false},
		{GOOD_MATCH "[Memory]\nMode=system-ram\n[Region]\nCreate=no\n", false},
		{GOOD_MATCH "[Region]\nCreate=yes\n[Memory]\nMode=ignore\n", true},
	};

	(void)state;
	for (size_t i = 0; i < array_size(files); i++) {
		_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
			files[i].text);

		if (policy->files.items[0].settings.create != files[i].create)
			fail_msg("create is %d in\n%s", !files[i].create, files[i].text);
	}
	assert_false(default_settings.create);
}

static void lines_of_a_list_add_and_an_empty_one_clears(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
		"[Match]\nKind=hmem\nKind=cxl-ram dax\n\nSerial=1\nSerial=\nNode=1\nNode=\nNode=2\n"
		"[Memory]\nMode=ignore\n[Match]\nKind=nvdimm\n");
	const struct policy_file *file = policy->files.items;

	(void)state;
	assert_int_equal(file->match[KEY_MATCH_KIND].count, 4);
	assert_string_equal(file->value[KEY_MATCH_KIND], "hmem cxl-ram dax nvdimm");
	assert_int_equal(file->line[KEY_MATCH_KIND], 13);
	assert_int_equal(file->match[KEY_MATCH_SERIAL].count, 0);
	assert_int_equal(file->line[KEY_MATCH_SERIAL], 0);
	assert_null(file->value[KEY_MATCH_SERIAL]);
	assert_int_equal(file->match[KEY_MATCH_NODE].count, 1);
	assert_string_equal(file->value[KEY_MATCH_NODE], "2");
	assert_int_equal(file->line[KEY_MATCH_NODE], 9);
	assert_bad("[Match]\nKind=cxl-ram\nKind=\n" GOOD_MODE, 0, "no [Match] section with a key");
}

static void a_drop_in_adds_to_lists_and_replaces_settings(void **state)
{
	static const char main_text[] = GOOD_MATCH GOOD_MODE "Zone=kernel\n";
	static const char first[] = "[Match]\nKind=hmem\n\n[Memory]\nZone=movable\nOnline=no\n";
	static const char second[] = "[Memory]\nMode=devdax\n";
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	const struct policy_file *file;
	struct policy_draft draft;

	(void)state;
	assert_int_equal(policy_begin(&draft, policy, "a.conf"), 0);
	assert_int_equal(policy_read_text(&draft, NULL, main_text, strlen(main_text)), 0);
	assert_int_equal(policy_read_text(&draft, "a.conf.d/1.conf", first, strlen(first)), 0);
	assert_int_equal(policy_read_text(&draft, "a.conf.d/2.conf", second, strlen(second)), 0);
	assert_int_equal(policy_end(&draft), 0);
	assert_int_equal(policy->problems.count, 0);
	file = policy->files.items;
	assert_string_equal(file->value[KEY_MATCH_KIND], "cxl-ram hmem");
	assert_string_equal(policy_key_path(file, KEY_MATCH_KIND), "a.conf.d/1.conf");
	assert_int_equal(file->settings.zone, ZONE_MOVABLE);
	assert_int_equal(file->line[KEY_ZONE], 5);
	assert_false(file->settings.online);
	assert_int_equal(file->settings.mode, MODE_DEVDAX);
	assert_string_equal(file->value[KEY_MODE], "devdax");
	assert_string_equal(policy_key_path(file, KEY_MODE), "a.conf.d/2.conf");
	assert_string_equal(policy_key_path(file, KEY_CREATE), "a.conf");
}

static void a_mistake_in_a_drop_in_breaks_its_file(void **state)
{
	static const char twice[] = "[Memory]\nZone=kernel\nZone=movable\n";
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	struct policy_draft draft;

	(void)state;
	assert_int_equal(policy_begin(&draft, policy, "a.conf"), 0);
	assert_int_equal(
		policy_read_text(&draft, NULL, GOOD_MATCH GOOD_MODE, strlen(GOOD_MATCH GOOD_MODE)),
		0);
	assert_int_equal(policy_read_text(&draft, "a.conf.d/1.conf", twice, strlen(twice)), 0);
	assert_int_equal(policy_end(&draft), 0);
	assert_int_equal(policy->problems.count, 1);
	assert_string_equal(policy->problems.items[0].path, "a.conf.d/1.conf");
	assert_int_equal(policy->problems.items[0].line, 3);
	assert_true(policy->files.items[0].broken);
	assert_string_equal(policy->files.items[0].path, "a.conf");
	assert_string_equal(policy->files.items[0].mistake_path, "a.conf.d/1.conf");
	assert_int_equal(policy->files.items[0].mistake_line, 3);
	assert_int_equal(policy->files.items[0].uncertain, 0);
}

/* All the values of a key, each in a file of its own. */
struct values {
	enum policy_key key;
	const char *values[16];
};

static const struct values good_values[] = {
	{KEY_MATCH_KIND,
	 {"cxl-ram", "cxl-pmem", "nvdimm", "hmem", "dax", "dax hmem", "dax\tdax", "cxl-*", "!dax",
	  "! dax", "h?em", "[dh]*"}},
	{KEY_MATCH_SERIAL, {"0x1", "0", "18446744073709551615", "1 2 3", "1-3", "7-7", "!1-0xff"}},
	{KEY_MATCH_UUID,
	 {"01234567-89ab-cdef-0123-456789abcdef", "0123*", "*", "!*-456789abcdef", "[01]*"}},
	{KEY_MATCH_SIZE,
	 {"1G", ">=1G", "<= 1G", ">1G", "<\t1G", "0", "123456", ">=1G <1T", "1G 2G", "1G-2G", "!1G",
	  "! >= 1G", "> 0"}},
	{KEY_MATCH_NODE, {"0", "1 2", "2147483647", "1-3", "!0"}},
	{KEY_MATCH_PCI_PATH, {"0000:0d:00.0", "*", "0000:* 0001:*", "!0000:*"}},
	{KEY_MATCH_VENDOR, {"0x8086", "Sam*", "!x y"}},
	{KEY_MATCH_MODEL, {"0x8086", "*"}},
	{KEY_MATCH_HOST, {"a.example.org", "node[0-9]", "!a"}},
	{KEY_MATCH_KERNEL_VERSION, {"6.12.*", ">=6.8", "> 6.8 <7", "!6.1.*", "!<6.8"}},
	{KEY_INTERLEAVE, {"auto", "AUTO", "1", "2", "3", "4", "6", "8", "12", "16", "0x10"}},
	{KEY_GRANULARITY, {"auto", "256", "512", "1K", "1024", "2K", "4K", "8K", "16K", "16384"}},
	{KEY_WAIT, {"0", "0s", "10", "10s", "1min 30s", "1h", "3600"}},
	{KEY_CREATE, {"yes", "no", "true", "off", "1"}},
	{KEY_MODE, {"system-ram", "devdax", "ignore"}},
	{KEY_ZONE, {"movable", "kernel"}},
	{KEY_MEMMAP_ON_MEMORY, {"yes", "no", "auto", "on", "AUTO"}},
	{KEY_ONLINE, {"yes", "no", "off"}},
	{KEY_DRAIN_TIMEOUT, {"1", "60", "86400", "90s", "1min", "1min 30s", "24h", "1d", "2 min"}},
	{KEY_ON_FAILURE, {"rollback", "keep"}},
};

/* An empty list clears; an empty setting is a mistake. */
static const struct values bad_values[] = {
	{KEY_MATCH_KIND, {"ram", "cxl-ram,hmem", "cxl-ram moon", "cxl", "x*", "!", "!moon"}},
	{KEY_MATCH_SERIAL,
	 {"x", "-1", "0x1,0x2", "0x1 y", "18446744073709551616", "12Q", "3-1", "1-", "1-2-3", "*",
	  ">1", "!"}},
	{KEY_MATCH_UUID,
	 {"0123", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdef0",
	  "01234567_89ab-cdef-0123-456789abcdef", "g1234567-89ab-cdef-0123-456789abcdef",
	  "0123456789abcdef0123456789abcdef0123", "g*", "!"}},
	{KEY_MATCH_SIZE,
	 {">=", "12Q", "-1G", "=1G", "=>1G", "64GiB", "99999999P", "2G-1G", "1G-", ">", "!",
	  ">=1G-2G"}},
	{KEY_MATCH_NODE, {"-1", "2147483648", "one", "1,2", "0-2147483648", "2-1"}},
	{KEY_MATCH_PCI_PATH, {"!"}},
	{KEY_MATCH_VENDOR, {"!"}},
	{KEY_MATCH_MODEL, {"!"}},
	{KEY_MATCH_HOST, {"!"}},
	{KEY_MATCH_KERNEL_VERSION, {"!", ">=", ">=6.*", "=6.8", ">=<6", ">=6.8>"}},
	{KEY_CREATE, {"", "maybe", "2", "auto", "yes yes"}},
	{KEY_INTERLEAVE, {"", "0", "5", "7", "32", "yes", "2 4", "4ways"}},
	{KEY_GRANULARITY, {"", "0", "128", "255", "300", "3K", "32K", "256 512"}},
	{KEY_WAIT, {"", "auto", "-1", "3601", "2h", "10x", "1 2"}},
	{KEY_MODE, {"", "ram", "system ram", "system-ram devdax"}},
	{KEY_ZONE, {"", "normal", "auto", "movable kernel"}},
	{KEY_MEMMAP_ON_MEMORY, {"", "maybe", "device"}},
	{KEY_ONLINE, {"", "auto", "movable"}},
	{KEY_DRAIN_TIMEOUT,
	 {"", "0", "86401", "-5", "60x", "1.5", "99999999999999999999", "0s", "25h", "1 2", "s",
	  "2d", "1min30", "9999999999999999999d"}},
	{KEY_ON_FAILURE, {"", "undo", "rollback keep"}},
};

/* A file that is good but for what this key says. The key stands in the line that is returned. */
static unsigned int file_with(enum policy_key key, const char *value, char *text, size_t size)
{
	const struct policy_key_info *info = &policy_keys[key];
	bool is_match = key < KEY_MATCH_COUNT;
	int used;

	used = snprintf(text, size, "[%s]\n%s=%s\n", info->section, info->name, value);
	if (!is_match)
		used += snprintf(text + used, size - (size_t)used, GOOD_MATCH);
	if (key != KEY_MODE)
		snprintf(text + used, size - (size_t)used, GOOD_MODE);
	return 2;
}

static void every_good_value_is_taken(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(array_size(good_values), KEY_COUNT);
	for (size_t i = 0; i < array_size(good_values); i++) {
		for (const char *const *value = good_values[i].values; *value; value++) {
			struct kmemd_policy *policy;

			file_with(good_values[i].key, *value, text, sizeof(text));
			policy = parse_good(text);
			assert_int_equal(policy->files.items[0].line[good_values[i].key], 2);
			kmemd_policy_free(policy);
		}
	}
}

static void every_bad_value_is_told_with_what_is_allowed(void **state)
{
	char text[512], message[512];

	(void)state;
	assert_int_equal(array_size(bad_values), KEY_COUNT);
	for (size_t i = 0; i < array_size(bad_values); i++) {
		const struct policy_key_info *info = &policy_keys[bad_values[i].key];

		for (const char *const *value = bad_values[i].values; *value; value++) {
			unsigned int line = file_with(bad_values[i].key, *value, text,
						      sizeof(text));

			snprintf(message, sizeof(message), "[%s] %s=%s: allowed is %s",
				 info->section, info->name, *value, info->allowed);
			assert_bad(text, line, message);
		}
	}
}

static void what_is_allowed_is_told_in_words(void **state)
{
	(void)state;
	assert_bad("[Match]\nKind=cxl-ram\nSize=12Q\n" GOOD_MODE, 3,
		   "[Match] Size=12Q: allowed is one or more numbers with K, M, G, T or P, or "
		   "ranges, or numbers after >=, <=, > or <");
	assert_bad(GOOD_MATCH "[Memory]\nMode=ram\n", 4,
		   "[Memory] Mode=ram: allowed is system-ram, devdax or ignore");
	assert_bad(GOOD_MATCH GOOD_MODE "Zone=normal\n", 5,
		   "[Memory] Zone=normal: allowed is movable or kernel");
}

static void an_unknown_section_or_key_is_told_with_what_there_is(void **state)
{
	(void)state;
	assert_bad(GOOD_MATCH GOOD_MODE "[Memry]\nZone=movable\n", 5,
		   "[Memry]: no such section; allowed are [Match], [Region], [Memory] and "
		   "[Lifecycle]; did you mean [Memory]?");
	assert_bad("[Match]\nKind=cxl-ram\nSerail=7\n" GOOD_MODE, 3,
		   "[Match] Serail=: no such key; allowed are Kind, Serial, Uuid, Size, Node, "
		   "PciPath, Vendor, Model, Host, KernelVersion; did you mean Serial=?");
	assert_bad(GOOD_MATCH "[Memory]\nMod=ignore\n", 4, "; did you mean Mode=?");
	assert_bad(GOOD_MATCH GOOD_MODE "Create=yes\n", 5,
		   "[Memory] Create=: no such key; allowed are Mode, Zone, MemmapOnMemory, Online; "
		   "it belongs into [Region]");
	assert_bad(GOOD_MATCH "[match]\nKind=hmem\n" GOOD_MODE, 3, "[match]: no such section");
	assert_bad(GOOD_MATCH GOOD_MODE "zone=movable\n", 5, "[Memory] zone=: no such key");
	assert_bad(GOOD_MATCH GOOD_MODE "[Region]\nAffinity=2\n", 6,
		   "allowed are Create, Interleave, Granularity, WaitSec");
	assert_bad(GOOD_MATCH GOOD_MODE "[Lifecycle]\nOnHealth=drain\n", 6,
		   "allowed are DrainTimeoutSec, OnFailure");
}

/* What is far from every name is not guessed. */
static void no_name_is_guessed_for_something_else(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_bytes(
		GOOD_MATCH GOOD_MODE "Bandwidth=7\n[Nowhere]\n",
		strlen(GOOD_MATCH GOOD_MODE "Bandwidth=7\n[Nowhere]\n"));

	(void)state;
	assert_int_equal(policy->problems.count, 2);
	for (size_t i = 0; i < 2; i++)
		if (strstr(policy->problems.items[i].message, "did you mean"))
			fail_msg("%s", policy->problems.items[i].message);
}

static void a_setting_that_is_said_twice_is_told(void **state)
{
	(void)state;
	assert_bad(GOOD_MATCH GOOD_MODE "Mode=ignore\n", 5, "[Memory] Mode= is here and in line 4");
	assert_bad(GOOD_MATCH GOOD_MODE "[Match]\nNode=1\n[Memory]\nMode=ignore\n", 8,
		   "and in line 4");
	/* The first one was bad itself: both are told. */
	{
		_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_bytes(
			"[Memory]\nMode=x\nMode=y\n", strlen("[Memory]\nMode=x\nMode=y\n"));

		assert_int_equal(policy->problems.count, 2);
		assert_problem(policy, 0, 2, "Mode=x: allowed is");
		assert_problem(policy, 1, 3, "and in line 2");
	}
}

static void a_key_before_the_first_section_is_told(void **state)
{
	(void)state;
	assert_bad("Kind=cxl-ram\n" GOOD_MATCH GOOD_MODE, 1, "Kind= is before the first section");
}

static void a_file_says_which_devices_and_what_they_should_be(void **state)
{
	(void)state;
	assert_bad(GOOD_MODE, 0, "no [Match] section with a key");
	assert_bad("[Match]\n" GOOD_MODE, 0, "no [Match] section with a key");
	assert_bad("[Region]\nCreate=yes\n" GOOD_MODE, 0, "no [Match] section with a key");
	assert_bad(GOOD_MATCH, 0, "no [Memory] Mode=");
	assert_bad(GOOD_MATCH "[Memory]\nZone=movable\n", 0, "no [Memory] Mode=");
}

/* To comment all lines out is a way to switch a file off. */
static void a_file_that_says_nothing_is_no_file(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# a comment\n; another", "\xef\xbb\xbf"};

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++) {
		_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_bytes(
			texts[i], strlen(texts[i]));

		assert_int_equal(policy->files.count, 0);
		assert_int_equal(policy->problems.count, 0);
		assert_int_equal(policy->warnings.count, 1);
		assert_contains(policy->warnings.items[0].message, "it says nothing");
	}
}

static void a_line_that_is_nothing_is_told(void **state)
{
	(void)state;
	assert_bad(GOOD_MATCH "[Memory]\nMode\n", 4, "neither a [Section], a Key=Value nor a #");
	assert_bad(GOOD_MATCH GOOD_MODE "[Region\n", 5, "neither a [Section]");
	assert_bad("rm -rf /\n" GOOD_MATCH GOOD_MODE, 1, "neither a [Section]");
	assert_bad(GOOD_MATCH GOOD_MODE "Zone: kernel\n", 5, "neither a [Section]");
	assert_bad(GOOD_MATCH GOOD_MODE "[Memory] Zone=kernel\n", 5, "neither a [Section]");
}

static void a_truncated_file_is_told(void **state)
{
	(void)state;
	assert_bad(GOOD_MATCH "[Memory]\nMode=system-r", 4, "Mode=system-r: allowed is");
	assert_bad(GOOD_MATCH "[Memory]\nMo", 4, "neither a [Section]");
	assert_bad(GOOD_MATCH "[Mem", 3, "neither a [Section]");
	assert_bad("[Match]\nKind=cxl-ra", 2, "Kind=cxl-ra: allowed is");
	kmemd_policy_free(parse_good("[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore"));
}

static void zero_bytes_are_told(void **state)
{
	static const char text[] = GOOD_MATCH GOOD_MODE "Zone=movable\0kernel\n";
	static const char binary[] = "\0\0\0\0";

	(void)state;
	assert_bad_bytes(text, sizeof(text) - 1, 5, "zero byte");
	assert_bad_bytes(binary, sizeof(binary) - 1, 1, "zero byte");
}

/* Lines have no limit: six UUIDs, or a hundred. */
static void a_long_line_is_a_line(void **state)
{
	static const char uuid[] = " 01234567-89ab-cdef-0123-456789abcdef";
	char text[8192] = "[Match]\nUuid=";
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	size_t used = strlen(text);

	(void)state;
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", uuid);
	snprintf(text + used, sizeof(text) - used, "\n" GOOD_MODE);
	policy = parse_good(text);
	assert_int_equal(policy->files.items[0].match[KEY_MATCH_UUID].count, 100);
	assert_int_equal(strlen(policy->files.items[0].value[KEY_MATCH_UUID]),
			 100 * (sizeof(uuid) - 1) - 1);
	assert_int_equal(policy->files.items[0].line[KEY_MODE], 4);
}

static void all_mistakes_of_a_file_are_told_at_once(void **state)
{
	static const char text[] = "Kind=x\n[Match]\nKind=moon\nSize=12Q\n[Memory]\nMod=ignore\n"
				   "Mode=ignore\nZone=left\n[Nowhere]\na=b\n";
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_bytes(text, strlen(text));

	(void)state;
	assert_int_equal(policy->problems.count, 6);
	assert_problem(policy, 0, 1, "before the first section");
	assert_problem(policy, 1, 3, "Kind=moon");
	assert_problem(policy, 2, 4, "Size=12Q");
	assert_problem(policy, 3, 6, "Mod=: no such key");
	assert_problem(policy, 4, 8, "Zone=left");
	assert_problem(policy, 5, 9, "[Nowhere]");
	assert_int_equal(policy->files.count, 1);
	assert_int_equal(policy->files.items[0].mistake_line, 1);
}

static void comments_and_blanks_mean_nothing(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
		"\n# one\n; two\n\n[Match]   \n  # three\nKind = cxl-ram  \n\n"
		"[Memory]\nMode\t=\tdevdax\t; four\n  Zone=kernel # five\n\tMemmapOnMemory=no\n");

	(void)state;
	assert_string_equal(policy->files.items[0].value[KEY_MATCH_KIND], "cxl-ram");
	assert_int_equal(policy->files.items[0].settings.mode, MODE_DEVDAX);
	assert_int_equal(policy->files.items[0].settings.zone, ZONE_KERNEL);
	assert_int_equal(policy->files.items[0].settings.memmap, MEMMAP_NO);
	assert_int_equal(policy->files.items[0].line[KEY_MATCH_KIND], 7);
	assert_int_equal(policy->files.items[0].line[KEY_MODE], 10);
}

/* Quotes mean nothing, and a # without a blank before it is part of a value. */
static void a_value_is_what_is_written(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
		"[Match]\nModel=\"a#b;c\" # d\n" GOOD_MODE);

	(void)state;
	assert_string_equal(policy->files.items[0].value[KEY_MATCH_MODEL], "\"a#b;c\"");
}

static void lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = parse_good(
		"\xef\xbb\xbf[Match]\r\nKind=cxl-ram\r\n\r\n[Memory]\r\nMode=devdax\r\n");

	(void)state;
	assert_int_equal(policy->files.items[0].settings.mode, MODE_DEVDAX);
	assert_int_equal(policy->files.items[0].line[KEY_MODE], 5);
	assert_bad("\xef\xbb\xbf[Match]\r\nKind=x\r\n" GOOD_MODE, 2, "Kind=x: allowed");
}

/* Random bytes and mutated files: a problem or a policy, never a crash (the sanitizers watch). */
static void no_bytes_crash_the_parser(void **state)
{
	static const char seed[] = GOOD_MATCH
		"Size=>=64G\nUuid=01234567-89ab-cdef-0123-456789abcdef\n"
		"PciPath=0000:*\nNode=1\n" GOOD_MODE "Zone=kernel\n";
	unsigned int random = 12345;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[sizeof(seed)];
		size_t length = sizeof(seed) - 1;

		memcpy(text, seed, sizeof(seed));
		for (int change = 0; change < 1 + round % 8; change++) {
			random = random * 1103515245 + 12345;
			text[(random >> 8) % length] = (char)(random >> 16);
		}
		random = random * 1103515245 + 12345;
		if (round % 3 == 0)
			length = (random >> 8) % length;
		kmemd_policy_free(parse_bytes(text, length));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_file_is_good),
		cmocka_unit_test(every_key_is_taken_with_its_line),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(every_good_value_is_taken),
		cmocka_unit_test(every_bad_value_is_told_with_what_is_allowed),
		cmocka_unit_test(what_is_allowed_is_told_in_words),
		cmocka_unit_test(an_unknown_section_or_key_is_told_with_what_there_is),
		cmocka_unit_test(create_follows_mode),
		cmocka_unit_test(lines_of_a_list_add_and_an_empty_one_clears),
		cmocka_unit_test(a_drop_in_adds_to_lists_and_replaces_settings),
		cmocka_unit_test(a_mistake_in_a_drop_in_breaks_its_file),
		cmocka_unit_test(no_name_is_guessed_for_something_else),
		cmocka_unit_test(a_setting_that_is_said_twice_is_told),
		cmocka_unit_test(a_file_that_says_nothing_is_no_file),
		cmocka_unit_test(a_key_before_the_first_section_is_told),
		cmocka_unit_test(a_file_says_which_devices_and_what_they_should_be),
		cmocka_unit_test(a_line_that_is_nothing_is_told),
		cmocka_unit_test(a_truncated_file_is_told),
		cmocka_unit_test(zero_bytes_are_told),
		cmocka_unit_test(a_long_line_is_a_line),
		cmocka_unit_test(all_mistakes_of_a_file_are_told_at_once),
		cmocka_unit_test(comments_and_blanks_mean_nothing),
		cmocka_unit_test(a_value_is_what_is_written),
		cmocka_unit_test(lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark),
		cmocka_unit_test(no_bytes_crash_the_parser),
	};

	return cmocka_run_group_tests_name("policy_parse", tests, NULL, NULL);
}
