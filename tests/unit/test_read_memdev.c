// SPDX-License-Identifier: GPL-2.0-or-later
/* A memdev: what it is, what its decoders hold, and the way to it. */
#include "cxl-machine.h"

static void a_memdev_has_a_name_a_serial_and_capacities(void **state)
{
	struct stat folder;

	put(state, "mem1", "ram/qos_class", "2\n");
	put(state, "mem1", "pmem/qos_class", "4\n");
	assert_int_equal(stat(at(*state, "bus/cxl/devices/mem1"), &folder), 0);
	READ(inventory);
	const struct memdev *memdev = &inventory->memdevs.items[1];

	assert_int_equal(inventory->memdevs.count, 4);
	assert_string_equal(memdev->name, "mem1");
	assert_string_equal(memdev->host, "0000:0d:00.0");
	assert_int_equal(memdev->serial, 0x1001);
	assert_int_equal(memdev->node, 1);
	assert_int_equal(memdev->ram_size, 2 * GIB);
	assert_int_equal(memdev->pmem_size, GIB);
	assert_int_equal(memdev->instance, folder.st_ino);
	assert_int_equal(memdev->ram_qos_class, 2);
	assert_int_equal(memdev->pmem_qos_class, 4);
	assert_int_equal(inventory->memdevs.items[0].ram_qos_class, -1);
}

static void it_is_ready_when_it_and_its_endpoint_are(void **state)
{
	machine.mem[0].enabled = false;
	machine.endpoints[1].enabled = false;
	machine.mem[2].endpoint = NULL;
	READ(inventory);
	const struct memdev *memdevs = inventory->memdevs.items;

	assert_false(memdevs[0].enabled);
	assert_false(memdevs[1].enabled);
	assert_false(memdevs[2].enabled);
	assert_int_equal(memdevs[2].decoders.count, 0);
	assert_false(memdevs[2].restricted);
	assert_true(memdevs[3].enabled);
}

static void one_on_the_root_is_restricted(void **state)
{
	READ(inventory);

	assert_false(inventory->memdevs.items[2].restricted);
	assert_true(inventory->memdevs.items[3].restricted);
}

/* --- what PCI says of it --- */

static void put_pci(void **state, const char *attribute, const char *text)
{
	write_text(at(*state, "bus/pci/devices/0000:0d:00.0/%s", attribute), text);
}

static void ids_are_those_of_the_pci_device(void **state)
{
	put_pci(state, "vendor", "0x8086\n");
	put_pci(state, "device", "0x0d93\n");
	machine.mem[0].firmware = "BWFW VERSION 00";
	READ(inventory);

	assert_string_equal(inventory->memdevs.items[0].vendor, "0x8086");
	assert_string_equal(inventory->memdevs.items[0].model, "0x0d93");
	assert_string_equal(inventory->memdevs.items[0].firmware, "BWFW VERSION 00");
}

static void without_a_pci_device_there_are_no_ids(void **state)
{
	READ(inventory);

	assert_string_equal(inventory->memdevs.items[0].vendor, "");
	assert_string_equal(inventory->memdevs.items[0].model, "");
	assert_false(inventory->memdevs.items[0].accelerator);
}

static void an_accelerator_has_another_class(void **state)
{
	put_pci(state, "class", "0x050210\n");
	READ(expander);
	assert_false(expander->memdevs.items[0].accelerator);

	put_pci(state, "class", "0x120000\n");
	READ(accelerator);
	assert_true(accelerator->memdevs.items[0].accelerator);
}

static void an_accelerator_has_decoders_for_accelerators(void **state)
{
	put_pci(state, "class", "0x050210\n");
	machine.mem_decoders[2].type = CXL_DECODER_TTYPE_ACCELERATOR;
	READ(inventory);

	assert_true(inventory->memdevs.items[0].accelerator);
	assert_false(inventory->memdevs.items[1].accelerator);
}

/* --- decoders --- */

static void hold(unsigned int number, enum cxl_decoder_mode mode, uint64_t dpa, uint64_t bytes)
{
	machine.mem_decoders[number].mode = mode;
	machine.mem_decoders[number].dpa_start = dpa;
	machine.mem_decoders[number].dpa_size = bytes;
}

static void decoders_ascend(void **state)
{
	hold(0, CXL_DECODER_MODE_RAM, 0, GIB);
	machine.mem_decoders[0].start = 0x1000000000;
	machine.mem_decoders[0].size = 2 * GIB;
	machine.mem_decoders[0].locked = true;
	put(state, "decoder4.0", "region", "region7\n");
	READ(inventory);
	const struct memdev *memdev = &inventory->memdevs.items[0];
	const struct endpoint_decoder *decoder = memdev->decoders.items;

	assert_int_equal(memdev->decoders.count, 4);
	assert_string_equal(decoder->name, "decoder4.0");
	assert_string_equal(decoder->region, "region7");
	assert_int_equal(decoder->dpa_size, GIB);
	assert_int_equal(decoder->start, 0x1000000000);
	assert_int_equal(decoder->size, 2 * GIB);
	assert_true(decoder->locked);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(decoder[i].id, i);
	assert_string_equal(decoder[1].region, "");
	assert_false(decoder[1].locked);
}

static void decoders_have_the_mode_of_what_they_hold(void **state)
{
	hold(0, CXL_DECODER_MODE_RAM, 0, GIB);
	hold(1, CXL_DECODER_MODE_PMEM, 2 * GIB, GIB / 2);
	hold(2, CXL_DECODER_MODE_MIXED, 4 * GIB, GIB);
	READ(inventory);
	const struct endpoint_decoder *decoders = inventory->memdevs.items[0].decoders.items;

	assert_int_equal(decoders[0].mode, DECODER_RAM);
	assert_int_equal(decoders[1].mode, DECODER_PMEM);
	assert_int_equal(decoders[1].dpa_start, 2 * GIB);
	assert_int_equal(decoders[1].dpa_size, GIB / 2);
	assert_int_equal(decoders[2].mode, DECODER_MIXED);
	assert_int_equal(decoders[3].mode, DECODER_NONE);
}

static void volatile_capacity_is_held_by_ram_decoders(void **state)
{
	hold(0, CXL_DECODER_MODE_RAM, 0, GIB);
	hold(1, CXL_DECODER_MODE_PMEM, 2 * GIB, GIB / 2);
	hold(2, CXL_DECODER_MODE_RAM, GIB, GIB / 4);
	READ(inventory);

	assert_int_equal(inventory->memdevs.items[0].ram_allocated, GIB + GIB / 4);
}

/* Decoders are programmed in order: of those that hold nothing it is the first. */
static void the_first_empty_decoder_is_the_next(void **state)
{
	hold(0, CXL_DECODER_MODE_RAM, 0, GIB);
	READ(inventory);
	assert_string_equal(inventory->memdevs.items[0].free_decoder, "decoder4.1");

	for (unsigned int i = 1; i < 4; i++)
		hold(i, CXL_DECODER_MODE_PMEM, 2 * GIB, GIB / 4);
	READ(full);
	assert_string_equal(full->memdevs.items[0].free_decoder, "");
}

static void what_the_kernel_does_not_show_is_nothing(void **state)
{
	hold(0, CXL_DECODER_MODE_NONE, KERNEL_SHOWS_NOTHING, KERNEL_SHOWS_NOTHING);
	hold(1, CXL_DECODER_MODE_NONE, KERNEL_SHOWS_NOTHING, 0);
	machine.mem_decoders[0].start = KERNEL_SHOWS_NOTHING;
	machine.mem_decoders[0].size = KERNEL_SHOWS_NOTHING;
	machine.mem_decoders[1].start = KERNEL_SHOWS_NOTHING;
	READ(inventory);
	const struct endpoint_decoder *decoders = inventory->memdevs.items[0].decoders.items;

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(decoders[i].dpa_start, 0);
		assert_int_equal(decoders[i].dpa_size, 0);
		assert_int_equal(decoders[i].start, 0);
		assert_int_equal(decoders[i].size, 0);
	}
	assert_string_equal(inventory->memdevs.items[0].free_decoder, "decoder4.0");
}

/* --- the way --- */

static void assert_hop(const struct hop *hop, const char *port, const char *dport, unsigned int id)
{
	assert_string_equal(hop->port, port);
	assert_string_equal(hop->dport, dport);
	assert_int_equal(hop->id, id);
}

static void the_path_leads_through_bridge_and_switch(void **state)
{
	READ(inventory);
	const struct memdev *memdevs = inventory->memdevs.items;

	assert_int_equal(memdevs[1].path.count, 3);
	assert_hop(&memdevs[1].path.items[0], "root0", "pci0000:0c", 12);
	assert_hop(&memdevs[1].path.items[1], "port1", "0000:0c:00.0", 1);
	assert_hop(&memdevs[1].path.items[2], "port3", "0000:0e:01.0", 1);
	assert_int_equal(memdevs[2].path.count, 1);
	assert_hop(&memdevs[2].path.items[0], "root0", "pci0000:de", 222);
	assert_int_equal(memdevs[3].path.count, 1);
	assert_hop(&memdevs[3].path.items[0], "root0", "pci0000:05", 5);
}

static void a_memdev_behind_no_port_has_no_path(void **state)
{
	machine.bridge_ports[1].leads_to[0] = NULL;
	READ(inventory);

	assert_int_equal(inventory->memdevs.items[2].path.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(a_memdev_has_a_name_a_serial_and_capacities),
		with_machine(it_is_ready_when_it_and_its_endpoint_are),
		with_machine(one_on_the_root_is_restricted),
		with_machine(ids_are_those_of_the_pci_device),
		with_machine(without_a_pci_device_there_are_no_ids),
		with_machine(an_accelerator_has_another_class),
		with_machine(an_accelerator_has_decoders_for_accelerators),
		with_machine(decoders_ascend),
		with_machine(decoders_have_the_mode_of_what_they_hold),
		with_machine(volatile_capacity_is_held_by_ram_decoders),
		with_machine(the_first_empty_decoder_is_the_next),
		with_machine(what_the_kernel_does_not_show_is_nothing),
		with_machine(the_path_leads_through_bridge_and_switch),
		with_machine(a_memdev_behind_no_port_has_no_path),
	};

	return cmocka_run_group_tests_name("read_memdev", tests, NULL, NULL);
}
