// SPDX-License-Identifier: GPL-2.0-or-later
/* The snapshot as JSON: out and in again, and what is no snapshot. */
#include "base/error.h"
#include "fixture.h"
#include "inventory/inventory.h"
#include "inventory/load-inventory.h"
#include "json/inventory-json.h"

#include <dirent.h>

static void assert_same_after_reading_back(const struct kmemd_inventory *inventory)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *again = NULL;
	struct json_object *first = kmemd_inventory_to_json(inventory), *second;
	struct kmemd_error error = {0};

	assert_non_null(first);
	assert_int_equal(kmemd_inventory_from_json(first, &again, &error), 0);
	second = kmemd_inventory_to_json(again);
	assert_string_equal(json_object_to_json_string(second), json_object_to_json_string(first));
	assert_int_equal(again->devices.count, inventory->devices.count);
	for (size_t i = 0; i < again->devices.count; i++)
		assert_string_equal(again->devices.items[i].identity,
				    inventory->devices.items[i].identity);
	json_object_put(first);
	json_object_put(second);
}

/* What is in the file is what comes out: no field is lost on the way. */
static void assert_nothing_of_the_file_is_lost(const char *name)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		name);
	struct json_object *file = NULL, *json = kmemd_inventory_to_json(inventory);
	char path[512];

	snprintf(path, sizeof(path), INVENTORIES "/%s", name);
	assert_int_equal(json_read_file(path, &file), 0);
	if (!json_object_equal(file, json))
		fail_msg("%s reads back as %s", name, json_object_to_json_string(json));
	json_object_put(file);
	json_object_put(json);
	assert_same_after_reading_back(inventory);
}

static void recorded_inventories_survive_reading_and_writing(void **state)
{
	_cleanup_dir_ DIR *directory = opendir(INVENTORIES);
	struct dirent *entry;
	unsigned int count = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		if (!strstr(entry->d_name, ".json"))
			continue;
		assert_nothing_of_the_file_is_lost(entry->d_name);
		count++;
	}
	assert_true(count >= 8);
}

static void every_field_survives(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'kernel': '7.3', 'block_size': 2147483648, "
		"'auto_online_blocks': 'online_kernel', 'memmap_on_memory': false, 'kmem': "
		"'kmemd', "
		"'memory_total': 3, 'memory_free': 2, 'memory_available': 1}, "
		"'nodes': [{'node': 3, 'total': 7, 'free': 6}], "
		"'memdevs': [{'memdev': 'mem4', 'host': '0000:0d:00.0', 'serial': "
		"18446744073709551614, 'node': -1, 'ram_size': 8, 'pmem_size': 9, 'ram_allocated': "
		"10, 'free_decoder': 'decoder5.1', 'enabled': true, 'instance': 11}], "
		"'root_decoders': [{'decoder': 'decoder0.0', 'start': 12, 'size': 13, "
		"'largest_free': 14, 'volatile_capable': true, 'persistent_capable': true, "
		"'creates_ram': true, 'ways': 2, 'granularity': 512, 'memdevs': ['mem4', "
		"'mem5']}], "
		"'regions': [{'region': 'region7', 'root_decoder': 'decoder0.0', 'start': 15, "
		"'size': 16, 'ways': 2, 'granularity': 512, 'persistent': true, 'committed': true, "
		"'enabled': true, 'targets': [{'memdev': 'mem4', 'decoder': 'decoder5.0'}]}], "
		"'namespaces': [{'namespace': 'namespace1.0', 'mode': 'devdax', 'uuid': 'u', "
		"'raw_uuid': 'r', 'dax': 'dax1.0', 'size': 17, 'node': -2, 'instance': 18}], "
		"'dax': [{'dax': 'dax1.0', 'parent': 'nvdimm', 'origin': 'namespace1.0', 'driver': "
		"'kmem', 'size': 19, 'align': 20, 'target_node': 21, 'memmap_on_memory': true, "
		"'ranges': [{'start': 22, 'size': 23}, {'start': 24, 'size': 25}], 'blocks': "
		"[{'index': 26, 'state': 'mixed'}, {'index': 27, 'state': 'kernel'}], 'kmem': "
		"{'memmap_dram_bytes': 28, 'memmap_device_bytes': 29, 'blocks_self_hosted': 30, "
		"'blocks_failed': 31}}]}");
	const struct dax_device *dax = inventory->dax.items;

	(void)state;
	assert_same_after_reading_back(inventory);
	assert_string_equal(inventory->host.kernel, "7.3");
	assert_int_equal(inventory->host.block_size, 2 * GIB);
	assert_int_equal(inventory->host.memmap_parameter, TRISTATE_NO);
	assert_int_equal(inventory->host.kmem, KMEM_DROP_IN);
	assert_int_equal(inventory->host.memory_available, 1);
	assert_int_equal(inventory->nodes.items[0].id, 3);
	assert_true(inventory->memdevs.items[0].serial == UINT64_MAX - 1);
	assert_int_equal(inventory->memdevs.items[0].node, -1);
	assert_int_equal(inventory->memdevs.items[0].instance, 11);
	assert_string_equal(inventory->root_decoders.items[0].memdevs.items[1], "mem5");
	assert_int_equal(inventory->root_decoders.items[0].ways, 2);
	assert_true(inventory->regions.items[0].persistent);
	assert_string_equal(inventory->regions.items[0].targets.items[0].decoder, "decoder5.0");
	assert_int_equal(inventory->namespaces.items[0].node, -2);
	assert_string_equal(inventory->namespaces.items[0].raw_uuid, "r");
	assert_int_equal(dax->parent, DAX_PARENT_NVDIMM);
	assert_int_equal(dax->memmap_on_memory, TRISTATE_YES);
	assert_int_equal(dax->ranges.items[1].size, 25);
	assert_int_equal(dax->blocks.items[0].state, BLOCK_MIXED);
	assert_int_equal(dax->blocks.items[1].state, BLOCK_KERNEL);
	assert_true(dax->has_kmem_numbers);
	assert_int_equal(dax->blocks_self_hosted, 30);
}

/* The fields that not every snapshot has, each with a value that is not its default. */
static const char everything[] =
	"{'version': 1, 'host': {'block_size': 134217728}, "
	"'ports': [{'port': 'root0', 'parent': '', 'host': 'ACPI0017:00', 'depth': 0, 'dports': "
	"[{'host': 'pci0000:0c', 'id': 12}], 'decoders': []}, {'port': 'port1', 'parent': "
	"'root0', 'host': 'pci0000:0c', 'depth': 1, 'dports': [], 'decoders': [{'decoder': "
	"'decoder1.0', 'id': 1, 'start': 2, 'size': 3, 'ways': 4, 'granularity': 5, 'locked': "
	"true, 'region': 'region0', 'targets': [{'host': '0000:0c:00.0', 'id': 6}]}]}], "
	"'memdevs': [{'memdev': 'mem0', 'vendor': '0x8086', 'model': '0xd93', 'firmware': 'B 1', "
	"'restricted': true, 'accelerator': true, 'ram_qos_class': 0, 'pmem_qos_class': 7, "
	"'path': [{'port': 'root0', 'dport': 'pci0000:0c', 'id': 12}], 'decoders': [{'decoder': "
	"'decoder2.0', 'id': 8, 'mode': 'pmem', 'dpa_start': 9, 'dpa_size': 10, 'start': 11, "
	"'size': 12, 'region': 'region0', 'locked': true}]}], "
	"'root_decoders': [{'decoder': 'decoder0.0', 'start': 0, 'size': 100, 'type2_capable': "
	"true, 'type3_capable': true, 'locked': true, 'arithmetic': 'xor', 'qos_class': 0, "
	"'targets': [{'host': 'pci0000:0c', 'id': 12}], 'free': [{'start': 13, 'size': 14}], "
	"'occupants': [{'start': 0, 'size': 13, 'name': 'Soft Reserved'}]}], "
	"'regions': [{'region': 'region0', 'locked': true, 'online_blocks': 15, 'first_online': "
	"16}], "
	"'dimms': [{'dimm': 'nmem0', 'unique_id': 'u', 'enabled': true, 'health': 'fatal', "
	"'life_used': 17, 'vendor': '0x8980', 'model': '0x19', 'flags': ['save_fail', "
	"'restore_fail', 'flush_fail', 'not_armed', 'map_fail', 'smart_notify'], 'regions': "
	"['region1', 'region2']}], "
	"'namespaces': [{'namespace': 'namespace1.0', 'region': 'region1'}], "
	"'dax': [{'dax': 'dax0.0', 'driver': 'fsdev_dax', 'hotplug_state': 'unplugged', "
	"'region_path': 'devices/platform/hmem.0', 'instance': 18, 'size': 19}]}";

static struct json_object *json_of(const char *text)
{
	_cleanup_free_ char *quoted = strdup(text);
	struct json_object *json;

	assert_non_null(quoted);
	for (char *c = quoted; *c; c++)
		if (*c == '\'')
			*c = '"';
	json = json_tokener_parse(quoted);
	assert_non_null(json);
	return json;
}

/* Whatever is in the wanted value is in the other, too. */
static void assert_has(struct json_object *wanted, struct json_object *got)
{
	if (json_object_is_type(wanted, json_type_object)) {
		json_object_object_foreach(wanted, key, value)
		{
			struct json_object *other = NULL;

			if (!json_object_object_get_ex(got, key, &other))
				fail_msg("%s is lost", key);
			assert_has(value, other);
		}
	} else if (json_object_is_type(wanted, json_type_array)) {
		assert_int_equal(json_object_array_length(wanted), json_object_array_length(got));
		for (size_t i = 0; i < json_object_array_length(wanted); i++)
			assert_has(json_object_array_get_idx(wanted, i),
				   json_object_array_get_idx(got, i));
	} else if (!json_object_equal(wanted, got)) {
		fail_msg("%s has become %s", json_object_to_json_string(wanted),
			 json_object_to_json_string(got));
	}
}

static void fields_that_may_be_missing_survive(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		everything);
	struct json_object *wanted = json_of(everything), *got = kmemd_inventory_to_json(inventory);

	(void)state;
	assert_has(wanted, got);
	json_object_put(wanted);
	json_object_put(got);
	assert_same_after_reading_back(inventory);
	assert_true(inventory->root_decoders.items[0].free_is_known);
	assert_true(dax_is_foreign(inventory->dax.items));
	assert_int_equal(inventory->dimms.items[0].flags, (1U << 6) - 1);
}

/* A new NVDIMM has used nothing of its life, which is another thing than not known. */
static void what_is_zero_is_known(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 134217728}, 'dimms': [{'dimm': 'nmem0', "
		"'life_used': 0}, {'dimm': 'nmem1'}]}");
	_cleanup_(json_object_putp) struct json_object *json = kmemd_inventory_to_json(inventory);
	struct json_object *used = json_member(json, "dimms", 0);

	(void)state;
	assert_true(json_object_object_get_ex(used, "life_used", NULL));
	assert_int_equal(json_get_u64(used, "life_used"), 0);
	assert_false(json_object_object_get_ex(json_member(json, "dimms", 1), "life_used", NULL));
}

/* What a snapshot does not say is unknown, and free space is what the regions leave. */
static void fields_that_are_missing_are_unknown(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 134217728}, 'memdevs': [{'memdev': "
		"'mem0'}], 'root_decoders': [{'decoder': 'decoder0.0', 'start': 100, 'size': "
		"100}], 'regions': [{'region': 'region0', 'root_decoder': 'decoder0.0', 'start': "
		"120, 'size': 30}], 'dimms': [{'dimm': 'nmem0'}], 'dax': [{'dax': 'dax0.0'}]}");
	const struct root_decoder *decoder = inventory->root_decoders.items;

	(void)state;
	assert_int_equal(inventory->memdevs.items[0].ram_qos_class, -1);
	assert_int_equal(inventory->memdevs.items[0].pmem_qos_class, -1);
	assert_int_equal(decoder->qos_class, -1);
	assert_int_equal(decoder->arithmetic, ARITHMETIC_UNKNOWN);
	assert_int_equal(inventory->dimms.items[0].life_used, -1);
	assert_int_equal(inventory->dimms.items[0].health, DIMM_HEALTH_UNKNOWN);
	assert_null(inventory->dax.items[0].region_path);
	assert_true(dax_is_idle(inventory->dax.items));
	assert_false(decoder->free_is_known);
	assert_int_equal(decoder->free.count, 2);
	assert_int_equal(decoder->free.items[0].size, 20);
	assert_int_equal(decoder->free.items[1].start, 150);
	assert_string_equal(decoder->occupants.items[0].name, "region0");
	assert_same_after_reading_back(inventory);
}

/* Unknown is something else than no. */
static void a_switch_that_is_missing_is_unknown(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 134217728}, 'dax': [{'dax': 'dax0.0'}]}");
	struct json_object *json = kmemd_inventory_to_json(inventory);

	(void)state;
	assert_int_equal(inventory->host.memmap_parameter, TRISTATE_UNKNOWN);
	assert_int_equal(inventory->dax.items[0].memmap_on_memory, TRISTATE_UNKNOWN);
	assert_false(inventory->dax.items[0].has_kmem_numbers);
	assert_null(strstr(json_object_to_json_string(json), "memmap"));
	json_object_put(json);
}

static void assert_refused(const char *text, const char *why)
{
	struct json_object *json = json_tokener_parse(text);
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};

	assert_int_equal(kmemd_inventory_from_json(json, &inventory, &error), -EINVAL);
	assert_int_equal(error.result, KMEMD_USAGE);
	assert_contains(error.message, why);
	assert_null(inventory);
	json_object_put(json);
}

static void what_is_no_inventory_is_refused(void **state)
{
	(void)state;
	assert_refused("null", "no inventory of version 1");
	assert_refused("[]", "no inventory of version 1");
	assert_refused("7", "no inventory of version 1");
	assert_refused("{}", "no inventory of version 1");
	assert_refused("{\"version\": 2, \"host\": {\"block_size\": 134217728}}",
		       "no inventory of version 1");
	assert_refused("{\"version\": \"1\", \"host\": {\"block_size\": 134217728}}",
		       "no inventory of version 1");
	assert_refused("{\"version\": 4294967297}", "no inventory of version 1");
	assert_refused("{\"version\": 1}", "no block size");
	assert_refused("{\"version\": 1, \"host\": []}", "no block size");
	assert_refused("{\"version\": 1, \"host\": {\"block_size\": \"big\"}}", "no block size");
	assert_refused("{\"version\": 1, \"host\": {\"block_size\": -1}}", "no block size");
}

/* Values of the wrong type, members that are no objects, names that are too long: no crash, nothing
 * made up. */
static void foreign_values_are_nothing(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		"{'version': 1, 'host': {'block_size': 134217728, 'kernel': 7, 'kmem': 'mine'}, "
		"'nodes': 5, 'memdevs': [null, 3, 'x', [], {'memdev': {}, 'serial': 'many', "
		"'ram_size': true, 'host': null, 'decoders': [1, {'mode': 'x'}], 'path': {}}], "
		"'root_decoders': [{'memdevs': [null, 4, {}], 'free': 3, 'occupants': [null], "
		"'targets': [[]]}], 'ports': [1, {'decoders': [null, {'targets': 4}], 'dports': "
		"[5]}], 'dimms': ['x', {'flags': [null, 1, 'on_fire'], 'regions': [7]}], "
		"'regions': [{'targets': [null, 1, {'memdev': 2}]}], 'namespaces': {}, "
		"'dax': [{'dax': "
		"'dax0123456789012345678901234567890123456789', 'parent': 'moon', 'ranges': "
		"[null, {}], 'blocks': [null, {'index': 'x', 'state': 'asleep'}], 'kmem': 3}]}");

	(void)state;
	assert_string_equal(inventory->host.kernel, "");
	assert_int_equal(inventory->host.kmem, KMEM_ABSENT);
	assert_int_equal(inventory->nodes.count, 0);
	assert_int_equal(inventory->memdevs.count, 5);
	assert_int_equal(inventory->root_decoders.items[0].memdevs.count, 3);
	assert_int_equal(inventory->dax.items[0].blocks.items[1].state, BLOCK_ABSENT);
	assert_int_equal(strlen(inventory->dax.items[0].name), DEVICE_NAME_MAX - 1);
	assert_same_after_reading_back(inventory);
}

/* Cut anywhere, a recorded inventory is either no JSON or no inventory, never a crash or half of
 * one. */
static void a_truncated_inventory_is_refused(void **state)
{
	const char *source = INVENTORIES "/two-expanders-one-drained.json";
	const char *path = at(*state, "cut.json");
	_cleanup_free_ char *text = malloc(65536);
	_cleanup_file_ FILE *file = fopen(source, "re");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, 65536, file);
	assert_in_range(length, 1000, 65535);
	while (length && text[length - 1] != '}')
		length--;
	for (size_t cut = 0; cut < length; cut += 7) {
		struct json_object *json = NULL;

		write_bytes(path, text, cut);
		assert_int_equal(json_read_file(path, &json), -EBADMSG);
	}
}

static void a_large_inventory_is_read_whole(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"ten-thousand-blocks.json");
	struct block_counts counts = dax_block_counts(inventory->dax.items);

	(void)state;
	assert_int_equal(counts.total, 10000);
	assert_int_equal(counts.in[BLOCK_MOVABLE], 9990);
	assert_int_equal(counts.in[BLOCK_OFFLINE], 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_inventories_survive_reading_and_writing),
		cmocka_unit_test(every_field_survives),
		cmocka_unit_test(fields_that_may_be_missing_survive),
		cmocka_unit_test(what_is_zero_is_known),
		cmocka_unit_test(fields_that_are_missing_are_unknown),
		cmocka_unit_test(a_switch_that_is_missing_is_unknown),
		cmocka_unit_test(what_is_no_inventory_is_refused),
		cmocka_unit_test(foreign_values_are_nothing),
		cmocka_unit_test_setup_teardown(a_truncated_inventory_is_refused, folder_setup,
						folder_teardown),
		cmocka_unit_test(a_large_inventory_is_read_whole),
	};

	return cmocka_run_group_tests_name("inventory_json", tests, NULL, NULL);
}
