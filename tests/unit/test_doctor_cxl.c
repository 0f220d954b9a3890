// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: from facts to findings: CXL. */
#include "doctor-fixture.h"

static void regions_that_cannot_be_committed(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.hypervisor = true;
	assert_not_found(&machine, "cxl-hypervisor"); /* all of it is committed already */
	machine_tear_down(&machine);
	machine_set_up(&machine, FRESH);
	assert_not_found(&machine, "cxl-hypervisor");
	machine.facts.hypervisor = true;
	assert_found(&machine, SEVERITY_ERROR, "cxl-hypervisor", "there is a hypervisor",
		     "hypervisor=off");
	assert_found(&machine, SEVERITY_WARNING, "cxl-uncommitted", "512 MiB of mem0",
		     "by hand: first that of cxl-hypervisor");
	machine.facts.hypervisor = false;
	strcpy(machine.facts.log.cache_sync, "cxl region0: Failed to synchronize");
	assert_found(&machine, SEVERITY_ERROR, "cxl-hypervisor", "could not commit", "firmware");
	machine_tear_down(&machine);
}

static void capacity_that_nobody_uses(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	assert_found(&machine, SEVERITY_WARNING, "cxl-uncommitted", "512 MiB of mem0",
		     "kmemctl apply mem0");
	machine.record = (struct record){.state = RECORD_HELD, .message = "drained by kmemctl"};
	strcpy(machine.record.device, "cxl-ram:0x1234");
	machine.record.instance = device_called(&machine, "cxl-ram:0x1234")->instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_NOTE, "cxl-uncommitted", "512 MiB", "kmemctl apply mem0");
	machine.facts.records.count = 0;
	kmemd_policy_free(machine.policy);
	machine.facts.policy = machine.policy = policy_of(
		"[Match]\nKind=dax\n[Memory]\nMode=ignore\n");
	assert_found(&machine, SEVERITY_NOTE, "cxl-uncommitted", "512 MiB", "Create=yes");
	machine.inventory->memdevs.items[0].enabled = false;
	assert_found(&machine, SEVERITY_WARNING, "cxl-disabled", "not ready", "enable-memdev mem0");
	machine_tear_down(&machine);
}

static void capacity_is_what_is_left_of_it(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	machine.inventory->memdevs.items[0].ram_allocated = 128 * MIB;
	assert_found(&machine, SEVERITY_WARNING, "cxl-uncommitted", "384 MiB of mem0", "");
	machine.inventory->memdevs.items[0].ram_allocated = 512 * MIB;
	assert_not_found(&machine, "cxl-uncommitted");
	machine_tear_down(&machine);
}

/* Mode=system-ram alone asks for no region, nor does one for what is to be ignored. */
static void capacity_that_no_policy_wants_a_region_of(void **state)
{
	static const char *const policies[] = {
		"[Match]\nKind=cxl-ram\n[Region]\nCreate=no\n[Memory]\nMode=system-ram\n",
		"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=ignore\n",
	};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct machine machine;

		machine_set_up(&machine, FRESH);
		kmemd_policy_free(machine.policy);
		machine.facts.policy = machine.policy = policy_of(policies[i]);
		assert_found(&machine, SEVERITY_NOTE, "cxl-uncommitted", "512 MiB", "Create=yes");
		assert_contains(seek(&machine, "cxl-uncommitted")->why, "no policy file asks");
		machine_tear_down(&machine);
	}
}

/* Under a hypervisor regions cannot be made; what needs none is done as everywhere. */
static void what_needs_no_region_is_cured_under_a_hypervisor_too(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.hypervisor = true;
	machine.inventory->dax.items[0].blocks.items[0].state = BLOCK_OFFLINE;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "offline", "kmemctl apply mem");
	assert_int_equal(seek(&machine, "blocks-offline")->cure_type, CURE_COMMAND);
	machine.record = (struct record){.state = RECORD_FAILED, .message = "mem0: no"};
	strcpy(machine.record.device, "cxl-ram:0x1234");
	machine.record.instance = device_called(&machine, "cxl-ram:0x1234")->instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_ERROR, "failed", "mem0: no", "kmemctl apply");
	assert_int_equal(seek(&machine, "failed")->cure_type, CURE_COMMAND);
	machine_tear_down(&machine);
}

static void capacity_that_no_region_can_use(void **state)
{
	struct decoder_fact decoders[3] = {
		{.name = "decoder2.2", .memdev = "mem0", .number = 2, .dpa_size = 256 * MIB},
		{.name = "decoder2.1", .memdev = "mem0", .number = 1, .dpa_size = 256 * MIB},
		{.name = "decoder3.0", .memdev = "mem1", .region = "region0", .dpa_size = GIB},
	};
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.decoders.items = decoders;
	machine.facts.decoders.count = 3;
	assert_found(&machine, SEVERITY_WARNING, "cxl-stranded",
		     "512 MiB of mem0 are held by a decoder without a region (decoder2.2, "
		     "decoder2.1)",
		     "cxl free-dpa -d decoder2.2 mem0 && cxl free-dpa -d decoder2.1 mem0");
	assert_int_equal(machine.findings.count, 1);
	strcpy(decoders[0].region, "region1");
	assert_found(&machine, SEVERITY_WARNING, "cxl-stranded", "256 MiB of mem0",
		     "by hand: region1 uses a later decoder of it and has to go first; then: cxl "
		     "free-dpa -d decoder2.1 mem0");
	strcpy(decoders[1].region, "region2");
	decoders[0].region[0] = '\0'; /* the later one is free to go */
	assert_found(&machine, SEVERITY_WARNING, "cxl-stranded", "256 MiB of mem0",
		     "cxl free-dpa -d decoder2.2 mem0");
	assert_int_equal(seek(&machine, "cxl-stranded")->cure_type, CURE_COMMAND);
	decoders[0].decodes = true;
	assert_found(&machine, SEVERITY_WARNING, "cxl-stranded", "256 MiB", "none: firmware");
	decoders[0].decodes = false;
	decoders[0].locked = true;
	assert_found(&machine, SEVERITY_WARNING, "cxl-stranded", "256 MiB", "none: firmware");
	strcpy(decoders[0].region, "region1");
	assert_not_found(&machine, "cxl-stranded");
	machine_tear_down(&machine);
}

static void what_firmware_locked(void **state)
{
	struct decoder_fact decoder = {.name = "decoder2.0", .memdev = "mem0", .dpa_size = GIB};
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	strcpy(decoder.region, machine.inventory->regions.items[0].name);
	machine.facts.decoders.items = &decoder;
	machine.facts.decoders.count = 1;
	assert_not_found(&machine, "cxl-locked");
	decoder.locked = true;
	assert_found(&machine, SEVERITY_NOTE, "cxl-locked", "firmware locked", "none: ");
	assert_int_equal(machine.findings.count, 1);
	machine_tear_down(&machine);
}

static void what_lies_in_a_window(void **state)
{
	const struct root_decoder *window;
	struct machine machine;
	struct range end;
	size_t regions;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	window = machine.inventory->root_decoders.items;
	end = (struct range){window->start + window->size - GIB, GIB};
	machine.facts.resources.items = &machine.resource;
	machine.facts.resources.count = 1;
	machine.resource = (struct resource){end, "Soft Reserved"};
	assert_found(&machine, SEVERITY_WARNING, "cxl-soft-reserved", "1 GiB of the window of",
		     "by hand: firmware");
	strcpy(machine.facts.command_line, "memmap=1G%4G");
	assert_found(&machine, SEVERITY_WARNING, "cxl-soft-reserved", "1 GiB", "take memmap= off");
	machine.resource.range.start = window->start + window->size; /* just behind it */
	assert_not_found(&machine, "cxl-soft-reserved");
	machine.resource.range.start = window->start - GIB; /* just before */
	assert_not_found(&machine, "cxl-soft-reserved");
	machine.resource.range = machine.inventory->dax.items[0].ranges.items[0];
	assert_not_found(&machine, "cxl-soft-reserved"); /* a device uses it */
	regions = machine.inventory->regions.count;
	machine.inventory->regions.count = 0;
	assert_not_found(&machine, "cxl-soft-reserved");
	machine.resource = (struct resource){end, "System RAM"};
	assert_found(&machine, SEVERITY_NOTE, "cxl-plain-ram", "1 GiB of CXL memory",
		     "take memmap= off");
	strcpy(machine.facts.command_line, "efi=nosoftreserve");
	assert_found(&machine, SEVERITY_NOTE, "cxl-plain-ram", "1 GiB", "efi=nosoftreserve");
	machine.facts.command_line[0] = '\0';
	assert_found(&machine, SEVERITY_NOTE, "cxl-plain-ram", "1 GiB", "special-purpose");
	machine.inventory->regions.count = regions; /* to be freed */
	machine_tear_down(&machine);
}

static void regions_that_are_half_made(void **state)
{
	struct machine machine;
	struct region *region;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	region = machine.inventory->regions.items;
	region->committed = false;
	assert_found(&machine, SEVERITY_WARNING, "cxl-not-committed", "not committed",
		     ">/sys/bus/cxl/devices/decoder0.0/delete_region");
	assert_int_equal(seek(&machine, "cxl-not-committed")->cure_type, CURE_COMMAND);
	region->ways = 2;
	assert_found(&machine, SEVERITY_WARNING, "cxl-not-committed", "not committed",
		     "by hand: region");
	region->targets.count = 0; /* what a failed create-region leaves */
	assert_found(&machine, SEVERITY_WARNING, "cxl-not-committed", "not committed",
		     ">/sys/bus/cxl/devices/decoder0.0/delete_region");
	region->lost_blocks = 1;
	assert_not_found(&machine, "cxl-not-committed");
	machine_tear_down(&machine);
}

static void what_the_planner_has_no_step_for_has_no_cure(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	machine.inventory->root_decoders.items[0].largest_free = 0;
	assert_found(&machine, SEVERITY_WARNING, "cxl-uncommitted", "512 MiB of mem0", "none: ");
	machine.inventory->memdevs.items[0].ram_allocated =
		machine.inventory->memdevs.items[0].ram_size;
	assert_not_found(&machine, "cxl-uncommitted");
	machine_tear_down(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_that_cannot_be_committed),
		cmocka_unit_test(capacity_that_nobody_uses),
		cmocka_unit_test(capacity_is_what_is_left_of_it),
		cmocka_unit_test(capacity_that_no_policy_wants_a_region_of),
		cmocka_unit_test(what_needs_no_region_is_cured_under_a_hypervisor_too),
		cmocka_unit_test(capacity_that_no_region_can_use),
		cmocka_unit_test(what_firmware_locked),
		cmocka_unit_test(what_lies_in_a_window),
		cmocka_unit_test(regions_that_are_half_made),
		cmocka_unit_test(what_the_planner_has_no_step_for_has_no_cure),
	};

	return cmocka_run_group_tests_name("doctor_cxl", tests, NULL, NULL);
}
