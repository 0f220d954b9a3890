// SPDX-License-Identifier: GPL-2.0-or-later
/* What memmaps cost, against the numbers of the kernel's documents, and what is recommended. */
#include "fixture.h"

#include "base/error.h"
#include "inventory/inventory.h"
#include "plan/memmap-cost.h"
#include "json/memmap-json.h"

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

/* "save 6 vmemmap pages" of 8 (2M), 4094 of 4096 (1G); 7 and 4095 since the second one goes, too.
 */
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
		{MEMMAP_DEVDAX, true, PAGE_4K, 0, 0, TIB},
		{MEMMAP_DEVDAX, true, PAGE_2M, 0, 0, TIB},
		{MEMMAP_DEVDAX, true, PAGE_1G, 0, 0, TIB},
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
		assert_int_equal(!ways[i].why_not, i < 5);
	}
}

/* As ndctl makes them of 512 MiB and of a TiB; an altmap is not deduplicated. */
static void every_way_of_a_namespace(void **state)
{
	struct memmap_subject subject = a_tebibyte();
	struct memmap_way ways[MEMMAP_WAYS];

	(void)state;
	subject.namespace_size = 512 * MIB;
	memmap_ways(&subject, ways);
	assert_int_equal(ways[3].usable, 510 * MIB);
	assert_int_equal(ways[3].dram, memmap_deduplicated(510 * MIB, PAGE_2M));
	assert_int_equal(ways[6].usable, 526385152); /* read from a kernel */
	assert_int_equal(ways[6].device, 8 * MIB);
	assert_int_equal(ways[6].dram, 0);
	assert_false(ways[6].deduplicated);
	assert_contains(ways[4].why_not, "too small");
	subject.namespace_size = TIB;
	memmap_ways(&subject, ways);
	assert_int_equal(ways[4].usable, 1023 * GIB);
	assert_int_equal(ways[7].usable, 1007 * GIB);
	assert_int_equal(ways[7].device, 16 * GIB);
	for (unsigned int i = 0; i < MEMMAP_WAYS; i++)
		assert_null(ways[i].why_not);
}

/* Information and memmap fill a unit of 2 MiB: data begin behind it, and not one further on. */
static void a_head_of_whole_units_loses_nothing(void **state)
{
	struct memmap_subject subject = a_tebibyte();
	struct memmap_way ways[MEMMAP_WAYS];

	(void)state;
	subject.namespace_size = 128 * MIB - 512 * KIB; /* a memmap of 2 MiB less 8 KiB */
	memmap_ways(&subject, ways);
	assert_int_equal(ways[6].usable, 124 * MIB);
	subject.namespace_size += 64 * 4096;
	memmap_ways(&subject, ways);
	assert_int_equal(ways[6].usable, 122 * MIB);
}

static void what_cannot_be_had_says_why(void **state)
{
	struct memmap_subject subject = a_tebibyte();
	struct memmap_way ways[MEMMAP_WAYS];

	(void)state;
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
	assert_contains(ways[4].why_not, "too small for the alignment");
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

/* --- the report
 * -------------------------------------------------------------------------------------------------------
 */

/* The first entry of the first device that the report of a recorded machine has under a name. */
static struct json_object *report(struct kmemd_inventory *inventory, const char *name,
				  struct json_object **ret_memory)
{
	struct json_object *json = NULL;
	struct kmemd_error error = {0};

	if (kmemd_report_memmap(NULL, inventory, name, &json, &error) < 0)
		fail_msg("%s", error.message);
	*ret_memory = json_member(json_member(json, "devices", 0), "daxdevs", 0);
	kmemd_inventory_free(inventory);
	return json;
}

static struct json_object *member(struct json_object *json, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(json, key, &value))
		fail_msg("no %s in %s", key, json_object_to_json_string(json));
	return value;
}

static unsigned int ways_in_force(struct json_object *memory)
{
	unsigned int count = 0;

	for (size_t i = 0; i < json_count(memory, "alternatives"); i++)
		count += json_get_bool(json_member(memory, "alternatives", i), "in_force");
	return count;
}

static void an_expander_that_carries_its_memmap(void **state)
{
	struct json_object *memory, *json;

	(void)state;
	json = report(inventory_recorded("two-expanders-online.json"), "mem0", &memory);
	assert_string_equal(json_text(memory, "mode"), "system-ram");
	assert_string_equal(json_text(member(memory, "memmap"), "in_force"), "device");
	assert_int_equal(json_count(memory, "alternatives"), MEMMAP_WAYS);
	assert_int_equal(ways_in_force(memory), 1);
	assert_true(json_get_bool(json_member(memory, "alternatives", 1), "in_force"));
	assert_string_equal(json_text(member(memory, "recommendation"), "memmap"), "device");
	json_object_put(json);
}

static void an_expander_without_a_region(void **state)
{
	struct json_object *memory, *json;

	(void)state;
	json = report(inventory_recorded("one-expander-fresh.json"), "mem0", &memory);
	assert_string_equal(json_text(memory, "mode"), "none");
	assert_string_equal(json_text(memory, "chardev"), "");
	assert_int_equal(json_get_u64(memory, "size"), 512 * MIB);
	assert_int_equal(json_get_u64(json_member(memory, "alternatives", 0), "dram_bytes"),
			 8 * MIB);
	assert_int_equal(ways_in_force(memory), 0);
	json_object_put(json);
}

static void a_machine_whose_kernel_may_not(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("two-expanders-online.json");
	struct json_object *memory, *json;

	(void)state;
	inventory->host.memmap_parameter = TRISTATE_NO;
	json = report(inventory, "mem0", &memory);
	assert_string_equal(json_text(member(memory, "recommendation"), "memmap"), "dram");
	assert_contains(json_text(member(memory, "recommendation"), "reason"), "is off");
	json_object_put(json);

	inventory = inventory_recorded("two-expanders-online.json");
	inventory->host.memmap_parameter = TRISTATE_NO;
	inventory->host.memory_available = MIB;
	json = report(inventory, "mem0", &memory);
	assert_string_equal(json_text(member(memory, "recommendation"), "memmap"), "none");
	assert_contains(json_text(member(memory, "recommendation"), "reason"), "neither fits");
	json_object_put(json);
}

static void huge_pages_change_the_advice(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("two-expanders-online.json");
	struct json_object *memory, *json;

	(void)state;
	inventory->host.hugetlb_vmemmap = TRISTATE_YES;
	json = report(inventory, "mem0", &memory);
	assert_contains(json_text(member(memory, "recommendation"), "reason"),
			"huge pages only, DRAM is better");
	assert_string_equal(json_text(member(memory, "hugetlb"), "optimize_vmemmap"), "on");
	assert_int_equal(json_get_u64(member(memory, "hugetlb"), "saves_self_hosted_bytes"), 0);
	json_object_put(json);
}

/* Recorded with ndctl create-namespace -m devdax -a 2M -M dev on 512 MiB. */
static void a_namespace_with_its_memmap_on_itself(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("nvdimm-devdax-fsdax.json");
	struct json_object *memory, *json;

	(void)state;
	json = report(inventory, "namespace1.0", &memory);
	assert_string_equal(json_text(memory, "mode"), "devdax");
	assert_string_equal(json_text(member(memory, "memmap"), "in_force"), "device");
	assert_string_equal(json_text(member(memory, "memmap"), "known"),
			    "by the size of the namespace");
	assert_int_equal(ways_in_force(memory), 1);
	assert_true(json_get_bool(json_member(memory, "alternatives", 6), "in_force"));
	assert_string_equal(json_text(member(memory, "recommendation"), "memmap"), "dram");
	assert_int_equal(json_get_u64(member(memory, "recommendation"), "align"), PAGE_2M);
	json_object_put(json);

	/* The same with -M mem: 2 MiB of information, and no more. */
	inventory = inventory_recorded("nvdimm-devdax-fsdax.json");
	array_foreach(dax, &inventory->dax)
		if (!strcmp(dax->name, "dax1.0"))
			dax->size = 510 * MIB;
	json = report(inventory, "namespace1.0", &memory);
	assert_string_equal(json_text(member(memory, "memmap"), "in_force"), "dram");
	assert_true(json_get_bool(member(memory, "memmap"), "deduplicated"));
	assert_int_equal(json_get_u64(member(memory, "memmap"), "dram_bytes"),
			 memmap_deduplicated(510 * MIB, PAGE_2M));
	json_object_put(json);
}

static void a_namespace_that_holds_a_file_system(void **state)
{
	struct json_object *memory, *json;

	(void)state;
	json = report(inventory_recorded("nvdimm-devdax-fsdax.json"), "namespace2.0", &memory);
	assert_string_equal(json_text(member(memory, "recommendation"), "memmap"), "none");
	assert_contains(json_text(member(memory, "recommendation"), "reason"), "destroys");
	json_object_put(json);
}

static void a_namespace_that_is_disabled(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("nvdimm-devdax-fsdax.json");
	struct json_object *memory, *json;

	(void)state;
	array_foreach(namespace, &inventory->namespaces)
	namespace->disabled = !strcmp(namespace->name, "namespace2.0");
	json = report(inventory, "namespace2.0", &memory);
	assert_string_equal(json_text(member(memory, "recommendation"), "memmap"), "none");
	assert_contains(json_text(member(memory, "recommendation"), "reason"), "is disabled");
	json_object_put(json);
}

static void soft_reserved_memory_as_devdax(void **state)
{
	struct json_object *memory, *json;

	(void)state;
	json = report(inventory_recorded("hmem-devdax.json"), NULL, &memory);
	assert_string_equal(json_text(member(memory, "memmap"), "in_force"), "dram");
	assert_false(json_get_bool(json_member(memory, "alternatives", 6), "possible"));
	assert_contains(json_text(member(memory, "recommendation"), "reason"), "in place of");
	json_object_put(json);
}

/* Exactly what is needed is enough. */
static void a_memmap_fits_that_leaves_nothing(void **state)
{
	struct json_object *memory, *json;

	(void)state;
	for (unsigned int missing = 0; missing < 2; missing++) {
		struct kmemd_inventory *inventory = inventory_recorded("two-expanders-online.json");

		inventory->host.memmap_parameter = TRISTATE_NO;
		inventory->host.memory_available = 8 * MIB - missing;
		json = report(inventory, "mem0", &memory);
		assert_string_equal(json_text(member(memory, "recommendation"), "memmap"),
				    missing ? "none" : "dram");
		json_object_put(json);
	}
}

/* A devdax device of whole GiB has the smallest memmap with pages of that size. */
static void the_largest_alignment_that_loses_nothing_is_advised(void **state)
{
	static const uint64_t sizes[] = {4 * GIB, 4 * GIB + 512 * MIB};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct kmemd_inventory *inventory = inventory_recorded("hmem-devdax.json");
		struct json_object *memory, *json;

		inventory->dax.items[0].size = sizes[i];
		json = report(inventory, NULL, &memory);
		assert_int_equal(json_get_u64(member(memory, "recommendation"), "align"),
				 i ? PAGE_2M : PAGE_1G);
		json_object_put(json);
	}
}

static void a_namespace_takes_its_memmap_where_dram_is_short(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("nvdimm-devdax-fsdax.json");
	struct json_object *memory, *json = report(inventory, "namespace1.0", &memory);
	uint64_t dram = json_get_u64(json_member(memory, "alternatives", 3), "dram_bytes");

	(void)state;
	json_object_put(json);
	assert_true(dram > 0);
	for (unsigned int missing = 0; missing < 2; missing++) {
		inventory = inventory_recorded("nvdimm-devdax-fsdax.json");
		inventory->host.memory_available = dram - missing;
		json = report(inventory, "namespace1.0", &memory);
		assert_string_equal(json_text(member(memory, "recommendation"), "memmap"),
				    missing ? "device" : "dram");
		json_object_put(json);
	}
}

/* A namespace that keeps its memmap is larger by that and 2 MiB of information. */
static void the_size_of_a_namespace_tells_where_its_memmap_is(void **state)
{
	static const struct {
		uint64_t more; /* than the 448 MiB of the device, whose memmap has 7 MiB */
		const char *where;
	} cases[] = {{9 * MIB, "device"}, {9 * MIB - 4096, "dram"}, {2 * MIB, "dram"}, {0, "dram"}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kmemd_inventory *inventory = inventory_recorded("nvdimm-devdax-fsdax.json");
		struct json_object *memory, *json;

		array_foreach(dax, &inventory->dax)
			if (!strcmp(dax->name, "dax1.0"))
				dax->size = 448 * MIB;
		array_foreach(namespace, &inventory->namespaces)
			if (!strcmp(namespace->name, "namespace1.0"))
		namespace->size = 448 * MIB + cases[i].more;
		json = report(inventory, "namespace1.0", &memory);
		assert_string_equal(json_text(member(memory, "memmap"), "in_force"),
				    cases[i].where);
		json_object_put(json);
	}
}

static void a_device_that_is_not_there(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("hmem-devdax.json");
	struct json_object *json = NULL;
	struct kmemd_error error = {0};

	(void)state;
	assert_int_equal(kmemd_report_memmap(NULL, inventory, "mem7", &json, &error), -ENODEV);
	assert_int_equal(error.result, KMEMD_NO_DEVICE);
	kmemd_inventory_free(inventory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tebibyte_as_the_kernels_documents_say),
		cmocka_unit_test(small_sizes),
		cmocka_unit_test(kernels_that_deduplicate),
		cmocka_unit_test(what_hugetlb_gives_back),
		cmocka_unit_test(every_way_of_a_tebibyte),
		cmocka_unit_test(every_way_of_a_namespace),
		cmocka_unit_test(a_head_of_whole_units_loses_nothing),
		cmocka_unit_test(what_cannot_be_had_says_why),
		cmocka_unit_test(an_old_kernel_deduplicates_nothing),
		cmocka_unit_test(an_expander_that_carries_its_memmap),
		cmocka_unit_test(an_expander_without_a_region),
		cmocka_unit_test(a_machine_whose_kernel_may_not),
		cmocka_unit_test(huge_pages_change_the_advice),
		cmocka_unit_test(a_namespace_with_its_memmap_on_itself),
		cmocka_unit_test(a_namespace_that_holds_a_file_system),
		cmocka_unit_test(a_namespace_that_is_disabled),
		cmocka_unit_test(soft_reserved_memory_as_devdax),
		cmocka_unit_test(a_memmap_fits_that_leaves_nothing),
		cmocka_unit_test(the_largest_alignment_that_loses_nothing_is_advised),
		cmocka_unit_test(a_namespace_takes_its_memmap_where_dram_is_short),
		cmocka_unit_test(the_size_of_a_namespace_tells_where_its_memmap_is),
		cmocka_unit_test(a_device_that_is_not_there),
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
