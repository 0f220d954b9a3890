// SPDX-License-Identifier: GPL-2.0-or-later
/* What belongs to no device, and the snapshot that begins with it. */
#include "fake-libcxl.h"
#include "fake-libndctl.h"
#include "tree.h"

#include "inventory/read-host.h"

#include <sys/utsname.h>

static int setup(void **state)
{
	int r = folder_setup(state);

	memset(&fake_cxl, 0, sizeof(fake_cxl));
	memset(&fake_ndctl, 0, sizeof(fake_ndctl));
	tree_put(*state, "devices/system/memory/block_size_bytes", "8000000\n");
	tree_put(*state, "meminfo",
		 "MemTotal:        1024 kB\nMemFree:          512 kB\nMemAvailable:     768 kB\n");
	return r;
}

static int try_read(void **state, struct kmemd_inventory *inventory, struct kmemd_error *error)
{
	struct kmemd kmemd = {.sysfs = *state, .procfs = *state};

	memset(error, 0, sizeof(*error));
	return read_host(&kmemd, inventory, error);
}

static struct kmemd_inventory *read_it(void **state)
{
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	struct kmemd_error error;

	assert_non_null(inventory);
	if (try_read(state, inventory, &error) < 0)
		fail_msg("%s", error.message);
	return inventory;
}

#define READ(variable)                                                                             \
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *variable = read_it(state)

static void assert_unreadable(void **state, int errnum, const char *message)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = calloc(
		1, sizeof(*inventory));
	struct kmemd_error error;

	assert_int_equal(try_read(state, inventory, &error), -errnum);
	assert_contains(error.message, message);
}

static void the_host_has_names_and_memory(void **state)
{
	struct utsname names;

	uname(&names);
	READ(inventory);
	const struct host *host = &inventory->host;

	assert_string_equal(host->name, names.nodename);
	assert_string_equal(host->kernel, names.release);
	assert_string_equal(host->machine, names.machine);
	assert_int_equal(host->block_size, BLOCK);
	assert_int_equal(host->memory_total, MIB);
	assert_int_equal(host->memory_free, MIB / 2);
	assert_int_equal(host->memory_available, 768 * 1024);
}

static void a_field_that_is_missing_is_nothing(void **state)
{
	tree_put(*state, "meminfo", "MemTotal:        1024 kB\n");
	READ(inventory);

	assert_int_equal(inventory->host.memory_total, MIB);
	assert_int_equal(inventory->host.memory_free, 0);
}

static void nodes_ascend_and_those_without_memory_information_are_gone(void **state)
{
	static const int ids[] = {0, 1, 2, 10, 11, 3};

	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "devices/system/node/node%d/meminfo", ids[i]);
		tree_put(*state, path, "Node %d MemTotal:  %d kB\nNode %d MemFree: 1 kB\n", ids[i],
			 4 + ids[i], ids[i]);
	}
	make_folders(at(*state, "devices/system/node/node12"));
	tree_put(*state, "devices/system/node/node4x/meminfo", "Node 4 MemTotal:  1 kB\n");
	tree_put(*state, "devices/system/node/possible", "0-12\n");
	READ(inventory);
	const struct node *nodes = inventory->nodes.items;

	assert_int_equal(inventory->nodes.count, 6);
	for (unsigned int i = 0; i < 5; i++)
		assert_true(nodes[i].id < nodes[i + 1].id);
	assert_int_equal(nodes[4].id, 10);
	assert_int_equal(nodes[4].total, 14 * 1024);
	assert_int_equal(nodes[4].free, 1024);
}

static void a_kernel_without_nodes_has_none(void **state)
{
	READ(inventory);

	assert_int_equal(inventory->nodes.count, 0);
}

static void auto_online_blocks_is_read(void **state)
{
	READ(without);
	assert_string_equal(without->host.auto_online_blocks, "");

	tree_put(*state, "devices/system/memory/auto_online_blocks", "online_movable\n");
	READ(with);
	assert_string_equal(with->host.auto_online_blocks, "online_movable");
}

/* --- switches of the kernel --- */

static void memmap_on_memory_is_known_where_the_kernel_has_it(void **state)
{
	static const char path[] = "module/memory_hotplug/parameters/memmap_on_memory";

	READ(without);
	assert_int_equal(without->host.memmap_parameter, TRISTATE_UNKNOWN);
	tree_put(*state, path, "N\n");
	READ(off);
	assert_int_equal(off->host.memmap_parameter, TRISTATE_NO);
	tree_put(*state, path, "Y\n");
	READ(on);
	assert_int_equal(on->host.memmap_parameter, TRISTATE_YES);
	tree_put(*state, path, "force\n");
	READ(forced);
	assert_int_equal(forced->host.memmap_parameter, TRISTATE_YES);
}

static void the_optimisation_of_huge_pages_is_known_where_it_is_built_in(void **state)
{
	READ(without);
	assert_int_equal(without->host.hugetlb_vmemmap, TRISTATE_UNKNOWN);
	tree_put(*state, "sys/vm/hugetlb_optimize_vmemmap", "0\n");
	READ(off);
	assert_int_equal(off->host.hugetlb_vmemmap, TRISTATE_NO);
	tree_put(*state, "sys/vm/hugetlb_optimize_vmemmap", "1\n");
	READ(on);
	assert_int_equal(on->host.hugetlb_vmemmap, TRISTATE_YES);
}

static void the_driver_is_told_by_its_version(void **state)
{
	READ(without);
	assert_int_equal(without->host.kmem, KMEM_ABSENT);
	make_folders(at(*state, "module/kmem"));
	READ(plain);
	assert_int_equal(plain->host.kmem, KMEM_IN_TREE);
	tree_put(*state, "module/kmem/version", "1.0\n");
	READ(other);
	assert_int_equal(other->host.kmem, KMEM_IN_TREE);
	tree_put(*state, "module/kmem/version", "0.1.0-kmemd\n");
	READ(ours);
	assert_int_equal(ours->host.kmem, KMEM_DROP_IN);
}

/* --- what cannot be read --- */

static void a_kernel_without_memory_hotplug_is_refused(void **state)
{
	unlink(at(*state, "devices/system/memory/block_size_bytes"));
	assert_unreadable(state, EOPNOTSUPP, "this kernel has no memory hotplug");
}

static void a_block_size_that_is_none_is_an_error(void **state)
{
	static const char path[] = "devices/system/memory/block_size_bytes";

	tree_put(*state, path, "0\n");
	assert_unreadable(state, EINVAL, "'0', which is no block size");
	tree_put(*state, path, "8000000 bytes\n");
	assert_unreadable(state, EINVAL, "no block size");
	unlink(at(*state, "%s", path));
	make_folders(at(*state, "%s", path));
	assert_unreadable(state, EISDIR, "cannot read devices/system/memory/block_size_bytes");
}

static void memory_that_cannot_be_read_is_an_error(void **state)
{
	unlink(at(*state, "meminfo"));
	assert_unreadable(state, ENOENT, "/meminfo: No such file");
}

static void a_sysfs_that_is_not_there_is_an_error(void **state)
{
	folder_remove(*state);
	assert_unreadable(state, ENOENT, "cannot open ");
}

/* --- the whole --- */

static int snapshot(void **state, struct kmemd_inventory **ret, struct kmemd_error *error)
{
	struct kmemd kmemd = {.sysfs = *state, .procfs = *state};

	memset(error, 0, sizeof(*error));
	return kmemd_inventory_read(&kmemd, ret, error);
}

static void the_snapshot_has_host_memdevs_namespaces_dax_and_devices(void **state)
{
	static struct cxl_memdev memdev = {
		.name = "mem0", .host = "0000:0d:00.0", .serial = 0x1234, .ram_size = GIB};
	static struct ndctl_namespace nd = {
		.name = "namespace0.0", .size = GIB, .mode = NDCTL_NS_MODE_DEVDAX, .uuid = {1}};
	static struct ndctl_region region = {.name = "region0", .namespaces = &nd};
	static struct ndctl_bus bus = {.regions = &region};
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error;

	fake_cxl.memdevs = &memdev;
	fake_ndctl.buses = &bus;
	tree_dax(*state, "dax3.0", "kmem", 32 * BLOCK, 4 * BLOCK);
	assert_int_equal(snapshot(state, &inventory, &error), 0);
	assert_int_equal(inventory->host.memory_total, MIB);
	assert_int_equal(inventory->memdevs.count, 1);
	assert_int_equal(inventory->namespaces.count, 1);
	assert_int_equal(inventory->dax.count, 1);
	assert_non_null(inventory_device(inventory, "cxl-ram:0x1234"));
	assert_non_null(inventory_device(inventory, "namespace0.0"));
	assert_non_null(inventory_device(inventory, "dax3.0"));
}

static void a_part_that_cannot_be_read_ends_the_snapshot(void **state)
{
	struct kmemd_inventory *inventory = NULL;
	struct kmemd_error error;

	fake_ndctl.error = -EMFILE;
	assert_int_equal(snapshot(state, &inventory, &error), -EMFILE);
	assert_contains(error.message, "libndctl");
	fake_cxl.error = -ENFILE;
	assert_int_equal(snapshot(state, &inventory, &error), -ENFILE);
	assert_contains(error.message, "libcxl");
	unlink(at(*state, "meminfo"));
	assert_int_equal(snapshot(state, &inventory, &error), -ENOENT);
	assert_contains(error.message, "meminfo");
	assert_null(inventory);
}

#define with_machine(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(the_host_has_names_and_memory),
		with_machine(a_field_that_is_missing_is_nothing),
		with_machine(nodes_ascend_and_those_without_memory_information_are_gone),
		with_machine(a_kernel_without_nodes_has_none),
		with_machine(auto_online_blocks_is_read),
		with_machine(memmap_on_memory_is_known_where_the_kernel_has_it),
		with_machine(the_optimisation_of_huge_pages_is_known_where_it_is_built_in),
		with_machine(the_driver_is_told_by_its_version),
		with_machine(a_kernel_without_memory_hotplug_is_refused),
		with_machine(a_block_size_that_is_none_is_an_error),
		with_machine(memory_that_cannot_be_read_is_an_error),
		with_machine(a_sysfs_that_is_not_there_is_an_error),
		with_machine(the_snapshot_has_host_memdevs_namespaces_dax_and_devices),
		with_machine(a_part_that_cannot_be_read_ends_the_snapshot),
	};

	return cmocka_run_group_tests_name("read_host", tests, NULL, NULL);
}
