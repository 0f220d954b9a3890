// SPDX-License-Identifier: GPL-2.0-or-later
/* What memmaps cost, against the numbers of the kernel's documents, and what is recommended. */
#include "fixture.h"

#include "report/memmap-cost.h"

#define TIB   (1024 * GIB)
#define KIB   UINT64_C(1024)
#define LINUX "6.12.90+deb13-amd64"

/* "with 2M pages we lose 4G instead of 16G, with 1G pages we lose 40MB": of a TiB. */
static void a_tebibyte_as_the_kernels_documents_say(void **state)
{
	(void)state;
	assert_int_equal(memmap_bytes(TIB), 16 * GIB);
	assert_int_equal(memmap_deduplicated(TIB, PAGE_1G), 40 * MIB);
	/* 4 GiB of struct pages, and the page tables that the document leaves out. */
	assert_int_equal(memmap_deduplicated(TIB, PAGE_2M), 4 * GIB + 32 * MIB);
	/* A 128 MiB block carries 2 MiB. */
	assert_int_equal(memmap_bytes(BLOCK), 2 * MIB);
}

static void small_sizes(void **state)
{
	(void)state;
	assert_int_equal(memmap_deduplicated(PAGE_2M, PAGE_2M), 8 * KIB + 4 * KIB);
	assert_int_equal(memmap_deduplicated(BLOCK, PAGE_2M), 64 * 8 * KIB + 4 * KIB);
	assert_int_equal(memmap_deduplicated(PAGE_1G, PAGE_1G), 40 * KIB);
	assert_int_equal(memmap_deduplicated(0, PAGE_1G), 0);
}

static void kernels_that_deduplicate(void **state)
{
	(void)state;
	assert_true(memmap_deduplicates("5.19.0", "x86_64"));
	assert_true(memmap_deduplicates("6.1.0-1-amd64", ""));
	assert_true(memmap_deduplicates("7.3.0", "x86_64"));
	assert_false(memmap_deduplicates("5.18.9", "x86_64"));
	assert_false(memmap_deduplicates("4.19.0", "x86_64"));
	assert_false(memmap_deduplicates("6.12.0", "aarch64"));
}

/* "save 6 vmemmap pages" of 8 (2M), 4094 of 4096 (1G); 7 and 4095 since the second one goes, too. */
static void what_hugetlb_gives_back(void **state)
{
	uint64_t tables = 32 * MIB;

	(void)state;
	assert_int_equal(memmap_hugetlb_saves(TIB, PAGE_2M, "5.17.0"),
			 TIB / PAGE_2M * 6 * PAGE_4K - tables);
	assert_int_equal(memmap_hugetlb_saves(TIB, PAGE_2M, LINUX),
			 TIB / PAGE_2M * 7 * PAGE_4K - tables);
	assert_int_equal(memmap_hugetlb_saves(TIB, PAGE_1G, "5.17.0"),
			 1024 * 4094 * PAGE_4K - tables);
	assert_int_equal(memmap_hugetlb_saves(TIB, PAGE_1G, LINUX), 1024 * 4095 * PAGE_4K - tables);
	assert_int_equal(memmap_hugetlb_saves(PAGE_1G - 1, PAGE_1G, LINUX), 0);
}

static struct memmap_subject a_tebibyte(void)
{
	return (struct memmap_subject){
		.kernel = LINUX,
		.machine = "x86_64",
		.size = TIB,
		.block_bytes = TIB,
		.may_self_host = TRISTATE_YES,
		.has_switch = true,
		.is_namespace = true,
	};
}

static void every_way_of_a_tebibyte(void **state)
{
	static const struct {
		enum memmap_mode mode;
		bool on_device;
		uint64_t align, dram, device, usable;
	} wanted[MEMMAP_WAYS] = {
		{MEMMAP_SYSTEM_RAM, false, 0, 16 * GIB, 0, TIB},
		{MEMMAP_SYSTEM_RAM, true, 0, 0, 16 * GIB, 1008 * GIB},
		{MEMMAP_DEVDAX, false, PAGE_4K, 16 * GIB, 0, TIB},
		{MEMMAP_DEVDAX, false, PAGE_2M, 4 * GIB + 32 * MIB, 0, TIB},
		{MEMMAP_DEVDAX, false, PAGE_1G, 40 * MIB, 0, TIB},
		/* An altmap is not deduplicated. */
		{MEMMAP_DEVDAX, true, PAGE_4K, 0, 16 * GIB, 1008 * GIB},
		{MEMMAP_DEVDAX, true, PAGE_2M, 0, 16 * GIB, 1008 * GIB},
		{MEMMAP_DEVDAX, true, PAGE_1G, 0, 16 * GIB, 1008 * GIB},
	};
	struct memmap_subject subject = a_tebibyte();
	struct memmap_way ways[MEMMAP_WAYS];

	(void)state;
	memmap_ways(&subject, ways);
	for (unsigned int i = 0; i < MEMMAP_WAYS; i++) {
		assert_int_equal(ways[i].mode, wanted[i].mode);
		assert_int_equal(ways[i].on_device, wanted[i].on_device);
		assert_int_equal(ways[i].align, wanted[i].align);
		assert_int_equal(ways[i].dram, wanted[i].dram);
		assert_int_equal(ways[i].device, wanted[i].device);
		assert_int_equal(ways[i].usable, wanted[i].usable);
		assert_int_equal(ways[i].deduplicated, i == 3 || i == 4);
		assert_null(ways[i].why_not);
	}
}

static void what_cannot_be_had_says_why(void **state)
{
	struct memmap_subject subject = a_tebibyte();
	struct memmap_way ways[MEMMAP_WAYS];

	(void)state;
	subject.is_namespace = false;
	subject.has_switch = false;
	memmap_ways(&subject, ways);
	assert_contains(ways[1].why_not, "memmap_on_memory switch");
	for (unsigned int i = 5; i < MEMMAP_WAYS; i++)
		assert_contains(ways[i].why_not, "only a namespace");
	subject.may_self_host = TRISTATE_NO;
	memmap_ways(&subject, ways);
	assert_contains(ways[1].why_not, "is off");
	subject.may_self_host = TRISTATE_UNKNOWN;
	memmap_ways(&subject, ways);
	assert_contains(ways[1].why_not, "has no memory_hotplug.memmap_on_memory");
	assert_null(ways[0].why_not);

	subject.size = 64 * MIB;
	subject.block_bytes = 0;
	memmap_ways(&subject, ways);
	assert_contains(ways[0].why_not, "no whole memory block");
	assert_contains(ways[4].why_not, "smaller than the alignment");
	assert_int_equal(ways[3].dram, 32 * 8 * KIB + 4 * KIB);
}

static void an_old_kernel_deduplicates_nothing(void **state)
{
	struct memmap_subject subject = a_tebibyte();
	struct memmap_way ways[MEMMAP_WAYS];

	(void)state;
	subject.kernel = "5.10.0-30-amd64";
	memmap_ways(&subject, ways);
	for (unsigned int i = 2; i < 5; i++) {
		assert_int_equal(ways[i].dram, 16 * GIB);
		assert_false(ways[i].deduplicated);
	}
}

/* REPORT */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tebibyte_as_the_kernels_documents_say),
		cmocka_unit_test(small_sizes),
		cmocka_unit_test(kernels_that_deduplicate),
		cmocka_unit_test(what_hugetlb_gives_back),
		cmocka_unit_test(every_way_of_a_tebibyte),
		cmocka_unit_test(what_cannot_be_had_says_why),
		cmocka_unit_test(an_old_kernel_deduplicates_nothing),
		/* TESTS */
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
