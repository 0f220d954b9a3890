// SPDX-License-Identifier: GPL-2.0-or-later
/* From what the kernel has to devices with a stable identity, and where their memmap is. */
#include "fixture.h"
#include "inventory/identity.h"
#include "inventory/inventory.h"
#include "inventory/make-device.h"
#include "inventory/memmap-place.h"

#define HOST "{'version': 1, 'host': {'kernel': '6.12', 'block_size': 134217728}, "

static const struct device *find(const struct kmemd_inventory *inventory, const char *name)
{
	const struct device *device = inventory_device(inventory, name);

	if (!device)
		fail_msg("no device is called %s", name);
	return device;
}

static void a_memdev_is_identified_by_its_serial(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'memdevs': [{'memdev': 'mem0', 'host': '0000:0d:00.0', 'serial': 4660, "
		     "'ram_size': 1073741824, 'pmem_size': 536870912, 'instance': 5, 'node': 1}]}");

	(void)state;
	assert_int_equal(inventory->devices.count, 2);
	assert_string_equal(inventory->devices.items[0].identity, "cxl-ram:0x1234");
	assert_int_equal(inventory->devices.items[0].kind, KIND_CXL_RAM);
	assert_int_equal(inventory->devices.items[0].size, GIB);
	assert_int_equal(inventory->devices.items[0].instance, 5);
	assert_int_equal(inventory->devices.items[0].node, 1);
	assert_false(inventory->devices.items[0].persistent);
	assert_string_equal(inventory->devices.items[1].identity, "cxl-pmem:0x1234");
	assert_int_equal(inventory->devices.items[1].size, 512 * MIB);
	assert_true(inventory->devices.items[1].persistent);
}

static void a_memdev_without_capacity_is_no_device(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'memdevs': [{'memdev': 'mem0', 'serial': 4660}]}");

	(void)state;
	assert_int_equal(inventory->devices.count, 0);
}

static void a_serial_that_identifies_nothing_gives_way_to_the_pci_address(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'memdevs': ["
		     "{'memdev': 'mem0', 'host': '0000:0d:00.0', 'serial': 7, 'ram_size': 1}, "
		     "{'memdev': 'mem1', 'host': '0000:0e:00.0', 'serial': 7, 'ram_size': 1}, "
		     "{'memdev': 'mem2', 'host': '0000:0f:00.0', 'serial': 0, 'ram_size': 1}, "
		     "{'memdev': 'mem3', 'host': '0000:10:00.0', 'serial': 18446744073709551615, "
		     "'ram_size': 1}, "
		     "{'memdev': 'mem4', 'host': '0000:11:00.0', 'serial': 8, 'ram_size': 1}]}");

	(void)state;
	assert_string_equal(find(inventory, "mem0")->identity, "cxl-ram:0000:0d:00.0");
	assert_string_equal(find(inventory, "mem1")->identity, "cxl-ram:0000:0e:00.0");
	assert_string_equal(find(inventory, "mem2")->identity, "cxl-ram:0000:0f:00.0");
	assert_string_equal(find(inventory, "mem3")->identity, "cxl-ram:0000:10:00.0");
	assert_string_equal(find(inventory, "mem4")->identity, "cxl-ram:0x8");
}

static void a_device_has_its_regions_and_their_dax_devices(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'memdevs': ["
		     "{'memdev': 'mem0', 'serial': 1, 'ram_size': 1, 'pmem_size': 1}, "
		     "{'memdev': 'mem1', 'serial': 2, 'ram_size': 1}], "
		     "'regions': ["
		     "{'region': 'region0', 'targets': [{'memdev': 'mem0'}]}, "
		     "{'region': 'region1', 'targets': [{'memdev': 'mem1'}]}, "
		     "{'region': 'region2', 'persistent': true, 'targets': [{'memdev': 'mem0'}]}, "
		     "{'region': 'region3', 'targets': [{'memdev': 'mem0'}]}], "
		     "'dax': ["
		     "{'dax': 'dax1.0', 'parent': 'cxl', 'origin': 'region1', 'size': 1}, "
		     "{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 1}, "
		     "{'dax': 'dax0.1', 'parent': 'cxl', 'origin': 'region0', 'size': 1}, "
		     "{'dax': 'dax0.2', 'parent': 'cxl', 'origin': 'region0'}, " /* idle */
		     "{'dax': 'dax9.0', 'parent': 'cxl', 'origin': 'region9', 'size': 1}]}");
	const struct device *ram = find(inventory, "cxl-ram:0x1");
	const struct device *pmem = find(inventory, "cxl-pmem:0x1");

	(void)state;
	assert_int_equal(inventory->devices.count, 3);
	assert_int_equal(ram->regions.count, 2);
	assert_string_equal(ram->regions.items[0]->name, "region0");
	assert_string_equal(ram->regions.items[1]->name, "region3");
	assert_int_equal(ram->dax.count, 2);
	assert_string_equal(ram->dax.items[0]->name, "dax0.0");
	assert_string_equal(ram->dax.items[1]->name, "dax0.1");
	assert_int_equal(pmem->regions.count, 1);
	assert_string_equal(pmem->regions.items[0]->name, "region2");
	assert_int_equal(pmem->dax.count, 0);
	assert_string_equal(find(inventory, "dax1.0")->identity, "cxl-ram:0x2");
}

static void an_interleaved_region_belongs_to_all_its_memdevs(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"interleaved.json");
	const struct device *first = find(inventory, "mem0"), *second = find(inventory, "mem1");

	(void)state;
	assert_ptr_not_equal(first, second);
	assert_int_equal(first->regions.count, 1);
	assert_ptr_equal(first->regions.items[0], second->regions.items[0]);
	assert_ptr_equal(first->dax.items[0], second->dax.items[0]);
	assert_ptr_equal(find(inventory, "region0"), first); /* the first one speaks for it */
}

static void a_namespace_is_identified_by_its_uuid(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'namespaces': ["
		     "{'namespace': 'namespace0.0', 'mode': 'devdax', 'uuid': 'AbC-1', 'raw_uuid': "
		     "'dEf-2', 'dax': 'dax0.0', 'size': 5, 'node': 1, 'instance': 9}, "
		     "{'namespace': 'namespace1.0', 'mode': 'raw', 'uuid': '', 'size': 6}], "
		     "'dax': [{'dax': 'dax0.0', 'parent': 'nvdimm', 'origin': 'namespace0.0', "
		     "'size': 5}]}");
	const struct device *device = find(inventory, "namespace0.0");

	(void)state;
	assert_int_equal(inventory->devices.count, 2); /* its dax device is no second one */
	assert_int_equal(device->kind, KIND_NVDIMM);
	assert_true(device->persistent);
	assert_string_equal(device->identity, "nvdimm:AbC-1");
	assert_int_equal(device->instance, 9);
	assert_int_equal(device->dax.count, 1);
	assert_ptr_equal(find(inventory, "abc-1"), device);
	assert_ptr_equal(find(inventory, "DEF-2"), device);
	assert_ptr_equal(find(inventory, "dax0.0"), device);
	assert_string_equal(find(inventory, "namespace1.0")->identity, "nvdimm:namespace1.0");
	assert_null(inventory_device(inventory, ""));
}

static void hmem_is_identified_by_where_it_lies(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'dax': ["
		     "{'dax': 'dax0.0', 'parent': 'hmem', 'origin': 'hmem.0', 'size': 2147483648, "
		     "'target_node': 2, 'ranges': [{'start': 4294967296, 'size': 2147483648}]}, "
		     "{'dax': 'dax3.0', 'parent': 'other', 'size': 4096}]}");

	(void)state;
	assert_string_equal(find(inventory, "dax0.0")->identity, "hmem:0x100000000+0x80000000");
	assert_int_equal(find(inventory, "dax0.0")->kind, KIND_HMEM);
	assert_int_equal(find(inventory, "dax0.0")->node, 2);
	assert_false(find(inventory, "dax0.0")->persistent);
	assert_string_equal(find(inventory, "dax3.0")->identity, "dax:0x0+0x1000");
	assert_int_equal(find(inventory, "dax3.0")->kind, KIND_DAX);
}

static void a_device_is_found_by_every_name_it_has(void **state)
{
	static const char *const names[] = {"mem0", "region0",	  "dax0.0",	  "0x1234",
					    "4660", "0x00001234", "0000:0d:00.0", "cxl-ram:0x1234"};
	static const char *const others[] = {
		"",	      "mem",  "mem00",	 "0x12345",	    "region",  "dax0",
		"0000:0d:00", "1234", "cxl-ram", "cxl-pmem:0x1234", "0x1234 ", "-1"};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST
		"'memdevs': [{'memdev': 'mem0', 'host': '0000:0d:00.0', 'serial': 4660, "
		"'ram_size': 1}], "
		"'regions': [{'region': 'region0', 'targets': [{'memdev': 'mem0'}]}], "
		"'dax': [{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 1}]}");

	(void)state;
	for (size_t i = 0; i < array_size(names); i++)
		assert_ptr_equal(find(inventory, names[i]), inventory->devices.items);
	for (size_t i = 0; i < array_size(others); i++)
		if (inventory_device(inventory, others[i]))
			fail_msg("'%s' found a device", others[i]);
}

/* A memdev's name means its volatile capacity. */
static void the_volatile_capacity_comes_first(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST
		"'memdevs': [{'memdev': 'mem0', 'serial': 1, 'ram_size': 1, 'pmem_size': 1}]}");

	(void)state;
	assert_int_equal(find(inventory, "mem0")->kind, KIND_CXL_RAM);
	assert_int_equal(find(inventory, "1")->kind, KIND_CXL_RAM);
	assert_int_equal(find(inventory, "cxl-pmem:0x1")->kind, KIND_CXL_PMEM);
}

static void a_root_decoder_is_found_by_name(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST "'root_decoders': [{'decoder': 'decoder0.0'}, {'decoder': 'decoder0.1'}]}");

	(void)state;
	assert_ptr_equal(inventory_root_decoder(inventory, "decoder0.1"),
			 &inventory->root_decoders.items[1]);
	assert_null(inventory_root_decoder(inventory, "decoder0"));
}

/* --- where the memmap is
 * ----------------------------------------------------------------------------------------- */

static void assert_memmap(const char *text, enum tristate wanted, const char *wanted_how)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(text);
	const char *how = NULL;

	assert_int_equal(dax_memmap_on_device(inventory, inventory->dax.items, &how), wanted);
	assert_string_equal(how, wanted_how);
}

static void the_drivers_numbers_tell_where_the_memmap_is(void **state)
{
	(void)state;
	assert_memmap(HOST "'dax': [{'dax': 'dax0.0', 'driver': 'kmem', 'kmem': "
			   "{'memmap_dram_bytes': 0, 'memmap_device_bytes': 2097152}}]}",
		      TRISTATE_YES, "counted by the driver");
	assert_memmap(HOST "'dax': [{'dax': 'dax0.0', 'driver': 'kmem', 'kmem': "
			   "{'memmap_dram_bytes': 2097152, 'memmap_device_bytes': 0}}]}",
		      TRISTATE_NO, "counted by the driver");
	assert_memmap(HOST "'dax': [{'dax': 'dax0.0', 'driver': 'kmem', 'kmem': "
			   "{'memmap_dram_bytes': 2097152, 'memmap_device_bytes': 2097152}}]}",
		      TRISTATE_UNKNOWN, "counted by the driver");
	assert_memmap(HOST "'dax': [{'dax': 'dax0.0', 'driver': 'device_dax'}]}", TRISTATE_UNKNOWN,
		      "not in kmem");
}

#define TWO_BLOCKS                                                                                 \
	"'dax': [{'dax': 'dax0.0', 'driver': 'kmem', 'target_node': 1, 'blocks': [{'index': 1, "   \
	"'state': 'movable'}, {'index': 2, 'state': 'kernel'}, {'index': 3, 'state': "             \
	"'offline'}]}]}"

static void without_numbers_the_size_of_the_node_tells(void **state)
{
	(void)state;
	/* Two blocks that are online: 256 MiB, or 252 when each carries 2 MiB of memmap. */
	assert_memmap(
		HOST
		"'nodes': [{'node': 0, 'total': 1}, {'node': 1, 'total': 268435456}], " TWO_BLOCKS,
		TRISTATE_NO, "by the size of the node");
	assert_memmap(HOST "'nodes': [{'node': 1, 'total': 264241152}], " TWO_BLOCKS, TRISTATE_YES,
		      "by the size of the node");
	assert_memmap(HOST "'nodes': [{'node': 1, 'total': 266338304}], " TWO_BLOCKS,
		      TRISTATE_UNKNOWN, "not known");
	assert_memmap(HOST "'nodes': [{'node': 1, 'total': 2000000000}], " TWO_BLOCKS,
		      TRISTATE_UNKNOWN, "not known");
	assert_memmap(HOST TWO_BLOCKS, TRISTATE_UNKNOWN, "not known");
	/* Nothing is online: nothing can be told, though 0 blocks are 0 bytes. */
	assert_memmap(HOST
		      "'nodes': [{'node': 1, 'total': 0}], 'dax': [{'dax': 'dax0.0', 'driver': "
		      "'kmem', 'target_node': 1, 'blocks': [{'index': 1, 'state': 'offline'}]}]}",
		      TRISTATE_UNKNOWN, "not known");
}

static void all_devices_of_a_node_count_for_its_size(void **state)
{
	(void)state;
	assert_memmap(HOST "'nodes': [{'node': 1, 'total': 264241152}], 'dax': ["
			   "{'dax': 'dax0.0', 'driver': 'kmem', 'target_node': 1, 'blocks': "
			   "[{'index': 1, 'state': 'movable'}]}, "
			   "{'dax': 'dax1.0', 'driver': 'kmem', 'target_node': 1, 'blocks': "
			   "[{'index': 9, 'state': 'movable'}]}, "
			   "{'dax': 'dax2.0', 'driver': 'kmem', 'target_node': 2, 'blocks': "
			   "[{'index': 19, 'state': 'movable'}]}]}",
		      TRISTATE_YES, "by the size of the node");
}

static void recorded_machines_show_where_their_memmap_is(void **state)
{
	static const struct {
		const char *file, *dax;
		enum tristate on_device;
	} cases[] = {
		{"two-expanders-online.json", "dax0.0", TRISTATE_YES},
		{"one-expander-stock.json", "dax0.0", TRISTATE_NO},
		{"hmem.json", "dax0.0", TRISTATE_NO},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory =
			inventory_recorded(cases[i].file);
		const char *how;

		array_foreach(dax, &inventory->dax) {
			if (strcmp(dax->name, cases[i].dax))
				continue;
			assert_int_equal(dax_memmap_on_device(inventory, dax, &how),
					 cases[i].on_device);
		}
		find(inventory, cases[i].dax);
	}
}

/* --- of dax devices alone --- */

static void add_source_memdev(struct dax_device *dax, const char *name, uint64_t serial)
{
	struct dax_memdev *memdev = array_add(&dax->source.memdevs);
	char **identity = array_add(&dax->source.identities);

	copy_name(memdev->name, name);
	copy_name(memdev->host, "0000:0d:00.0");
	memdev->serial = serial;
	memdev->has_serial = true;
	*identity = identity_of_memdev(KIND_CXL_RAM, true, serial, memdev->host);
}

/* Each of a set is itself, and so is the life that its record is about. */
static void a_dax_device_has_all_the_devices_it_was_made_of(void **state)
{
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	struct dax_device *dax = array_add(&inventory->dax);
	const struct device *devices;

	copy_name(dax->name, "dax0.0");
	dax->target_node = 3;
	dax->size = GIB;
	add_source_memdev(dax, "mem0", 1);
	add_source_memdev(dax, "mem7", 2);
	make_folders(at(*state, "bus/cxl/devices/mem0"));
	make_folders(at(*state, "bus/cxl/devices/mem7"));
	assert_int_equal(devices_make_of_dax(*state, inventory, dax), 0);
	devices = inventory->devices.items;
	assert_int_equal(inventory->devices.count, 2);
	assert_string_equal(devices[1].identity, "cxl-ram:0x2");
	assert_string_equal(devices[1].name, "mem7");
	assert_string_equal(devices[1].instance_path, "bus/cxl/devices/mem7");
	assert_int_equal(devices[1].instance, sysfs_instance(*state, "bus/cxl/devices/mem7"));
	assert_int_not_equal(devices[0].instance, devices[1].instance);
	assert_int_equal(devices[1].serial, 2);
	assert_false(devices[1].persistent);
	assert_string_equal(devices[1].vendor, "");
	kmemd_inventory_free(inventory);
}

static void a_life_is_that_of_a_folder_of_sysfs(void **state)
{
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	struct dax_device *hmem = array_add(&inventory->dax), *nvdimm;
	const struct dax_region region = {.id = 4, .path = (char *)"devices/platform/hmem.0"};
	const struct device *devices;

	copy_name(hmem->name, "dax0.0");
	hmem->source.kind = KIND_HMEM;
	hmem->region_path = strdup(region.path);
	*(char **)array_add(&hmem->source.identities) = identity_of_range(KIND_HMEM, GIB, 7);
	nvdimm = array_add(&inventory->dax);
	copy_name(nvdimm->origin, "namespace1.0");
	nvdimm->source.kind = KIND_NVDIMM;
	*(char **)array_add(&nvdimm->source.identities) = identity_of_namespace("", "namespace1.0");
	make_folders(at(*state, "%s", region.path));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(devices_make_of_dax(*state, inventory, &inventory->dax.items[i]),
				 0);
	assert_int_equal(device_make_of_dax_region(*state, inventory, &region), 0);
	devices = inventory->devices.items;
	assert_string_equal(devices[0].identity, "hmem:0x40000000+0x7");
	assert_string_equal(devices[0].instance_path, region.path);
	assert_int_equal(devices[0].instance, sysfs_instance(*state, region.path));
	assert_int_not_equal(devices[0].instance, 0);
	assert_string_equal(devices[1].identity, "nvdimm:namespace1.0");
	assert_string_equal(devices[1].instance_path, "bus/nd/devices/namespace1.0");
	assert_int_equal(devices[1].instance, 0); /* gone meanwhile */
	assert_true(devices[1].persistent);
	assert_string_equal(devices[2].identity, "dax-region:4");
	assert_int_equal(devices[2].instance, devices[0].instance);
	kmemd_inventory_free(inventory);
}

/* Vendor and model are those of the memdev, or of all NVDIMMs below the namespace. */
static void a_device_knows_who_made_it(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_of(
		HOST
		"'memdevs': [{'memdev': 'mem0', 'serial': 1, 'ram_size': 1, 'vendor': '0x8086', "
		"'model': '0xd93'}], 'dimms': [{'dimm': 'nmem0', 'vendor': '0x8980', 'model': "
		"'0x1', 'regions': ['region1', 'region2']}, {'dimm': 'nmem1', 'vendor': '0x8980', "
		"'model': '0x2', 'regions': ['region2']}], 'namespaces': [{'namespace': "
		"'namespace1.0', 'region': 'region1'}, {'namespace': 'namespace2.0', 'region': "
		"'region2'}, {'namespace': 'namespace3.0', 'region': 'region3'}]}");

	(void)state;
	assert_string_equal(find(inventory, "mem0")->vendor, "0x8086");
	assert_string_equal(find(inventory, "mem0")->model, "0xd93");
	assert_string_equal(find(inventory, "mem0")->instance_path, "bus/cxl/devices/mem0");
	assert_string_equal(find(inventory, "namespace1.0")->model, "0x1");
	assert_string_equal(find(inventory, "namespace2.0")->model, "");
	assert_string_equal(find(inventory, "namespace3.0")->vendor, "");
	assert_string_equal(find(inventory, "namespace3.0")->instance_path,
			    "bus/nd/devices/namespace3.0");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_memdev_is_identified_by_its_serial),
		cmocka_unit_test(a_memdev_without_capacity_is_no_device),
		cmocka_unit_test(a_serial_that_identifies_nothing_gives_way_to_the_pci_address),
		cmocka_unit_test(a_device_has_its_regions_and_their_dax_devices),
		cmocka_unit_test(an_interleaved_region_belongs_to_all_its_memdevs),
		cmocka_unit_test(a_namespace_is_identified_by_its_uuid),
		cmocka_unit_test(hmem_is_identified_by_where_it_lies),
		cmocka_unit_test(a_device_is_found_by_every_name_it_has),
		cmocka_unit_test(the_volatile_capacity_comes_first),
		cmocka_unit_test(a_root_decoder_is_found_by_name),
		cmocka_unit_test(the_drivers_numbers_tell_where_the_memmap_is),
		cmocka_unit_test(without_numbers_the_size_of_the_node_tells),
		cmocka_unit_test(all_devices_of_a_node_count_for_its_size),
		cmocka_unit_test(recorded_machines_show_where_their_memmap_is),
		with_folder(a_dax_device_has_all_the_devices_it_was_made_of),
		with_folder(a_life_is_that_of_a_folder_of_sysfs),
		cmocka_unit_test(a_device_knows_who_made_it),
	};

	return cmocka_run_group_tests_name("devices", tests, NULL, NULL);
}
