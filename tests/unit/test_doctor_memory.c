// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: from facts to findings: devices, their blocks and zones, and what is broken. */
#include "doctor-fixture.h"

static void bytes_lost_to_alignment(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = &machine.inventory->dax.items[0];
	dax->ranges.items[0].size += 64 * MIB;
	dax->size += 64 * MIB;
	assert_found(&machine, dax->size / 20 < 64 * MIB ? SEVERITY_WARNING : SEVERITY_NOTE,
		     "alignment", "64 MiB of", "multiples of 128 MiB");
	dax->blocks.count = 0;
	assert_found(&machine, SEVERITY_ERROR, "no-whole-block", "no whole memory block",
		     "multiples of 128 MiB");
	dax->blocks.count = 1;
	dax->ranges.count = 0;
	machine_tear_down(&machine);
}

static void blocks_that_are_not_as_wanted(void **state)
{
	struct machine machine;
	struct memory_block *blocks;
	size_t count;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	blocks = machine.inventory->dax.items[0].blocks.items;
	count = machine.inventory->dax.items[0].blocks.count;
	blocks[0].state = BLOCK_KERNEL;
	assert_found(&machine, SEVERITY_WARNING, "zones-mixed", "1 kernel", "kmemctl apply");
	for (size_t i = 0; i < count; i++)
		blocks[i].state = BLOCK_KERNEL;
	assert_found(&machine, SEVERITY_WARNING, "zone-differs", "(movable)", "kmemctl apply");
	for (size_t i = 0; i < count; i++)
		blocks[i].state = BLOCK_OFFLINE;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "are offline", "kmemctl apply");
	blocks[0].state = BLOCK_ABSENT;
	assert_found(&machine, SEVERITY_WARNING, "blocks-missing", "were not added", "drain");
	machine_tear_down(&machine);
}

static void a_memmap_in_dram_against_the_wish(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = &machine.inventory->dax.items[0];
	dax->memmap_on_memory = TRISTATE_YES;
	dax->has_kmem_numbers = true;
	dax->memmap_dram = 8 * MIB;
	dax->memmap_device = 0;
	assert_found(&machine, SEVERITY_WARNING, "memmap-in-dram", "counted by the driver",
		     "on --rebind");
	machine_tear_down(&machine);
}

static void a_memmap_that_does_not_fit(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	machine.inventory->host.memory_available = 7 * MIB; /* of 8 for 512 MiB */
	assert_not_found(&machine, "memmap-too-large");
	strcpy(machine.facts.memmap_parameter, "N");
	assert_found(&machine, SEVERITY_ERROR, "memmap-too-large", "needs 8 MiB",
		     "memory_hotplug.memmap_on_memory=on");
	machine.inventory->host.memory_available = 8 * MIB;
	assert_not_found(&machine, "memmap-too-large");
	machine_tear_down(&machine);
	machine_set_up(&machine, HEALTHY); /* it is there already, and its memmap, too */
	strcpy(machine.facts.memmap_parameter, "N");
	machine.inventory->host.memory_available = MIB;
	assert_not_found(&machine, "memmap-too-large");
	machine_tear_down(&machine);
}

static void more_movable_than_the_kernel_can_live_with(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.movable_zone = 12 * GIB;
	assert_not_found(&machine, "zone-ratio");
	machine.facts.movable_zone++;
	assert_found(&machine, SEVERITY_NOTE, "zone-ratio", "3.0 to 1", "Zone=kernel");
	machine.facts.movable_zone = 64 * GIB;
	assert_found(&machine, SEVERITY_WARNING, "zone-ratio", "16.0 to 1", "Zone=kernel");
	machine.facts.kernel_zone = 0; /* nothing was read */
	assert_not_found(&machine, "zone-ratio");
	machine_tear_down(&machine);
}

static void ranges_that_nobody_owns(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = &machine.inventory->dax.items[0];
	machine.resource = (struct resource){.range = dax->ranges.items[0],
					     .name = "System RAM (kmem)"};
	machine.facts.resources.items = &machine.resource;
	machine.facts.resources.count = 1;
	assert_not_found(&machine, "stuck-range");
	machine.resource.range.start += machine.resource.range.size; /* beside it */
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "belong to no device", "");
	machine.resource.range = dax->ranges.items[0];
	strcpy(dax->driver, "device_dax");
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "belong to no device",
		     "echo offline");
	machine.facts.module.loaded_is_ours = false;
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "belong to no device", "boot");
	strcpy(dax->driver, "kmem");
	strcpy(machine.resource.name, dax->name);
	assert_not_found(&machine, "stuck-range");
	strcpy(machine.resource.name, "dax77.0");
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "\"dax77.0\"", "boot");
	strcpy(machine.resource.name, "System RAM"); /* of the machine itself */
	machine.resource.range.start = 0x1000;
	assert_not_found(&machine, "stuck-range");
	strcpy(machine.resource.name, "dax77.0");
	machine.facts.has_journal = machine.facts.journal_running = true;
	assert_not_found(&machine, "stuck-range"); /* it is being made */
	machine.facts.journal_running = false;
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "\"dax77.0\"", "boot");
	/* What the kernel says of the same range is no second finding. */
	strcpy(machine.facts.log.leaked, "kmem dax0.0: mapping0: cannot be hotremoved");
	assert_not_found(&machine, "leaked");
	machine.facts.resources.count = 0;
	assert_found(&machine, SEVERITY_WARNING, "leaked", "cannot be hotremoved", "boot");
	machine_tear_down(&machine);
}

static void an_expander_that_was_pulled_out(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.inventory->regions.items[0].lost_blocks = 8;
	assert_found(&machine, SEVERITY_ERROR, "lost", "8 blocks of region", "drain before");
	machine_tear_down(&machine);
}

static void memory_that_is_none(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = machine.inventory->dax.items;
	array_foreach(block, &dax->blocks)
		block->state = BLOCK_ABSENT;
	strcpy(dax->driver, "device_dax");
	assert_found(&machine, SEVERITY_WARNING, "not-memory", "it is bound to device_dax",
		     "kmemctl apply mem");
	assert_contains(seek(&machine, "not-memory")->why, "/dev/dax");
	dax->driver[0] = '\0';
	assert_found(&machine, SEVERITY_WARNING, "not-memory", "no driver has it",
		     "kmemctl apply mem");
	assert_contains(seek(&machine, "not-memory")->why, "not used at all");
	strcpy(dax->driver, "fsdev_dax");
	assert_found(&machine, SEVERITY_NOTE, "foreign-driver", "bound to fsdev_dax", "none: ");
	machine.facts.policy = NULL;
	assert_not_found(&machine, "foreign-driver");
	machine.facts.policy = machine.policy;
	dax->size = 0;
	assert_not_found(&machine, "foreign-driver");
	machine_tear_down(&machine);
}

static void somebody_elses_wish(void **state)
{
	struct machine machine;
	const struct device *device;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	device = machine.inventory->devices.items;
	dax = (struct dax_device *)device->dax.items[0];
	machine.record = (struct record){.state = RECORD_HELD, .message = "by hand"};
	strcpy(machine.record.device, device->identity);
	machine.record.instance = device->instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	dax->blocks.items[0].state = BLOCK_OFFLINE;
	examine(&machine);
	assert_non_null(seek(&machine, "held"));
	assert_null(seek(&machine, "blocks-offline"));
	dax->blocks.items[0].state = BLOCK_KERNEL;
	assert_found(&machine, SEVERITY_WARNING, "zones-mixed", "1 kernel",
		     "kmemctl offline-memory dax");
	dax->blocks.items[0].state = BLOCK_ABSENT;
	assert_found(&machine, SEVERITY_WARNING, "blocks-missing", "1 of",
		     "kmemctl reconfigure-device -m devdax -f dax");
	machine.record.instance++; /* of an earlier life of the device */
	examine(&machine);
	assert_null(seek(&machine, "held"));
	dax->blocks.items[0].state = BLOCK_OFFLINE;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "1 of", "kmemctl apply");
	machine.record.instance--;
	machine.record.state = RECORD_FAILED; /* that is no wish */
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "1 of", "kmemctl apply");
	machine_tear_down(&machine);
}

static void a_block_that_is_in_both_zones(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.inventory->dax.items[0].blocks.items[0].state = BLOCK_MIXED;
	assert_found(&machine, SEVERITY_WARNING, "zones-mixed", "1 in both", "kmemctl apply");
	machine_tear_down(&machine);
}

static void policy_wants_the_kernels_zone(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	kmemd_policy_free(machine.policy);
	machine.facts.policy = machine.policy = policy_of(
		"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\n"
		"Mode=system-ram\nZone=kernel\n");
	assert_found(&machine, SEVERITY_WARNING, "zone-differs", "(kernel)", "kmemctl apply");
	machine_tear_down(&machine);
}

static void an_interleaved_region_is_judged_once(void **state)
{
	struct machine machine;
	unsigned int count = 0;

	(void)state;
	machine_set_up(&machine, "interleaved.json");
	array_foreach(block, &machine.inventory->dax.items[0].blocks)
		block->state = BLOCK_OFFLINE;
	examine(&machine);
	array_foreach(finding, &machine.findings)
		count += !strcmp(finding->id, "blocks-offline");
	assert_int_equal(count, 1);
	machine_tear_down(&machine);
}

static void alignment_of_what_is_no_memory(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = machine.inventory->dax.items;
	dax->ranges.items[0].size += 64 * MIB;
	dax->size = 20 * 64 * MIB; /* a twentieth */
	assert_found(&machine, SEVERITY_NOTE, "alignment", "64 MiB of", "none: it takes");
	dax->size--;
	assert_found(&machine, SEVERITY_WARNING, "alignment", "64 MiB of", "none: it takes");
	machine.facts.policy = NULL;
	assert_found(&machine, SEVERITY_WARNING, "alignment", "64 MiB of", "none: it takes");
	strcpy(dax->driver, "device_dax");
	assert_not_found(&machine, "alignment");
	machine_tear_down(&machine);
}

static void where_the_kernel_cannot_put_the_memmap(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = machine.inventory->dax.items;
	dax->memmap_on_memory = TRISTATE_YES;
	dax->has_kmem_numbers = true;
	dax->memmap_dram = 8 * MIB;
	dax->memmap_device = 0;
	assert_found(&machine, SEVERITY_WARNING, "memmap-in-dram", "counted by the driver",
		     "kmemctl memmap dax");
	strcpy(machine.facts.memmap_parameter, "N");
	assert_found(&machine, SEVERITY_WARNING, "memmap-in-dram", "counted", "by hand: boot");
	strcpy(machine.facts.memmap_parameter, "force");
	machine.inventory->host.block_size = 64 * MIB;
	assert_found(&machine, SEVERITY_WARNING, "memmap-in-dram", "counted", "kmemctl memmap");
	strcpy(machine.facts.memmap_parameter, "Y"); /* half a page of 2 MiB */
	assert_found(&machine, SEVERITY_WARNING, "memmap-in-dram", "counted", "by hand: boot");
	dax->memmap_on_memory = TRISTATE_NO;
	assert_not_found(&machine, "memmap-in-dram");
	machine_tear_down(&machine);
}

static void what_policy_will_add_counts_for_the_ratio(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH); /* 512 MiB to come */
	machine.facts.kernel_zone = GIB;
	machine.facts.movable_zone = 3 * GIB - 512 * MIB;
	assert_not_found(&machine, "zone-ratio");
	machine.facts.movable_zone++;
	assert_found(&machine, SEVERITY_NOTE, "zone-ratio", "are, or by policy will be, movable",
		     "by hand: Zone=kernel");
	machine.facts.movable_zone = 4 * GIB - 512 * MIB;
	assert_found(&machine, SEVERITY_NOTE, "zone-ratio", "4.0 to 1", "Zone=kernel");
	machine.facts.movable_zone++;
	assert_found(&machine, SEVERITY_WARNING, "zone-ratio", "4.0 to 1", "Zone=kernel");
	machine.facts.policy = NULL;
	machine.facts.movable_zone = 3 * GIB + 1;
	assert_found(&machine, SEVERITY_NOTE, "zone-ratio", "GiB are movable", "Zone=kernel");
	machine_tear_down(&machine);
	machine_set_up(&machine, HEALTHY); /* nothing to come: it is there */
	machine.facts.kernel_zone = GIB;
	machine.facts.movable_zone = 3 * GIB;
	assert_not_found(&machine, "zone-ratio");
	machine_tear_down(&machine);
}

static void of_what_is_partly_there_the_rest_is_to_come(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.inventory->dax.items[0].size -= 128 * MIB;
	machine.facts.kernel_zone = GIB;
	machine.facts.movable_zone = 3 * GIB - 128 * MIB;
	assert_not_found(&machine, "zone-ratio");
	machine.facts.movable_zone++;
	assert_found(&machine, SEVERITY_NOTE, "zone-ratio", "movable", "Zone=kernel");
	machine_tear_down(&machine);
}

static void the_command_names_the_blocks_of_a_range(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.resource = (struct resource){{64 * GIB, GIB}, "dax77.0"};
	machine.facts.resources.items = &machine.resource;
	machine.facts.resources.count = 1;
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "1 GiB of \"dax77.0\"",
		     "for block in $(seq 512 519); do echo offline >");
	assert_string_equal(seek(&machine, "stuck-range")->subject, "0x1000000000-0x103fffffff");
	machine.resource.range.size = MIB; /* not one block */
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "1 MiB", "none: boot");
	strcpy(machine.resource.name, "System RAM (kmem)"); /* with no device at all */
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "1 MiB", "none: boot");
	machine.inventory->regions.items[0].lost_blocks = 1;
	machine.inventory->regions.items[0].start = 64 * GIB - MIB;
	machine.inventory->regions.items[0].size = 2 * MIB;
	assert_not_found(&machine, "stuck-range"); /* reported as lost */
	machine.inventory->regions.items[0].start += MIB;
	assert_not_found(&machine, "stuck-range");
	machine.inventory->regions.items[0].start -= MIB;
	machine.inventory->regions.items[0].size = MIB;
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "1 MiB", "none: boot");
	machine.facts.resources.items = NULL;
	machine.facts.resources.count = 0;
	machine_tear_down(&machine);
}

static void pages_that_are_broken(void **state)
{
	uint64_t pages[6] = {0x2000, 0, 0x3000, 0x4000, 0x5000, 0x6000};
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = machine.inventory->dax.items;
	machine.facts.log.poisoned.items = pages;
	assert_not_found(&machine, "poisoned");
	machine.facts.poisoned = 8192;
	assert_found(&machine, SEVERITY_WARNING, "poisoned", "8 KiB of memory broken", "none: ");
	pages[1] = dax->ranges.items[0].start;
	machine.facts.log.poisoned.count = 2;
	assert_found(&machine, SEVERITY_WARNING, "poisoned", "them no more: 0x2000, 0x", "none: ");
	assert_contains(seek(&machine, "poisoned")->what, " in dax");
	assert_null(strstr(seek(&machine, "poisoned")->what, "0 more"));
	machine.facts.log.poisoned.count = 6;
	assert_found(&machine, SEVERITY_WARNING, "poisoned", "0x4000 and 2 more", "none: ");
	/* Which is why a block stays offline. */
	dax->blocks.items[0].state = BLOCK_OFFLINE;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "1 of", "EHWPOISON");
	pages[1] = dax->ranges.items[0].start + dax->ranges.items[0].size;
	machine.facts.log.poisoned.count = 2;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "1 of", "kmemctl apply");
	pages[1] = dax->ranges.items[0].start + dax->ranges.items[0].size - 1;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "1 of", "EHWPOISON");
	/* Or is not there. */
	dax->blocks.items[0].state = BLOCK_ABSENT;
	assert_found(&machine, SEVERITY_WARNING, "blocks-missing", "1 of", "'poisoned'");
	machine.facts.log.poisoned.count = 1;
	assert_found(&machine, SEVERITY_WARNING, "blocks-missing", "1 of", "drain");
	machine_tear_down(&machine);
}

static void an_nvdimm_that_reports_a_failure(void **state)
{
	struct dimm_fact dimm = {"nmem1", "save_fail not_armed"};
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.dimms.items = &dimm;
	machine.facts.dimms.count = 1;
	assert_found(&machine, SEVERITY_ERROR, "nvdimm-failed",
		     "nmem1 reports: save_fail not_armed", "none: ndctl list -DH -d nmem1");
	machine_tear_down(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_lost_to_alignment),
		cmocka_unit_test(blocks_that_are_not_as_wanted),
		cmocka_unit_test(a_memmap_in_dram_against_the_wish),
		cmocka_unit_test(a_memmap_that_does_not_fit),
		cmocka_unit_test(more_movable_than_the_kernel_can_live_with),
		cmocka_unit_test(ranges_that_nobody_owns),
		cmocka_unit_test(an_expander_that_was_pulled_out),
		cmocka_unit_test(memory_that_is_none),
		cmocka_unit_test(somebody_elses_wish),
		cmocka_unit_test(a_block_that_is_in_both_zones),
		cmocka_unit_test(policy_wants_the_kernels_zone),
		cmocka_unit_test(an_interleaved_region_is_judged_once),
		cmocka_unit_test(alignment_of_what_is_no_memory),
		cmocka_unit_test(where_the_kernel_cannot_put_the_memmap),
		cmocka_unit_test(what_policy_will_add_counts_for_the_ratio),
		cmocka_unit_test(of_what_is_partly_there_the_rest_is_to_come),
		cmocka_unit_test(the_command_names_the_blocks_of_a_range),
		cmocka_unit_test(pages_that_are_broken),
		cmocka_unit_test(an_nvdimm_that_reports_a_failure),
	};

	return cmocka_run_group_tests_name("doctor_memory", tests, NULL, NULL);
}
