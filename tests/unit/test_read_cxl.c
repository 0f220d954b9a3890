// SPDX-License-Identifier: GPL-2.0-or-later
/* The CXL topology, as libcxl and sysfs show it: windows, regions, ports, memdevs. */
#include "cxl-machine.h"

/* --- the library --- */

static void libcxl_prints_nothing_itself(void **state)
{
	READ(inventory);

	assert_non_null(inventory);
	assert_true(fake_cxl.has_log_fn);
}

static void what_libcxl_cannot_do_is_said(void **state)
{
	struct kmemd kmemd = {.sysfs = *state, .procfs = *state};
	struct kmemd_inventory inventory = {0};
	struct kmemd_error error = {0};

	fake_cxl.error = -EMFILE;
	assert_int_equal(read_cxl(&kmemd, &inventory, &error), -EMFILE);
	assert_string_equal(error.message, "libcxl: Too many open files");
}

static void a_machine_without_cxl_has_none(void **state)
{
	fake_cxl = (struct cxl_ctx){0};
	READ(inventory);

	assert_int_equal(inventory->root_decoders.count, 0);
	assert_int_equal(inventory->memdevs.count, 0);
	assert_int_equal(inventory->ports.count, 0);
	assert_int_equal(inventory->regions.count, 0);
}

/* --- windows --- */

static void a_window_has_range_targets_and_memdevs(void **state)
{
	READ(inventory);
	const struct root_decoder *window = &inventory->root_decoders.items[0];

	assert_int_equal(inventory->root_decoders.count, 2);
	assert_string_equal(window->name, "decoder0.0");
	assert_int_equal(window->start, 0x1000000000);
	assert_int_equal(window->size, 16 * GIB);
	assert_int_equal(window->ways, 2);
	assert_int_equal(window->granularity, 4096);
	assert_int_equal(window->targets.count, 2);
	assert_string_equal(window->targets.items[0].host, "pci0000:de");
	assert_int_equal(window->targets.items[0].id, 222);
	assert_string_equal(window->targets.items[1].host, "pci0000:0c");
	assert_int_equal(window->memdevs.count, 3);
	assert_string_equal(window->memdevs.items[0], "mem0");
	assert_string_equal(window->memdevs.items[1], "mem1");
	assert_string_equal(window->memdevs.items[2], "mem2");
	assert_int_equal(window[1].memdevs.count, 1);
	assert_string_equal(window[1].memdevs.items[0], "mem2");
}

static void a_window_has_capabilities(void **state)
{
	struct cxl_decoder *windows = machine.windows;

	windows[0].ram = windows[0].expanders = true;
	windows[1].pmem = windows[1].accelerators = windows[1].locked = true;
	put(state, "decoder0.0", "create_ram_region", "region0\n");
	put(state, "decoder0.0", "qos_class", "3\n");
	READ(inventory);
	const struct root_decoder *first = &inventory->root_decoders.items[0], *second = first + 1;

	assert_true(first->volatile_capable && first->type3_capable && first->creates_ram);
	assert_false(first->persistent_capable || first->type2_capable || first->locked);
	assert_int_equal(first->qos_class, 3);
	assert_true(second->persistent_capable && second->type2_capable && second->locked);
	assert_false(second->volatile_capable || second->type3_capable || second->creates_ram);
	assert_int_equal(second->qos_class, -1);
}

static void a_class_that_is_no_number_is_not_known(void **state)
{
	put(state, "decoder0.0", "qos_class", "high\n");
	put(state, "decoder0.1", "qos_class", "2147483648\n");
	READ(inventory);

	assert_int_equal(inventory->root_decoders.items[0].qos_class, -1);
	assert_int_equal(inventory->root_decoders.items[1].qos_class, -1);
}

static void the_free_space_is_what_the_kernel_says(void **state)
{
	write_text(at(*state, "iomem"), "1000000000-13ffffffff : CXL Window 0\n"
					"  1000000000-10ffffffff : Soft Reserved\n");
	READ(inventory);
	const struct root_decoder *window = inventory->root_decoders.items;

	assert_true(window[0].free_is_known);
	assert_int_equal(window[0].largest_free, 12 * GIB);
	assert_string_equal(window[0].occupants.items[0].name, "Soft Reserved");
	assert_int_equal(window[1].largest_free, 4 * GIB);
}

/* --- regions --- */

/* region1 before region0 in the window, and the other way round by address. */
static void make_regions(void)
{
	machine.regions[0] = (struct cxl_region){.name = "region0",
						 .start = 0x1000000000,
						 .size = 2 * GIB,
						 .ways = 1,
						 .granularity = 256};
	machine.regions[1] = (struct cxl_region){.name = "region1",
						 .start = 0x1080000000,
						 .size = 4 * GIB,
						 .ways = 2,
						 .granularity = 4096,
						 .next = &machine.regions[0]};
	machine.windows[0].regions = &machine.regions[1];
}

static void regions_are_ordered_by_address(void **state)
{
	make_regions();
	machine.regions[2] = (struct cxl_region){.name = "region2", .start = 0x2000000000};
	machine.windows[1].regions = &machine.regions[2];
	READ(inventory);
	const struct region *regions = inventory->regions.items;

	assert_int_equal(inventory->regions.count, 3);
	assert_string_equal(regions[0].name, "region0");
	assert_string_equal(regions[0].root_decoder, "decoder0.0");
	assert_int_equal(regions[0].start, 0x1000000000);
	assert_int_equal(regions[0].size, 2 * GIB);
	assert_string_equal(regions[1].name, "region1");
	assert_int_equal(regions[1].ways, 2);
	assert_int_equal(regions[1].granularity, 4096);
	assert_string_equal(regions[2].name, "region2");
	assert_string_equal(regions[2].root_decoder, "decoder0.1");
	/* Without the resource tree, they are what is in the way. */
	assert_false(inventory->root_decoders.items[0].free_is_known);
	assert_int_equal(inventory->root_decoders.items[0].largest_free, 10 * GIB);
}

static void a_region_without_a_mode_is_persistent(void **state)
{
	make_regions();
	put(state, "region0", "mode", "ram\n");
	READ(volatile_one);

	assert_false(volatile_one->regions.items[0].persistent);
	assert_true(volatile_one->regions.items[1].persistent);
	put(state, "region0", "mode", "pmem\n");
	READ(other);
	assert_true(other->regions.items[0].persistent);
}

static void a_region_may_be_committed_enabled_and_locked(void **state)
{
	make_regions();
	machine.regions[0].committed = true;
	machine.regions[1].enabled = true;
	put(state, "region0", "locked", "0\n");
	put(state, "region1", "locked", "1\n");
	READ(inventory);
	const struct region *regions = inventory->regions.items;

	assert_true(regions[0].committed && !regions[0].enabled && !regions[0].locked);
	assert_true(regions[1].enabled && !regions[1].committed && regions[1].locked);
}

static void a_locked_window_locks_its_regions(void **state)
{
	make_regions();
	machine.windows[0].locked = true;
	READ(inventory);

	assert_true(inventory->regions.items[0].locked);
}

static void targets_are_by_position(void **state)
{
	make_regions();
	machine.mappings[0] = (struct cxl_memdev_mapping){
		.position = 1, .decoder = &machine.mem_decoders[0], .next = &machine.mappings[1]};
	machine.mappings[1] = (struct cxl_memdev_mapping){.position = 0,
							  .decoder = &machine.mem_decoders[1]};
	machine.mem_decoders[1].memdev = NULL; /* being pulled out */
	machine.regions[1].mappings = machine.mappings;
	READ(inventory);
	const struct region *region = &inventory->regions.items[1];

	assert_int_equal(region->targets.count, 2);
	assert_string_equal(region->targets.items[0].decoder, "decoder4.1");
	assert_string_equal(region->targets.items[0].memdev, "");
	assert_string_equal(region->targets.items[1].decoder, "decoder4.0");
	assert_string_equal(region->targets.items[1].memdev, "mem0");
	assert_int_equal(inventory->regions.items[0].targets.count, 0);
}

static void a_target_that_is_missing_leaves_no_gap(void **state)
{
	make_regions();
	machine.mappings[0] = (struct cxl_memdev_mapping){.position = 0,
							  .next = &machine.mappings[1]};
	machine.mappings[1] = (struct cxl_memdev_mapping){.position = 1,
							  .decoder = &machine.mem_decoders[1]};
	machine.regions[1].mappings = machine.mappings;
	READ(inventory);

	assert_int_equal(inventory->regions.items[1].targets.count, 1);
	assert_string_equal(inventory->regions.items[1].targets.items[0].decoder, "decoder4.1");
}

/* --- ports --- */

static void ports_come_behind_their_parents(void **state)
{
	static const char *const wanted[][3] = {{"root0", "", "ACPI0017:00"},
						{"port1", "root0", "pci0000:0c"},
						{"port3", "port1", "0000:0d:00.0"},
						{"port2", "root0", "pci0000:de"}};
	static const unsigned int depths[] = {0, 1, 2, 1};
	READ(inventory);

	assert_int_equal(inventory->ports.count, 4);
	for (unsigned int i = 0; i < 4; i++) {
		const struct port *port = &inventory->ports.items[i];

		assert_string_equal(port->name, wanted[i][0]);
		assert_string_equal(port->parent, wanted[i][1]);
		assert_string_equal(port->host, wanted[i][2]);
		assert_int_equal(port->depth, depths[i]);
	}
}

static void dports_ascend(void **state)
{
	READ(inventory);
	const struct dports *dports = &inventory->ports.items[0].dports;

	assert_int_equal(dports->count, 3);
	assert_int_equal(dports->items[0].id, 5);
	assert_string_equal(dports->items[0].host, "pci0000:05");
	assert_int_equal(dports->items[1].id, 12);
	assert_int_equal(dports->items[2].id, 222);
	assert_string_equal(dports->items[2].host, "pci0000:de");
}

static void decoders_of_a_bridge_ascend_and_those_of_the_root_are_windows(void **state)
{
	put(state, "decoder1.0", "region", "region0\n");
	READ(inventory);
	const struct port *bridge = &inventory->ports.items[1];
	const struct port_decoder *decoders = bridge->decoders.items;

	assert_int_equal(inventory->ports.items[0].decoders.count, 0);
	assert_int_equal(bridge->decoders.count, 3);
	assert_string_equal(decoders[0].name, "decoder1.0");
	assert_string_equal(decoders[0].region, "region0");
	assert_int_equal(decoders[0].start, 0x1000000000);
	assert_int_equal(decoders[0].size, 2 * GIB);
	assert_int_equal(decoders[0].ways, 1);
	assert_int_equal(decoders[0].granularity, 256);
	assert_false(decoders[0].locked);
	assert_int_equal(decoders[1].id, 1);
	assert_string_equal(decoders[1].region, "");
	assert_int_equal(decoders[2].id, 2);
	assert_true(decoders[2].locked);
}

/* A start means nothing then, whatever it says. */
static void a_decoder_without_a_size_is_free(void **state)
{
	READ(inventory);
	const struct port_decoder *decoders = inventory->ports.items[1].decoders.items;

	for (unsigned int i = 1; i <= 2; i++) {
		assert_int_equal(decoders[i].start, 0);
		assert_int_equal(decoders[i].size, 0);
	}
}

static void a_target_that_libcxl_does_not_know_keeps_its_place(void **state)
{
	READ(inventory);
	const struct dports *targets = &inventory->ports.items[1].decoders.items[1].targets;

	assert_int_equal(targets->count, 2);
	assert_string_equal(targets->items[0].host, "");
	assert_string_equal(targets->items[1].host, "0000:0c:00.0");
	assert_int_equal(targets->items[1].id, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(libcxl_prints_nothing_itself),
		with_machine(what_libcxl_cannot_do_is_said),
		with_machine(a_machine_without_cxl_has_none),
		with_machine(a_window_has_range_targets_and_memdevs),
		with_machine(a_window_has_capabilities),
		with_machine(a_class_that_is_no_number_is_not_known),
		with_machine(the_free_space_is_what_the_kernel_says),
		with_machine(regions_are_ordered_by_address),
		with_machine(a_region_without_a_mode_is_persistent),
		with_machine(a_region_may_be_committed_enabled_and_locked),
		with_machine(a_locked_window_locks_its_regions),
		with_machine(targets_are_by_position),
		with_machine(a_target_that_is_missing_leaves_no_gap),
		with_machine(ports_come_behind_their_parents),
		with_machine(dports_ascend),
		with_machine(decoders_of_a_bridge_ascend_and_those_of_the_root_are_windows),
		with_machine(a_decoder_without_a_size_is_free),
		with_machine(a_target_that_libcxl_does_not_know_keeps_its_place),
	};

	return cmocka_run_group_tests_name("read_cxl", tests, NULL, NULL);
}
