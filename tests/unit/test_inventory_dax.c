// SPDX-License-Identifier: GPL-2.0-or-later
/* Dax devices read straight from sysfs: recorded trees, many blocks, and files that make no sense.
 */
#include "tree.h"

#include "base/error.h"
#include "context.h"
#include "inventory/dax-source.h"
#include "inventory/inventory.h"
#include "inventory/memmap-place.h"
#include "inventory/read-dax.h"

/* inventory_read_dax() of all devices, which has to work. */
static struct kmemd_inventory *read_tree(const char *folder, unsigned int what)
{
	struct kmemd kmemd = {.sysfs = (char *)folder};
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};

	if (inventory_read_dax(&kmemd, NULL, NULL, what, &inventory, &error) < 0)
		fail_msg("%s", error.message);
	return inventory;
}

#define TREE(variable, folder, what)                                                               \
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *variable = read_tree(folder, what)

static const struct dax_device *dax_named(const struct kmemd_inventory *inventory, const char *name)
{
	const struct dax_device *dax = inventory_dax(inventory, name);

	if (!dax)
		fail_msg("%s was not read", name);
	return dax;
}

static void assert_counts(const struct dax_device *dax, unsigned int movable, unsigned int kernel,
			  unsigned int offline, unsigned int absent)
{
	struct block_counts counts = dax_block_counts(dax);

	assert_int_equal(counts.in[BLOCK_MOVABLE], movable);
	assert_int_equal(counts.in[BLOCK_KERNEL], kernel);
	assert_int_equal(counts.in[BLOCK_OFFLINE], offline);
	assert_int_equal(counts.in[BLOCK_ABSENT], absent);
	assert_int_equal(counts.online, movable + kernel + counts.in[BLOCK_MIXED]);
}

/* --- recorded machines --- */

static void an_interleaved_region_belongs_to_all_its_memdevs(void **state)
{
	tree_load(*state, "interleaved");
	TREE(inventory, *state, DAX_READ_BLOCKS);
	const struct dax_device *dax = dax_named(inventory, "dax0.1");

	assert_int_equal(dax->parent, DAX_PARENT_CXL);
	assert_string_equal(dax->origin, "region0");
	assert_int_equal(dax->source.kind, KIND_CXL_RAM);
	assert_int_equal(dax->source.identities.count, 2);
	assert_string_equal(dax->source.identities.items[0], "cxl-ram:0x1234");
	assert_string_equal(dax->source.identities.items[1], "cxl-ram:0x5678");
	assert_string_equal(dax->source.memdevs.items[0].host, "0000:0d:00.0");
	assert_string_equal(dax->source.memdevs.items[1].name, "mem1");
	assert_string_equal(dax->driver, "device_dax");
	assert_int_equal(dax->size, GIB);
	assert_int_equal(dax->target_node, 1);
	assert_counts(dax, 0, 0, 0, 8);
	assert_non_null(inventory_dax(inventory, "0x5678"));
	assert_null(inventory_dax(inventory, "0x9999"));
	assert_null(inventory_dax(inventory, "mem7"));
	assert_null(inventory_dax(inventory, ""));
}

static void a_namespace_is_known_by_its_uuid(void **state)
{
	tree_load(*state, "interleaved");
	TREE(inventory, *state, DAX_READ_BLOCKS);
	const struct dax_device *dax = dax_named(inventory, "dax2.0");

	assert_int_equal(dax->parent, DAX_PARENT_NVDIMM);
	assert_string_equal(dax->origin, "namespace2.0");
	assert_int_equal(dax->source.kind, KIND_NVDIMM);
	assert_string_equal(dax->source.uuid, "7ba8edc9-d08d-4791-ab0c-e0c8e8832d63");
	assert_int_equal(dax->ranges.items[0].start, 0x102200000);
	assert_counts(dax, 14, 1, 0, 0);
	assert_true(dax->has_kmem_numbers);
	assert_int_equal(dax->memmap_dram, 15 * 2 * MIB);
}

static void ranges_and_their_offsets_are_kept_in_order(void **state)
{
	tree_load(*state, "multi-range");
	TREE(inventory, *state, DAX_READ_BLOCKS | DAX_READ_REGIONS);
	const struct dax_device *dax = dax_named(inventory, "dax0.2");

	assert_int_equal(dax->ranges.count, 2);
	assert_int_equal(dax->page_offsets.count, 2);
	assert_int_equal(dax->ranges.items[0].start, 0x22a0000000);
	assert_int_equal(dax->ranges.items[1].start, 0x22c0000000);
	assert_int_equal(dax->page_offsets.items[1], 0x10000);
	assert_counts(dax, 0, 0, 4, 0);
	assert_int_equal(dax->blocks.items[2].index, 0x22c0000000 / BLOCK);
	assert_int_equal(inventory->dax_regions.items[dax->region].id, 0);
	assert_int_equal(inventory->dax_regions.items[dax->region].size, GIB);
}

static void seeds_are_read_only_when_wanted(void **state)
{
	tree_load(*state, "multi-range");
	TREE(without, *state, 0);
	TREE(with, *state, DAX_READ_IDLE);

	assert_null(inventory_dax(without, "dax0.0"));
	assert_int_equal(dax_named(with, "dax0.0")->size, 0);
	assert_string_equal(dax_named(with, "dax0.0")->driver, "");
	assert_int_equal(with->dax.count, without->dax.count + 1);
}

/* --- identities --- */

static void shared_or_missing_serials_identify_nothing(void **state)
{
	static const char *const bad[] = {"0x5678", "0x0", "0xffffffffffffffff", "what"};

	tree_load(*state, "interleaved");
	for (size_t i = 0; i < array_size(bad); i++) {
		tree_put(*state, "bus/cxl/devices/mem0/serial", "%s\n", bad[i]);
		TREE(inventory, *state, 0);
		const struct dax_device *dax = dax_named(inventory, "dax0.1");

		assert_string_equal(dax->source.identities.items[0], "cxl-ram:0000:0d:00.0");
		assert_string_equal(dax->source.identities.items[1],
				    i ? "cxl-ram:0x5678" : "cxl-ram:0000:0e:00.0");
	}
}

static void a_region_without_a_mode_is_persistent(void **state)
{
	tree_load(*state, "interleaved");
	assert_int_equal(unlink(at(*state, "bus/cxl/devices/region0/mode")), 0);
	TREE(inventory, *state, 0);

	assert_string_equal(dax_named(inventory, "dax0.1")->source.identities.items[0],
			    "cxl-pmem:0x1234");
}

static void a_memdev_that_was_pulled_out_is_left_out(void **state)
{
	tree_load(*state, "interleaved");
	assert_int_equal(unlink(at(*state, "bus/cxl/devices/decoder2.0")), 0);
	tree_put(*state, "bus/cxl/devices/region0/target1", "../../../x\n");
	TREE(inventory, *state, 0);

	assert_int_equal(dax_named(inventory, "dax0.1")->source.identities.count, 0);
}

static void a_range_of_firmware_is_known_by_where_it_is(void **state)
{
	tree_dax(*state, "dax3.0", "device_dax", 6 * GIB, GIB);
	TREE(inventory, *state, 0);
	const struct dax_device *dax = dax_named(inventory, "dax3.0");

	assert_int_equal(dax->parent, DAX_PARENT_HMEM);
	assert_string_equal(dax->origin, "hmem.3");
	assert_string_equal(dax->source.identities.items[0], "hmem:0x180000000+0x40000000");
	assert_ptr_equal(inventory_dax(inventory, "hmem:0x180000000+0x40000000"), dax);
}

/* --- blocks --- */

static void thousands_of_blocks(void **state)
{
	tree_dax(*state, "dax0.0", "kmem", 1024 * GIB, 10000 * BLOCK);
	for (uint64_t i = 0; i < 10000; i++)
		if (i % 100 != 7)
			tree_block(*state, 1024 * GIB / BLOCK + i,
				   i % 10 == 0	 ? "Normal Movable"
				   : i % 10 == 1 ? "Normal"
						 : "Movable");
	TREE(inventory, *state, 0);

	assert_counts(dax_named(inventory, "dax0.0"), 7900, 1000, 1000, 100);
}

static void put_counters(const char *folder, const char *name, uint64_t total, uint64_t added,
			 uint64_t movable, uint64_t kernel)
{
	tree_dax_number(folder, name, "kmem/memmap_dram_bytes", 0);
	tree_dax_number(folder, name, "kmem/blocks_total", total);
	tree_dax_number(folder, name, "kmem/blocks_added", added);
	tree_dax_number(folder, name, "kmem/blocks_online_movable", movable);
	tree_dax_number(folder, name, "kmem/blocks_online_kernel", kernel);
}

/* There is not even a folder of memory blocks but for the block size: looking would be an error. */
static void the_driver_counts_so_nobody_else_has_to(void **state)
{
	tree_dax(*state, "dax0.0", "kmem", 1024 * GIB, 100 * BLOCK);
	put_counters(*state, "dax0.0", 100, 98, 60, 8);
	TREE(counted, *state, 0);

	assert_int_equal(dax_named(counted, "dax0.0")->blocks.count, 0);
	assert_counts(dax_named(counted, "dax0.0"), 60, 8, 30, 2);
	/* All of them online is not more than there are. */
	put_counters(*state, "dax0.0", 100, 100, 92, 8);
	TREE(all, *state, 0);
	assert_counts(dax_named(all, "dax0.0"), 92, 8, 0, 0);
	/* A caller that changes blocks wants to know which. */
	tree_block(*state, 1024 * GIB / BLOCK + 5, "Movable");
	TREE(looked, *state, DAX_READ_BLOCKS);
	assert_int_equal(dax_named(looked, "dax0.0")->blocks.count, 100);
	assert_counts(dax_named(looked, "dax0.0"), 1, 0, 0, 99);
}

static void counters_that_make_no_sense_are_not_believed(void **state)
{
	tree_dax(*state, "dax0.0", "kmem", 1024 * GIB, 2 * BLOCK);
	tree_block(*state, 1024 * GIB / BLOCK, "Movable");
	put_counters(*state, "dax0.0", 2, 3, 0, 0);
	TREE(more_added, *state, 0);
	assert_counts(dax_named(more_added, "dax0.0"), 1, 0, 0, 1);
	put_counters(*state, "dax0.0", 2, 1, 1, 1);
	TREE(more_online, *state, 0);
	assert_counts(dax_named(more_online, "dax0.0"), 1, 0, 0, 1);
	tree_dax_put(*state, "dax0.0", "kmem/blocks_online_kernel", "");
	TREE(empty, *state, 0);
	assert_counts(dax_named(empty, "dax0.0"), 1, 0, 0, 1);
}

/* An in-tree driver: the node's size tells where the memmap is. */
static void nodes_are_read_where_nobody_counts_the_memmap(void **state)
{
	static const unsigned int nodes[] = {3, 0};
	const char *how;

	for (size_t i = 0; i < array_size(nodes); i++) {
		char path[64];

		folder_remove(*state);
		tree_dax(*state, "dax0.0", "kmem", 1024 * GIB, 2 * BLOCK);
		tree_dax_number(*state, "dax0.0", "target_node", nodes[i]);
		tree_block(*state, 1024 * GIB / BLOCK, "Movable");
		tree_block(*state, 1024 * GIB / BLOCK + 1, "Movable");
		snprintf(path, sizeof(path), "devices/system/node/node%u/meminfo", nodes[i]);
		tree_put(*state, path, "Node %u MemTotal: %" PRIu64 " kB\nNode %u MemFree: 0 kB\n",
			 nodes[i], 2 * (BLOCK - 2 * MIB) / 1024, nodes[i]);
		TREE(inventory, *state, 0);

		assert_int_equal(
			dax_memmap_on_device(inventory, dax_named(inventory, "dax0.0"), &how),
			TRISTATE_YES);
	}
}

/* Unbound by force, or never bound: what is online is told all the same. */
static void blocks_are_told_whatever_driver_is_bound(void **state)
{
	static const char *const drivers[] = {"", "device_dax", "fsdev_dax", "kmem"};

	for (size_t i = 0; i < array_size(drivers); i++) {
		folder_remove(*state);
		tree_dax(*state, "dax0.0", drivers[i], 8 * GIB, 4 * BLOCK);
		tree_block(*state, 8 * GIB / BLOCK - 1, "Normal");
		tree_block(*state, 8 * GIB / BLOCK + 1, "Movable");
		tree_block(*state, 8 * GIB / BLOCK + 2, "Normal Movable");
		for (unsigned int what = 0; what <= DAX_READ_BLOCKS; what++) {
			TREE(inventory, *state, what);

			assert_counts(dax_named(inventory, "dax0.0"), 1, 0, 1, 2);
			assert_int_equal(dax_is_foreign(inventory->dax.items), i == 2);
		}
	}
}

/* The neighbours of its range, and the folder's other files, are not its blocks. */
static void a_device_without_blocks_is_told_by_one_look(void **state)
{
	tree_dax(*state, "dax0.0", "device_dax", 8 * GIB, 4 * BLOCK);
	tree_block(*state, 8 * GIB / BLOCK - 1, "Normal");
	tree_block(*state, 8 * GIB / BLOCK + 4, "Normal");
	tree_put(*state, "devices/system/memory/memory/state", "online\n");
	tree_put(*state, "devices/system/memory/memory65x/state", "online\n");
	tree_put(*state, "devices/system/memory/probe", "\n");
	TREE(looked, *state, 0);
	TREE(counted, *state, DAX_READ_BLOCKS);

	assert_int_equal(dax_named(looked, "dax0.0")->blocks.count, 0);
	assert_counts(dax_named(counted, "dax0.0"), 0, 0, 0, 4);
}

/* However they are ordered: none is lost, and none is taken for another. */
static void devices_know_their_regions(void **state)
{
	static const char *const names[] = {"dax0.0", "dax1.0", "dax2.0", "dax3.0", "dax4.0"};

	for (unsigned int count = 1; count <= array_size(names); count++) {
		unsigned int seen = 0;

		folder_remove(*state);
		for (unsigned int i = 0; i < count; i++)
			tree_dax(*state, names[i], "device_dax", (8 + i) * GIB, BLOCK);
		TREE(inventory, *state, 0);

		assert_int_equal(inventory->dax_regions.count, count);
		array_foreach(region, &inventory->dax_regions)
			seen |= 1U << region->id;
		assert_int_equal(seen, (1U << count) - 1);
		array_foreach(dax, &inventory->dax)
			assert_int_equal(inventory->dax_regions.items[dax->region].id,
					 atoi(dax->name + strlen("dax")));
	}
}

static void the_state_of_hotplug_is_kept_as_it_is(void **state)
{
	tree_dax(*state, "dax0.0", "device_dax", 8 * GIB, BLOCK);
	tree_dax_put(*state, "dax0.0", "state", "unplugged");
	tree_dax(*state, "dax7.0", "device_dax", 9 * GIB, BLOCK);
	TREE(inventory, *state, DAX_READ_INSTANCES);

	assert_string_equal(dax_named(inventory, "dax0.0")->hotplug_state, "unplugged");
	assert_string_equal(dax_named(inventory, "dax7.0")->hotplug_state, "");
	assert_string_equal(dax_named(inventory, "dax7.0")->region_path, "devices/platform/hmem.7");
	assert_int_equal(dax_named(inventory, "dax7.0")->instance,
			 sysfs_instance(*state, "devices/platform/hmem.7"));
	assert_true(dax_named(inventory, "dax7.0")->instance != 0);
}

static void add_cxl_region(struct kmemd_inventory *inventory, uint64_t start, uint64_t size,
			   const char *memdev)
{
	struct region *region = array_add(&inventory->regions);
	struct region_target *target = memdev ? array_add(&region->targets) : NULL;

	region->start = start;
	region->size = size;
	if (target)
		copy_name(target->memdev, memdev);
}

/* Without a dax device, as after `cxl disable-region -f`, and without a memdev. */
static void what_is_online_in_a_region_is_found_by_address(void **state)
{
	struct kmemd kmemd = {.sysfs = *state};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = calloc(
		1, sizeof(*inventory));
	struct kmemd_error error = {0};
	const struct region *regions;

	tree_block_size(*state);
	tree_block(*state, 31, "Normal");
	tree_block(*state, 33, "Normal Movable");
	tree_block(*state, 34, "Movable");
	tree_block(*state, 35, "Movable");
	tree_block(*state, 36, "Movable");
	inventory->host.block_size = BLOCK;
	add_cxl_region(inventory, 32 * BLOCK, 4 * BLOCK, "mem0");
	add_cxl_region(inventory, 36 * BLOCK + 1, 2, NULL); /* a part of a block */
	add_cxl_region(inventory, 64 * BLOCK, BLOCK, "mem0");
	add_cxl_region(inventory, UINT64_MAX, BLOCK, NULL); /* not placed yet */
	assert_int_equal(read_dax(&kmemd, inventory, &error), 0);
	regions = inventory->regions.items;
	assert_int_equal(regions[0].online_blocks, 2);
	assert_int_equal(regions[0].first_online, 34);
	assert_int_equal(regions[0].lost_blocks, 0);
	assert_int_equal(regions[1].online_blocks, 1);
	assert_int_equal(regions[1].lost_blocks, 1);
	assert_int_equal(regions[2].online_blocks, 0);
	assert_int_equal(regions[3].online_blocks, 0);
}

/* --- what makes no sense --- */

static void assert_problem(const char *folder, const char *part)
{
	TREE(inventory, folder, DAX_READ_BLOCKS);

	/* The other device is shown all the same. */
	assert_int_equal(inventory->dax.count, 1);
	dax_named(inventory, "dax7.0");
	if (!part) {
		assert_int_equal(inventory->problems.count, 0);
		return;
	}
	assert_int_equal(inventory->problems.count, 1);
	assert_contains(inventory->problems.items[0], "dax0.0");
	assert_contains(inventory->problems.items[0], part);
}

static void attributes_that_are_no_numbers(void **state)
{
	static const struct {
		const char *attribute, *text, *part;
	} cases[] = {
		{"size", "", "size says ''"},
		{"size", "12abc", "size says '12abc'"},
		{"size", "-1", "size says '-1'"},
		{"size", "18446744073709551616", "size says '18446744073709551616'"},
		{"size", "9999", "its size is 9999 bytes and its mappings have 1073741824"},
		{"size",
		 "x\n\nyxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		 "cannot read size"},
		{"mapping0/start", "", "mapping0/start says ''"},
		{"mapping0/end", "0xfffffffffffffffff", "mapping0/end says"},
		{"mapping0/end", "0xffffffffffffffff", "is no range of memory"},
		{"mapping0/end", "0x1", "is no range of memory"},
		{"mapping0/end", "0x10000000000000", "is no range of memory"},
		{"mapping0/end", "0xfffffffffffff",
		 "its size is 1073741824 bytes and its mappings"},
		{"mapping0/end", "0x100000000", "its size is 1073741824 bytes and its mappings"},
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		folder_remove(*state);
		tree_dax(*state, "dax0.0", "device_dax", 4 * GIB, GIB);
		tree_dax(*state, "dax7.0", "device_dax", 8 * GIB, GIB);
		tree_dax_put(*state, "dax0.0", cases[i].attribute, cases[i].text);
		assert_problem(*state, cases[i].part);
	}
}

static void what_goes_away_is_left_out(void **state)
{
	/* The device's folder, while its name is still on the bus. */
	tree_dax(*state, "dax0.0", "device_dax", 4 * GIB, GIB);
	tree_dax(*state, "dax7.0", "device_dax", 8 * GIB, GIB);
	folder_remove(at(*state, "%s", tree_dax_folder("dax0.0")));
	assert_problem(*state, NULL);
}

static void other_names_on_the_bus_are_not_looked_at(void **state)
{
	static const char *const names[] = {"dax",     "dax1",	"dax1.0x",	"daxx.0",
					    "dax-1.0", "..dax", "dax 1.0\nx.y", "foo"};

	tree_dax(*state, "dax7.0", "device_dax", 8 * GIB, GIB);
	for (size_t i = 0; i < array_size(names); i++)
		assert_int_equal(symlink("../../../devices/platform/hmem.7/dax7.0",
					 at(*state, "bus/dax/devices/%s", names[i])),
				 0);
	assert_problem(*state, NULL);
}

static void attributes_that_may_be_missing(void **state)
{
	tree_dax(*state, "dax7.0", "kmem", 8 * GIB, BLOCK);
	assert_int_equal(unlink(at(*state, "%s/align", tree_dax_folder("dax7.0"))), 0);
	assert_int_equal(unlink(at(*state, "%s/target_node", tree_dax_folder("dax7.0"))), 0);
	assert_problem(*state, NULL);
	TREE(inventory, *state, 0);

	assert_int_equal(dax_named(inventory, "dax7.0")->align, 0);
	assert_int_equal(dax_named(inventory, "dax7.0")->target_node, -1);
	assert_int_equal(dax_named(inventory, "dax7.0")->memmap_on_memory, TRISTATE_UNKNOWN);
	assert_false(dax_named(inventory, "dax7.0")->has_kmem_numbers);
}

static void a_block_that_cannot_be_read_is_an_error(void **state)
{
	struct kmemd kmemd = {.sysfs = *state};
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};
	char text[200];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	tree_dax(*state, "dax0.0", "kmem", 4 * GIB, BLOCK);
	tree_block(*state, 32, text);
	assert_int_equal(inventory_read_dax(&kmemd, NULL, NULL, 0, &inventory, &error), -EMSGSIZE);
	assert_contains(error.message, "dax0.0");
	assert_null(inventory);
}

static void a_machine_without_dax_devices_has_none(void **state)
{
	tree_block_size(*state);
	TREE(inventory, *state, DAX_READ_BLOCKS);

	assert_int_equal(inventory->dax.count, 0);
	assert_int_equal(inventory->dax_regions.count, 0);
}

static void a_kernel_without_memory_hotplug_is_refused(void **state)
{
	struct kmemd kmemd = {.sysfs = *state};
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error = {0};

	assert_int_equal(inventory_read_dax(&kmemd, NULL, NULL, 0, &inventory, &error),
			 -EOPNOTSUPP);
	assert_int_equal(error.result, KMEMD_REFUSED);
}

/* The whole inventory takes its dax devices from here, and their namespaces from libndctl. */
static void the_whole_inventory_knows_which_namespace_it_is(void **state)
{
	struct kmemd kmemd = {.sysfs = *state};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = calloc(
		1, sizeof(*inventory));
	struct kmemd_error error = {0};
	struct namespace *namespace;

	tree_load(*state, "multi-range");
	inventory->host.block_size = BLOCK;
	namespace = array_add(&inventory->namespaces);
	strcpy(namespace->name, "namespace1.0");
	assert_int_equal(read_dax(&kmemd, inventory, &error), 0);
	assert_string_equal(inventory->namespaces.items[0].dax, "dax1.0");
	/* The idle one is kept, and is nobody's. */
	assert_int_equal(inventory->dax.count, 6);
	assert_true(dax_is_idle(dax_named(inventory, "dax0.0")));
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_interleaved_region_belongs_to_all_its_memdevs),
		with_folder(a_namespace_is_known_by_its_uuid),
		with_folder(ranges_and_their_offsets_are_kept_in_order),
		with_folder(seeds_are_read_only_when_wanted),
		with_folder(shared_or_missing_serials_identify_nothing),
		with_folder(a_region_without_a_mode_is_persistent),
		with_folder(a_memdev_that_was_pulled_out_is_left_out),
		with_folder(a_range_of_firmware_is_known_by_where_it_is),
		with_folder(thousands_of_blocks),
		with_folder(the_driver_counts_so_nobody_else_has_to),
		with_folder(counters_that_make_no_sense_are_not_believed),
		with_folder(nodes_are_read_where_nobody_counts_the_memmap),
		with_folder(blocks_are_told_whatever_driver_is_bound),
		with_folder(a_device_without_blocks_is_told_by_one_look),
		with_folder_without_input(ranges_and_their_offsets_are_kept_in_order),
		with_folder_without_input(the_driver_counts_so_nobody_else_has_to),
		with_folder_without_input(nodes_are_read_where_nobody_counts_the_memmap),
		with_folder_without_input(a_device_without_blocks_is_told_by_one_look),
		with_folder(devices_know_their_regions),
		with_folder(the_state_of_hotplug_is_kept_as_it_is),
		with_folder(what_is_online_in_a_region_is_found_by_address),
		with_folder(attributes_that_are_no_numbers),
		with_folder(what_goes_away_is_left_out),
		with_folder(other_names_on_the_bus_are_not_looked_at),
		with_folder(attributes_that_may_be_missing),
		with_folder(a_block_that_cannot_be_read_is_an_error),
		with_folder(a_machine_without_dax_devices_has_none),
		with_folder(a_kernel_without_memory_hotplug_is_refused),
		with_folder(the_whole_inventory_knows_which_namespace_it_is),
	};

	return cmocka_run_group_tests_name("inventory_dax", tests, NULL, NULL);
}
