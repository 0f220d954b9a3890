// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of dax devices, as daxctl shows it, from recorded and made sysfs trees. */
#include "tree.h"

#include "base/error.h"
#include "context.h"
#include "json/list-json.h"

static struct json_object *report_of(const char *folder, const struct kmemd_list *list)
{
	struct kmemd kmemd = {.sysfs = (char *)folder};
	struct json_object *report = NULL;
	struct kmemd_error error = {0};

	if (kmemd_report_list(&kmemd, list, &report, &error) < 0)
		fail_msg("%s", error.message);
	return report;
}

/* The only device of the list. */
static struct json_object *only_device(struct json_object *report)
{
	assert_int_equal(json_count(report, "list"), 1);
	return json_member(report, "list", 0);
}

/* --- compared with daxctl --- */

static int by_name(const void *a, const void *b)
{
	struct json_object *const *x = a, *const *y = b;
	int difference = strcmp(json_text(*x, "chardev"), json_text(*y, "chardev"));

	return difference ? difference : (int)json_get_int(*x, "id") - (int)json_get_int(*y, "id");
}

/* Takes our members away, and the order that comes from the file system. */
static void make_plain(struct json_object *json)
{
	static const char *const ours[] = {"driver",	 "hotplug_state", "kind",   "origin",
					   "identities", "memdevs",	  "blocks", "memmap"};

	if (json_object_is_type(json, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(json); i++)
			make_plain(json_object_array_get_idx(json, i));
		if (json_object_array_length(json) &&
		    !json_object_object_get_ex(json_object_array_get_idx(json, 0), "page_offset",
					       NULL))
			json_object_array_sort(json, by_name);
		return;
	}
	if (!json_object_is_type(json, json_type_object))
		return;
	for (size_t i = 0; i < array_size(ours); i++)
		json_object_object_del(json, ours[i]);
	if (json_object_object_get_ex(json, "devices", NULL))
		make_plain(json_object_object_get(json, "devices"));
}

static const char *print(struct json_object *json)
{
	return json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY);
}

/* What daxctl 81 printed on the machine that the tree is from. */
static struct json_object *recorded(const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct json_object *json = NULL;

	assert_true(asprintf(&path, TREES "/%s", name) > 0);
	assert_int_equal(json_read_file(path, &json), 0);
	return json;
}

static void assert_like_daxctl(const char *folder, const struct kmemd_list *list, const char *name)
{
	_cleanup_(json_object_putp) struct json_object *wanted = recorded(name),
						       *report = report_of(folder, list);
	struct json_object *got = json_object_object_get(report, "list");

	make_plain(wanted);
	make_plain(got);
	/* Numbers for people are made when they are printed. */
	assert_string_equal(print(got), print(wanted));
	assert_int_equal(json_count(report, "problems"), 0);
	assert_int_equal(json_count(report, "missing"), 0);
}

static void an_interleaved_set_and_namespaces_look_as_in_daxctl(void **state)
{
	const struct kmemd_list all = {
		.show_devices = true, .show_regions = true, .mappings = true, .idle = true};
	const struct kmemd_list human = {.show_devices = true, .human = true};

	tree_load(*state, "interleaved");
	assert_like_daxctl(*state, &all, "interleaved.daxctl");
	assert_like_daxctl(*state, &human, "interleaved.human");
}

static void our_members_stand_behind_those_of_daxctl(void **state)
{
	const struct kmemd_list list = {.devices = (char *[]){"dax2.0", NULL},
					.show_devices = true};
	_cleanup_(json_object_putp) struct json_object *report = NULL;

	tree_load(*state, "interleaved");
	report = report_of(*state, &list);
	assert_string_equal(
		json_object_to_json_string_ext(only_device(report), JSON_C_TO_STRING_PLAIN),
		"{\"chardev\":\"dax2.0\",\"size\":2111832064,\"target_node\":0,\"align\":2097152,"
		"\"mode\":\"system-ram\",\"online_memblocks\":15,\"total_memblocks\":15,"
		"\"movable\":false,\"driver\":\"kmem\",\"kind\":\"nvdimm\","
		"\"origin\":\"namespace2.0\",\"identities\":["
		"\"nvdimm:7ba8edc9-d08d-4791-ab0c-e0c8e8832d63\"],"
		"\"blocks\":{\"total\":15,\"absent\":0,\"offline\":0,\"movable\":14,\"kernel\":1,"
		"\"mixed\":0},\"memmap\":{\"asked\":\"dram\",\"in_force\":\"dram\","
		"\"known\":\"counted by the driver\",\"dram_bytes\":31457280,\"device_bytes\":0}}");
}

/* daxctl looks at as many bytes as the device has, from the start of its first range on. */
static void all_ranges_of_a_device_count(void **state)
{
	const struct kmemd_list list = {
		.devices = (char *[]){"dax0.2", NULL}, .show_devices = true, .mappings = true};
	_cleanup_(json_object_putp) struct json_object *report = NULL;
	struct json_object *dax;

	tree_load(*state, "multi-range");
	report = report_of(*state, &list);
	dax = only_device(report);
	assert_int_equal(json_get_int(dax, "total_memblocks"), 4);
	assert_int_equal(json_get_int(dax, "online_memblocks"), 0);
	assert_false(json_object_object_get_ex(dax, "movable", NULL));
	assert_int_equal(json_count(dax, "mappings"), 2);
	assert_int_equal(json_get_u64(json_member(dax, "mappings", 0), "page_offset"), 65536);
	assert_int_equal(json_get_u64(json_member(dax, "mappings", 1), "page_offset"), 0);
	assert_int_equal(json_get_u64(json_member(dax, "mappings", 1), "end") -
				 json_get_u64(json_member(dax, "mappings", 1), "start") + 1,
			 256 * MIB);
}

/* --- which ones --- */

static void assert_listed(const char *folder, char *const *names, const char *region,
			  const char *wanted, unsigned int missing)
{
	const struct kmemd_list list = {.devices = names, .region = region, .show_devices = true};
	_cleanup_(json_object_putp) struct json_object *report = report_of(folder, &list);
	struct json_object *array = json_object_object_get(report, "list");
	char text[256] = "";

	if (array)
		json_object_array_sort(array, by_name);
	for (size_t i = 0; i < json_count(report, "list"); i++) {
		strcat(text, i ? " " : "");
		strcat(text, json_text(json_member(report, "list", i), "chardev"));
	}
	assert_string_equal(text, wanted);
	assert_int_equal(json_count(report, "missing"), missing);
	if (!wanted[0])
		assert_null(array);
}

#define NAMES(...) ((char *[]){__VA_ARGS__, NULL})

static void devices_have_many_names(void **state)
{
	tree_load(*state, "multi-range");
	assert_listed(*state, NULL, NULL, "dax0.1 dax0.2 dax0.3 dax1.0 dax2.0", 0);
	assert_listed(*state, NAMES("all"), NULL, "dax0.1 dax0.2 dax0.3 dax1.0 dax2.0", 0);
	assert_listed(*state, NAMES("dax0.2"), NULL, "dax0.2", 0);
	assert_listed(*state, NAMES("0.2", "dax1.0"), NULL, "dax0.2 dax1.0", 0);
	assert_listed(*state, NAMES("region0"), NULL, "dax0.1 dax0.2 dax0.3", 0);
	assert_listed(*state, NAMES("mem1"), NULL, "dax0.1 dax0.2 dax0.3", 0);
	assert_listed(*state, NAMES("0x5678"), NULL, "dax0.1 dax0.2 dax0.3", 0);
	assert_listed(*state, NAMES("cxl-ram:0x1234"), NULL, "dax0.1 dax0.2 dax0.3", 0);
	assert_listed(*state, NAMES("0000:0d:00.0"), NULL, "dax0.1 dax0.2 dax0.3", 0);
	assert_listed(*state, NAMES("namespace1.0"), NULL, "dax1.0", 0);
	assert_listed(*state, NAMES("62405A21-7FFA-43CA-8477-D4FDC1059B34"), NULL, "dax1.0", 0);
	assert_listed(*state, NAMES("nvdimm:62405a21-7ffa-43ca-8477-d4fdc1059b34"), NULL, "dax1.0",
		      0);
}

static void names_that_no_device_has_are_missing(void **state)
{
	tree_load(*state, "multi-range");
	assert_listed(*state, NAMES("dax9.9"), NULL, "", 1);
	assert_listed(*state, NAMES("dax9.9", "dax0.1", "mem7", ""), NULL, "dax0.1", 3);
	assert_listed(*state, NAMES("dax0.0"), NULL, "", 1); /* the seed has no size */
	assert_listed(*state, NAMES("dax"), NULL, "", 1);
	assert_listed(*state, NAMES("dax0.1 "), NULL, "", 1);
}

static void a_region_is_a_filter(void **state)
{
	tree_load(*state, "multi-range");
	assert_listed(*state, NULL, "0", "dax0.1 dax0.2 dax0.3", 0);
	assert_listed(*state, NULL, "region2", "dax2.0", 0);
	assert_listed(*state, NULL, "all", "dax0.1 dax0.2 dax0.3 dax1.0 dax2.0", 0);
	assert_listed(*state, NULL, "7", "", 1);
	assert_listed(*state, NULL, "region", "", 1);
	assert_listed(*state, NAMES("dax2.0"), "2", "dax2.0", 0);
	assert_listed(*state, NAMES("dax2.0"), "0", "", 1);
}

static void memdevs_without_a_dax_device_are_told(void **state)
{
	const struct kmemd_list list = {.show_devices = true, .find_unused = true};
	_cleanup_(json_object_putp) struct json_object *report = NULL, *again = NULL;

	tree_load(*state, "interleaved");
	report = report_of(*state, &list);
	assert_int_equal(json_count(report, "unused_memdevs"), 0);
	tree_put(*state, "bus/cxl/devices/mem7/serial", "0x99\n");
	again = report_of(*state, &list);
	assert_int_equal(json_count(again, "unused_memdevs"), 1);
	assert_string_equal(json_object_get_string(json_member(again, "unused_memdevs", 0)),
			    "mem7");
}

/* --- sizes for people --- */

static void assert_human(const char *folder, uint64_t size, const char *wanted)
{
	const struct kmemd_list list = {.show_devices = true, .human = true};
	_cleanup_(json_object_putp) struct json_object *report = NULL;
	char text[64];

	folder_remove(folder);
	tree_dax(folder, "dax0.0", "device_dax", 4 * GIB, size);
	report = report_of(folder, &list);
	snprintf(text, sizeof(text), "\"size\":%s,", wanted);
	assert_contains(print(only_device(report)), text);
}

/* As daxctl rounds and names them (util/json.c). */
static void sizes_for_people(void **state)
{
	assert_human(*state, 5000 * 1024 - 1, "5119999");
	assert_human(*state, 5000 * 1024, "\"4.88 MiB (5.12 MB)\"");
	assert_human(*state, 526385152, "\"502.00 MiB (526.39 MB)\"");
	assert_human(*state, 2 * GIB - 1, "\"2048.00 MiB (2147.48 MB)\"");
	assert_human(*state, 2 * GIB, "\"2.00 GiB (2.15 GB)\"");
	assert_human(*state, 2048 * GIB - MIB, "\"2048.00 GiB (2199.02 GB)\"");
	assert_human(*state, 2048 * GIB, "\"2.00 TiB (2.20 TB)\"");
}

/* Somebody else's driver, and memory that is online although no kmem is bound. */
static void what_should_not_be_there_is_shown(void **state)
{
	const struct kmemd_list list = {.show_devices = true};
	_cleanup_(json_object_putp) struct json_object *report = NULL;
	struct json_object *blocks = NULL;

	tree_dax(*state, "dax0.0", "fsdev_dax", 4 * GIB, 4 * BLOCK);
	tree_dax_put(*state, "dax0.0", "state", "online_movable");
	tree_block(*state, 4 * GIB / BLOCK + 1, "Movable");
	tree_dax(*state, "dax1.0", "device_dax", 8 * GIB, 4 * BLOCK);
	report = report_of(*state, &list);
	assert_int_equal(json_count(report, "list"), 2);
	for (size_t i = 0; i < 2; i++) {
		struct json_object *device = json_member(report, "list", i);
		bool first = !strcmp(json_text(device, "chardev"), "dax0.0");

		assert_string_equal(json_text(device, "driver"),
				    first ? "fsdev_dax" : "device_dax");
		assert_string_equal(json_text(device, "hotplug_state"),
				    first ? "online_movable" : "");
		assert_string_equal(json_text(device, "mode"), "devdax");
		assert_false(json_object_object_get_ex(device, "online_memblocks", NULL));
		assert_int_equal(json_object_object_get_ex(device, "blocks", &blocks), first);
		if (first)
			assert_int_equal(json_get_u64(blocks, "movable"), 1);
	}
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_interleaved_set_and_namespaces_look_as_in_daxctl),
		with_folder(our_members_stand_behind_those_of_daxctl),
		with_folder(all_ranges_of_a_device_count),
		with_folder(devices_have_many_names),
		with_folder(names_that_no_device_has_are_missing),
		with_folder(a_region_is_a_filter),
		with_folder(memdevs_without_a_dax_device_are_told),
		with_folder(sizes_for_people),
		with_folder(what_should_not_be_there_is_shown),
	};

	return cmocka_run_group_tests_name("list_dax", tests, NULL, NULL);
}
