/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_CXL_MACHINE_H
#define KMEMD_TEST_CXL_MACHINE_H
/* A machine with CXL, as libcxl shows it: cxl_machine_setup() and folder_teardown() go around a
 * test. */
#include "fake-libcxl.h"
#include "fixture.h"

#include "inventory/read-cxl.h"

#define KERNEL_SHOWS_NOTHING UINT64_MAX /* what libcxl says then of a size */

/*
 * Two host bridges. Below the first is a switch with mem0 and mem1, below the second mem2. mem3 is
 * a CXL 1.1 device on the root. Everything has the order that libcxl may well have: any.
 */
static struct machine {
	struct cxl_memdev mem[4];
	struct cxl_endpoint endpoints[4];
	struct cxl_port root, bridges[2], branch;
	struct cxl_dport bridge_ports[2], device_port, root_port, switch_ports[2];
	struct cxl_decoder windows[2], bridge_decoders[3], mem_decoders[4];
	struct cxl_target targets[3];
	struct cxl_region regions[3];
	struct cxl_memdev_mapping mappings[3];
	struct cxl_bus bus;
} machine;

static void make_memdevs(void)
{
	static const char *const names[] = {"mem0", "mem1", "mem2", "mem3"};
	struct cxl_port *const parents[] = {&machine.branch, &machine.branch, &machine.bridges[1],
					    &machine.root};

	for (unsigned int i = 0; i < 4; i++) {
		machine.endpoints[i] = (struct cxl_endpoint){.parent = parents[i], .enabled = true};
		machine.mem[i] = (struct cxl_memdev){.next = i < 3 ? &machine.mem[i + 1] : NULL,
						     .name = names[i],
						     .host = "0000:0d:00.0",
						     .serial = 0x1000 + i,
						     .ram_size = 2 * GIB,
						     .pmem_size = GIB,
						     .node = 1,
						     .enabled = true,
						     .endpoint = &machine.endpoints[i]};
	}
}

static void make_ports(void)
{
	struct machine *m = &machine;

	m->bridge_ports[0] = (struct cxl_dport){.name = "pci0000:0c",
						.id = 12,
						.leads_to = {&m->mem[0], &m->mem[1]},
						.next = &m->device_port};
	m->bridge_ports[1] = (struct cxl_dport){.name = "pci0000:de",
						.id = 222,
						.leads_to = {&m->mem[2]},
						.next = &m->bridge_ports[0]};
	m->device_port = (struct cxl_dport){
		.name = "pci0000:05", .id = 5, .leads_to = {&m->mem[3]}};
	m->root_port = (struct cxl_dport){
		.name = "0000:0c:00.0", .id = 1, .leads_to = {&m->mem[0], &m->mem[1]}};
	m->switch_ports[0] = (struct cxl_dport){
		.name = "0000:0e:00.0", .id = 0, .leads_to = {&m->mem[0]}};
	m->switch_ports[1] = (struct cxl_dport){.name = "0000:0e:01.0",
						.id = 1,
						.leads_to = {&m->mem[1]},
						.next = &m->switch_ports[0]};
	m->root = (struct cxl_port){.name = "root0",
				    .host = "ACPI0017:00",
				    .children = &m->bridges[0],
				    .dports = &m->bridge_ports[1],
				    .decoders = &m->windows[0]};
	m->bridges[0] = (struct cxl_port){.name = "port1",
					  .host = "pci0000:0c",
					  .depth = 1,
					  .parent = &m->root,
					  .next = &m->bridges[1],
					  .children = &m->branch,
					  .dports = &m->root_port,
					  .decoders = &m->bridge_decoders[2]};
	m->bridges[1] = (struct cxl_port){
		.name = "port2", .host = "pci0000:de", .depth = 1, .parent = &m->root};
	m->branch = (struct cxl_port){.name = "port3",
				      .host = "0000:0d:00.0",
				      .depth = 2,
				      .parent = &m->bridges[0],
				      .dports = &m->switch_ports[1]};
}

static void make_decoders(void)
{
	struct machine *m = &machine;

	m->targets[0] = (struct cxl_target){
		.name = "pci0000:0c", .id = 12, .leads_to = {&m->mem[0], &m->mem[1]}};
	m->targets[1] = (struct cxl_target){
		.name = "pci0000:de", .id = 222, .leads_to = {&m->mem[2]}};
	m->targets[2] = (struct cxl_target){.name = "0000:0c:00.0", .id = 1};
	m->windows[0] = (struct cxl_decoder){.name = "decoder0.0",
					     .start = 0x1000000000,
					     .size = 16 * GIB,
					     .ways = 2,
					     .granularity = 4096,
					     .targets = {&m->targets[1], &m->targets[0]},
					     .target_count = 2,
					     .next = &m->windows[1]};
	m->windows[1] = (struct cxl_decoder){.name = "decoder0.1",
					     .start = 0x2000000000,
					     .size = 4 * GIB,
					     .ways = 1,
					     .granularity = 256,
					     .targets = {&m->targets[1]},
					     .target_count = 1};
	m->bridge_decoders[0] = (struct cxl_decoder){.name = "decoder1.0",
						     .id = 0,
						     .start = 0x1000000000,
						     .size = 2 * GIB,
						     .ways = 1,
						     .granularity = 256,
						     .targets = {&m->targets[2]},
						     .target_count = 1};
	m->bridge_decoders[1] = (struct cxl_decoder){.name = "decoder1.1",
						     .id = 1,
						     .start = KERNEL_SHOWS_NOTHING,
						     .size = KERNEL_SHOWS_NOTHING,
						     .target_count = 2,
						     .targets = {NULL, &m->targets[2]},
						     .next = &m->bridge_decoders[0]};
	m->bridge_decoders[2] = (struct cxl_decoder){.name = "decoder1.2",
						     .id = 2,
						     .start = 77,
						     .locked = true,
						     .next = &m->bridge_decoders[1]};
}

/* Of mem0, with the last one first. */
static void make_endpoint_decoders(void)
{
	static const char *const names[] = {"decoder4.0", "decoder4.1", "decoder4.2", "decoder4.3"};

	for (int i = 0; i < 4; i++)
		machine.mem_decoders[i] = (struct cxl_decoder){
			.name = names[i],
			.id = i,
			.memdev = &machine.mem[0],
			.next = i ? &machine.mem_decoders[i - 1] : NULL};
	machine.endpoints[0].port.decoders = &machine.mem_decoders[3];
}

static int cxl_machine_setup(void **state)
{
	memset(&machine, 0, sizeof(machine));
	make_memdevs();
	make_ports();
	make_decoders();
	make_endpoint_decoders();
	machine.bus.root = &machine.root;
	fake_cxl = (struct cxl_ctx){.buses = &machine.bus, .memdevs = &machine.mem[0]};
	return folder_setup(state);
}

static inline void put(void **state, const char *device, const char *attribute, const char *text)
{
	write_text(at(*state, "bus/cxl/devices/%s/%s", device, attribute), text);
}

static struct kmemd_inventory *read_machine(void **state)
{
	struct kmemd kmemd = {.sysfs = *state, .procfs = *state};
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	struct kmemd_error error = {0};

	assert_non_null(inventory);
	if (read_cxl(&kmemd, inventory, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(fake_cxl.references, 0);
	return inventory;
}

#define READ(variable)                                                                             \
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *variable = read_machine(state)

#define with_machine(test) cmocka_unit_test_setup_teardown(test, cxl_machine_setup, folder_teardown)

#endif
