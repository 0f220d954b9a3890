// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is in the way of a memory block: what is made of /sys and /proc. */
#include "fixture.h"

#include "step/in-use.h"

static struct kmemd *machine_at(const char *folder)
{
	struct kmemd *kmemd = NULL;
	char sys[300], proc[300];

	snprintf(sys, sizeof(sys), "%s/sys", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.sysfs = sys, .procfs = proc}), 0);
	return kmemd;
}

#define NODE "sys/devices/system/node/node1"

static void plant_node(const char *folder)
{
	write_text(at(folder, NODE "/meminfo"),
		   "Node 1 MemTotal:  1048576 kB\nNode 1 MemFree:  229376 kB\n"
		   "Node 1 MemUsed:  819200 kB\nNode 1 Mlocked:  716800 kB\n");
	write_text(at(folder, "proc/meminfo"), "MemTotal: 2097152 kB\nMemFree: 352256 kB\n");
	make_folders(at(folder, NODE "/memory32"));
	make_folders(at(folder, NODE "/memory33"));
	make_folders(at(folder, NODE "/memory_side_cache"));
}

static void plant_process(const char *folder, const char *pid, const char *name, unsigned int pages,
			  unsigned int locked_kib)
{
	char text[512];

	snprintf(text, sizeof(text), "Name:\t%s\nUmask:\t0022\nVmLck:\t%u kB\nVmPin:\t0 kB\n", name,
		 locked_kib);
	write_text(at(folder, "proc/%s/status", pid), text);
	snprintf(text, sizeof(text),
		 "7f00 default anon=%u N0=3 N1=%u kernelpagesize_kB=4\n"
		 "7f80 default huge N11=7 kernelpagesize_kB=2048\n",
		 pages, pages);
	write_text(at(folder, "proc/%s/numa_maps", pid), text);
}

static const char *describe(const char *folder, enum block_state state, unsigned int blocks)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = machine_at(folder);
	static char text[2048];

	describe_use(kmemd, 1, state, blocks, text, sizeof(text));
	return text;
}

static void the_zone_says_whether_waiting_helps(void **state)
{
	assert_string_equal(describe(*state, BLOCK_MOVABLE, 2), "");
	assert_string_equal(describe(*state, BLOCK_KERNEL, 2),
			    "; it is in a kernel zone: a page of the kernel in it does not move, "
			    "and nothing but a reboot frees it");
	assert_contains(describe(*state, BLOCK_MIXED, 2), "not in the movable zone alone");
	assert_contains(describe(*state, BLOCK_MIXED, 2), "nothing but a reboot");
}

static void figures_are_the_nodes_and_say_so(void **state)
{
	plant_node(*state);
	assert_string_equal(describe(*state, BLOCK_MOVABLE, 2),
			    "; node 1 holds 800 MiB (700 MiB locked), 120 MiB are free elsewhere");
	assert_string_equal(describe(*state, BLOCK_MOVABLE, 1),
			    "; node 1, which has memory of other devices as well, holds 800 MiB "
			    "(700 MiB locked), 120 MiB are free elsewhere");
}

static void huge_pages_are_counted_by_size(void **state)
{
	plant_node(*state);
	write_text(at(*state, NODE "/hugepages/hugepages-1048576kB/nr_hugepages"), "4\n");
	write_text(at(*state, NODE "/hugepages/hugepages-1048576kB/free_hugepages"), "2\n");
	write_text(at(*state, NODE "/hugepages/hugepages-2048kB/nr_hugepages"), "0\n");
	assert_contains(describe(*state, BLOCK_MOVABLE, 2),
			"elsewhere; 4 huge pages of 1 GiB are on node 1, 2 of them free");
	assert_null(strstr(describe(*state, BLOCK_MOVABLE, 2), "2 MiB"));
}

static void the_largest_three_processes_are_named(void **state)
{
	plant_node(*state);
	plant_process(*state, "10", "small", 1, 0);
	plant_process(*state, "11", "large", 179200, 716800);
	plant_process(*state, "12", "middle", 300, 0);
	plant_process(*state, "13", "locker", 0, 1024);
	plant_process(*state, "14", "nothing", 0, 0);
	plant_process(*state, "self", "no-process", 9999, 0);
	assert_string_equal(describe(*state, BLOCK_MOVABLE, 2),
			    "; node 1 holds 800 MiB (700 MiB locked), 120 MiB are free elsewhere; "
			    "process 11 (large) has 700 MiB on node 1 and locks 700 MiB, process "
			    "12 (middle) has 1.2 MiB on node 1, process 10 (small) has 4 KiB on "
			    "node 1");
}

static void names_do_not_reach_the_terminal_as_they_are(void **state)
{
	plant_node(*state);
	plant_process(*state, "11", "\x1b[31mred", 1, 4);
	assert_contains(describe(*state, BLOCK_MOVABLE, 2), "process 11 (\\x1b[31mred) has 4 KiB");
}

static void who_has_a_file_mapped(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = machine_at(*state);
	char text[128] = "";

	assert_int_equal(find_mapper(kmemd, "/dev/dax0.0", text, sizeof(text)), 0);
	write_text(at(*state, "proc/7/maps"), "7f00-7f80 rw-s 00000000 00:06 1 /dev/dax0.01\n");
	write_text(at(*state, "proc/7/comm"), "other\n");
	write_text(at(*state, "proc/8/maps"), "7f00-7f80 rw-s 00000000 00:06 1 /lib/x\n"
					      "7f00-7f80 rw-s 00000000 00:06 1 /dev/dax0.0\n");
	write_text(at(*state, "proc/8/comm"), "a\x1b"
					      "b\n");
	assert_int_equal(find_mapper(kmemd, "/dev/dax0.0", text, sizeof(text)), 1);
	assert_string_equal(text, "process 8 (a\\x1bb)");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(the_zone_says_whether_waiting_helps),
		with_folder(figures_are_the_nodes_and_say_so),
		with_folder(huge_pages_are_counted_by_size),
		with_folder(the_largest_three_processes_are_named),
		with_folder(names_do_not_reach_the_terminal_as_they_are),
		with_folder(who_has_a_file_mapped),
	};

	return cmocka_run_group_tests_name("in_use", tests, NULL, NULL);
}
