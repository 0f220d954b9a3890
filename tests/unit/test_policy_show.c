// SPDX-License-Identifier: GPL-2.0-or-later
/* Which policy files are in force, what each says, and which one speaks for a device. */
#include "base/error.h"
#include "context.h"
#include "fixture.h"
#include "inventory/inventory.h"
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

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(files_in_every_state),
		with_folder(every_key_with_its_line_or_as_default),
		with_folder(a_device_and_why),
		with_folder(a_device_that_nobody_speaks_for),
	};

	return cmocka_run_group_tests_name("policy_show", tests, NULL, NULL);
}
