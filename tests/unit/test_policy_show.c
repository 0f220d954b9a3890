// SPDX-License-Identifier: GPL-2.0-or-later
/* Which policy files are in force, what each says, and which one speaks for a device. */
#include "base/error.h"
#include "context.h"
#include "fixture.h"
#include "inventory/inventory.h"
#include "policy/keys.h"
#include "policy/load-policy.h"
#include "json/plan-json.h"
#include "json/policy-json.h"

static struct json_object *show(const char *folder, const struct kmemd_inventory *inventory,
				const char *device)
{
	struct json_object *json = NULL;
	struct kmemd_error error = {0};
	struct kmemd *kmemd = NULL;
	char dirs[600];

	snprintf(dirs, sizeof(dirs), "%s/etc:%s/run:%s/usr", folder, folder, folder);
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.policy_dirs = dirs}), 0);
	if (kmemd_report_policy(kmemd, inventory, device, &json, &error) < 0)
		fail_msg("%s", error.message);
	kmemd_free(kmemd);
	return json;
}

static struct json_object *find(struct json_object *json, const char *key, const char *name,
				const char *value)
{
	for (size_t i = 0; i < json_count(json, key); i++)
		if (!strcmp(json_text(json_member(json, key, i), name), value))
			return json_member(json, key, i);
	fail_msg("no %s with %s %s in %s", key, name, value, json_object_to_json_string(json));
	return NULL;
}

#define GOOD "[Match]\nKind=cxl-ram\n\n[Memory]\nMode=system-ram\n"

static void files_in_every_state(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;

	write_text(at(*state, "etc/10-a.conf"), GOOD "Zone = kernel # because\n");
	write_text(at(*state, "usr/10-a.conf"), GOOD);
	write_text(at(*state, "usr/20-b.conf"), GOOD);
	assert_int_equal(symlink("/dev/null", at(*state, "etc/20-b.conf")), 0);
	write_text(at(*state, "run/30-c.conf"), "[Match]\nKind=nonsense\n[Memory]\nMode=devdax\n");
	json = show(*state, NULL, NULL);
	assert_int_equal(json_count(json, "files"), 5);
	assert_string_equal(json_text(json_member(json, "files", 0), "state"), "in-force");
	assert_string_equal(json_text(json_member(json, "files", 1), "state"), "replaced");
	assert_string_equal(json_text(json_member(json, "files", 1), "by"),
			    at(*state, "etc/10-a.conf"));
	assert_string_equal(json_text(json_member(json, "files", 2), "state"), "masks");
	assert_string_equal(json_text(json_member(json, "files", 3), "state"), "masked");
	assert_string_equal(json_text(json_member(json, "files", 4), "state"), "bad");
	assert_int_equal(json_count(json, "problems"), 1);
	assert_int_equal(json_get_u64(json_member(json, "problems", 0), "line"), 2);
}

static void every_key_with_its_line_or_as_default(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct json_object *file, *key;

	write_text(at(*state, "etc/10-a.conf"), GOOD "Zone = kernel # because\n");
	json = show(*state, NULL, NULL);
	file = json_member(json, "files", 0);
	key = find(file, "keys", "key", "Memory.Zone");
	assert_string_equal(json_text(key, "value"), "kernel");
	assert_int_equal(json_get_u64(key, "line"), 6);
	key = find(file, "keys", "key", "Match.Kind");
	assert_string_equal(json_text(key, "value"), "cxl-ram");
	key = find(file, "keys", "key", "Lifecycle.DrainTimeoutSec");
	assert_string_equal(json_text(key, "value"), "60");
	assert_int_equal(json_get_u64(key, "line"), 0);
	/* What a file does not match by is no default. */
	for (size_t i = 0; i < json_count(file, "keys"); i++)
		assert_string_not_equal(json_text(json_member(file, "keys", i), "key"),
					"Match.Serial");
}

static void a_device_and_why(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"one-expander-fresh.json");
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct json_object *device = NULL, *tried;

	write_text(at(*state, "etc/10-a.conf"), "[Match]\nSerial=0xdead\n[Memory]\nMode=devdax\n");
	write_text(at(*state, "etc/20-b.conf"),
		   "[Match]\nKind=cxl-ram\nSize=>=1P\n[Memory]\nMode=devdax\n");
	write_text(at(*state, "etc/30-c.conf"), GOOD);
	write_text(at(*state, "etc/40-d.conf"), GOOD);
	json = show(*state, inventory, "mem0");
	assert_true(json_object_object_get_ex(json, "device", &device));
	assert_string_equal(json_text(device, "policy"), at(*state, "etc/30-c.conf"));
	assert_string_equal(json_text(device, "mode"), "system-ram");
	assert_int_equal(json_count(device, "tried"), 3);
	tried = json_member(device, "tried", 0);
	assert_string_equal(json_text(tried, "key"), "Match.Serial");
	assert_string_equal(json_text(tried, "value"), "0xdead");
	assert_string_equal(json_text(tried, "device_value"), "0x1234");
	tried = json_member(device, "tried", 1);
	assert_string_equal(json_text(tried, "key"), "Match.Size");
	assert_string_equal(json_text(tried, "value"), ">=1P");
	assert_true(json_get_bool(json_member(device, "tried", 2), "fits"));
}

/* Also with the drop-in that a value is from. */
static void a_key_has_the_file_that_says_it(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct json_object *file, *key;

	write_text(at(*state, "usr/10-a.conf"), GOOD "[Lifecycle]\nDrainTimeoutSec=1min 30s\n");
	write_text(at(*state, "etc/10-a.conf.d/x.conf"), "[Match]\nKind=hmem\nNode=1-3\n");
	write_text(at(*state, "etc/20-b.conf"), "# nothing\n");
	json = show(*state, NULL, NULL);
	file = json_member(json, "files", 0);
	assert_string_equal(json_object_get_string(json_member(file, "drop_ins", 0)),
			    at(*state, "etc/10-a.conf.d/x.conf"));
	key = find(file, "keys", "key", "Match.Kind");
	assert_string_equal(json_text(key, "value"), "cxl-ram hmem");
	assert_string_equal(json_text(key, "file"), at(*state, "etc/10-a.conf.d/x.conf"));
	assert_int_equal(json_get_u64(key, "line"), 2);
	key = find(file, "keys", "key", "Lifecycle.DrainTimeoutSec");
	assert_string_equal(json_text(key, "value"), "1min 30s");
	assert_string_equal(json_text(key, "file"), at(*state, "usr/10-a.conf"));
	/* What the other keys make it, not what it is without a file. */
	key = find(file, "keys", "key", "Region.Create");
	assert_string_equal(json_text(key, "value"), "yes");
	assert_int_equal(json_get_u64(key, "line"), 0);
	key = find(file, "keys", "key", "Memory.Online");
	assert_string_equal(json_text(key, "value"), "yes");
	assert_string_equal(json_text(json_member(json, "files", 1), "state"), "masks");
}

static void a_device_that_a_broken_file_keeps(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"one-expander-fresh.json");
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct json_object *device = NULL, *tried;

	write_text(at(*state, "etc/10-a.conf"), "[Match]\nKind=hmem\n[Memory]\nMode=moon\n");
	write_text(at(*state, "etc/20-b.conf"), "[Match]\nSerial=0x12Q\n[Memory]\nMode=devdax\n");
	write_text(at(*state, "etc/30-c.conf"), GOOD);
	json = show(*state, inventory, "mem0");
	assert_true(json_object_object_get_ex(json, "device", &device));
	assert_string_equal(json_text(device, "policy"), at(*state, "etc/20-b.conf"));
	assert_true(json_get_bool(device, "bad"));
	assert_string_equal(json_text(device, "mode"), "ignore");
	assert_contains(json_text(device, "refused"), "etc/20-b.conf:2 has a mistake");
	assert_int_equal(json_count(device, "tried"), 2);
	tried = json_member(device, "tried", 0);
	assert_true(json_get_bool(tried, "bad"));
	assert_false(json_get_bool(tried, "fits"));
	assert_string_equal(json_text(tried, "key"), "Match.Kind");
	tried = json_member(device, "tried", 1);
	assert_true(json_get_bool(tried, "bad"));
	assert_true(json_get_bool(tried, "fits"));
}

/* Explained by the drop-in that says a key, and not by what a broken file seems to say. */
static void keys_are_explained_by_their_source(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"one-expander-fresh.json");
	_cleanup_(kmemd_freep) struct kmemd *kmemd = NULL;

	write_text(at(*state, "etc/20-b.conf"), GOOD);
	write_text(at(*state, "etc/20-b.conf.d/x.conf"), "[Memory]\nZone=kernel\n");
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.policy_dirs = at(*state, "etc"),
								 .run = at(*state, "run")}),
			 0);
	for (int broken = 0; broken < 2; broken++) {
		_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
		_cleanup_(json_object_putp) struct json_object *json = NULL;
		struct kmemd_error error = {0};
		struct json_object *device;

		if (broken)
			write_text(at(*state, "etc/10-a.conf"), GOOD "Zone=moon\n");
		assert_int_equal(kmemd_policy_load(kmemd, &policy, &error), 0);
		assert_int_equal(
			kmemd_report_explain(kmemd, inventory, policy, "mem0", &json, &error), 0);
		device = json_member(json, "devices", 0);
		assert_string_equal(json_text(find(device, "keys", "key", "Memory.Mode"), "value"),
				    broken ? "ignore" : "system-ram");
		assert_string_equal(json_text(find(device, "keys", "key", "Memory.Mode"), "source"),
				    broken ? "default" : at(*state, "etc/20-b.conf:5"));
		assert_string_equal(json_text(find(device, "keys", "key", "Memory.Zone"), "source"),
				    broken ? "default" : at(*state, "etc/20-b.conf.d/x.conf:2"));
		assert_string_equal(
			json_text(find(device, "keys", "key", "Memory.Online"), "value"), "yes");
		assert_int_equal(json_count(device, "steps") > 0, !broken);
		if (broken)
			assert_contains(json_text(device, "refused"), "10-a.conf:6 has a mistake");
	}
}

/* Whatever a device does not have is "none". */
static void what_the_device_has_instead(void **state)
{
	static const struct {
		const char *match, *has;
	} keys[] = {
		{"Kind=hmem", "cxl-ram"},      {"Serial=1", "0x1234"}, {"Uuid=0*", "none"},
		{"Size=1G-2G !1G", "512 MiB"}, {"Node=7", NULL},       {"PciPath=x", NULL},
		{"Vendor=x", "none"},	       {"Model=x", "none"},    {"Host=x", "none"},
		{"KernelVersion=1.*", NULL},
	};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"one-expander-fresh.json");

	for (size_t i = 0; i < array_size(keys); i++) {
		_cleanup_(json_object_putp) struct json_object *json = NULL;
		struct json_object *device = NULL, *tried;
		char text[128];

		snprintf(text, sizeof(text), "[Match]\n%s\n[Memory]\nMode=devdax\n", keys[i].match);
		write_text(at(*state, "etc/10-a.conf"), text);
		json = show(*state, inventory, "mem0");
		assert_true(json_object_object_get_ex(json, "device", &device));
		tried = json_member(device, "tried", 0);
		assert_false(json_get_bool(tried, "fits"));
		assert_string_equal(json_text(tried, "value"), strchr(keys[i].match, '=') + 1);
		assert_string_not_equal(json_text(tried, "device_value"), "");
		if (keys[i].has)
			assert_string_equal(json_text(tried, "device_value"), keys[i].has);
	}
}

static void a_device_that_nobody_speaks_for(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"one-expander-fresh.json");
	_cleanup_(json_object_putp) struct json_object *json = show(*state, inventory, "mem0");
	struct kmemd_error error = {0};
	struct json_object *device = NULL, *none;
	struct kmemd *kmemd;

	assert_true(json_object_object_get_ex(json, "device", &device));
	assert_string_equal(json_text(device, "policy"), "");
	assert_string_equal(json_text(device, "mode"), "ignore");
	assert_int_equal(kmemd_new(&kmemd, NULL), 0);
	assert_int_equal(kmemd_report_policy(kmemd, inventory, "mem9", &none, &error), -ENODEV);
	assert_int_equal(error.result, KMEMD_NO_DEVICE);
	kmemd_free(kmemd);
}

static void numbers_are_told_as_a_file_says_them(void **state)
{
	const struct settings given = {.interleave = 4, .granularity = 512, .wait_sec = 30};
	const struct settings none = {0};
	char text[16];

	(void)state;
	policy_number_text(&given, KEY_INTERLEAVE, text, sizeof(text));
	assert_string_equal(text, "4");
	policy_number_text(&given, KEY_GRANULARITY, text, sizeof(text));
	assert_string_equal(text, "512");
	policy_number_text(&given, KEY_WAIT, text, sizeof(text));
	assert_string_equal(text, "30");
	policy_number_text(&none, KEY_INTERLEAVE, text, sizeof(text));
	assert_string_equal(text, "auto");
	policy_number_text(&none, KEY_GRANULARITY, text, sizeof(text));
	assert_string_equal(text, "auto");
	policy_number_text(&none, KEY_WAIT, text, sizeof(text));
	assert_string_equal(text, "0");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(files_in_every_state),
		cmocka_unit_test(numbers_are_told_as_a_file_says_them),
		with_folder(every_key_with_its_line_or_as_default),
		with_folder(a_device_and_why),
		with_folder(a_key_has_the_file_that_says_it),
		with_folder(a_device_that_a_broken_file_keeps),
		with_folder(keys_are_explained_by_their_source),
		with_folder(what_the_device_has_instead),
		with_folder(a_device_that_nobody_speaks_for),
	};

	return cmocka_run_group_tests_name("policy_show", tests, NULL, NULL);
}
