// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file speaks for a device, and what may be done of what it says. */
#include "fixture.h"
#include "inventory/names.h"
#include "policy/decide.h"
#include "policy/policy.h"

#define IGNORE "[Memory]\nMode=ignore\n"
#define RAM    "[Memory]\nMode=system-ram\n"

static struct device expander(void)
{
	return (struct device){
		.kind = KIND_CXL_RAM,
		.name = "mem0",
		.host = "0000:0d:00.0",
		.size = 64 * GIB,
		.node = 1,
		.has_serial = true,
		.serial = 0x1234,
		.uuid = "",
		.raw_uuid = "",
	};
}

static struct device nvdimm(void)
{
	return (struct device){
		.kind = KIND_NVDIMM,
		.name = "namespace0.0",
		.size = 4 * GIB,
		.node = 0,
		.uuid = "01234567-89ab-cdef-0123-456789abcdef",
		.raw_uuid = "11111111-89ab-cdef-0123-456789abcdef",
		.persistent = true,
	};
}

/* Whether a file with this in its [Match] section speaks for the device. */
static bool matches(const char *match, const struct device *device)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct decision decision;
	char text[1024];

	snprintf(text, sizeof(text), "[Match]\n%s\n" IGNORE, match);
	policy = policy_of(text);
	policy_decide(policy, device, &decision);
	return decision.file != NULL;
}

static void assert_matches(const char *match, const struct device *device)
{
	if (!matches(match, device))
		fail_msg("%s does not match %s", match, device->name);
}

static void assert_no_match(const char *match, const struct device *device)
{
	if (matches(match, device))
		fail_msg("%s matches %s", match, device->name);
}

static void a_device_that_no_file_names_is_left_alone(void **state)
{
	struct kmemd_policy none = {0};
	struct device device = expander();
	struct decision decision;

	(void)state;
	policy_decide(&none, &device, &decision);
	assert_null(decision.file);
	assert_int_equal(decision.settings.mode, MODE_IGNORE);
	assert_string_equal(decision.refusal, "");
}

static void the_first_file_that_matches_wins(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(
		"[Match]\nKind=hmem\n" IGNORE);
	struct device device = expander();
	struct decision decision;

	(void)state;
	policy_add(policy, "second", "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\nZone=kernel\n");
	policy_add(policy, "third", "[Match]\nSerial=0x1234\n" RAM);
	policy_decide(policy, &device, &decision);
	assert_string_equal(decision.file->path, "second");
	assert_int_equal(decision.settings.mode, MODE_DEVDAX);
	assert_int_equal(decision.settings.zone, ZONE_KERNEL);
	device.kind = KIND_DAX;
	policy_decide(policy, &device, &decision);
	assert_string_equal(decision.file->path, "third");
	device.serial = 1;
	policy_decide(policy, &device, &decision);
	assert_null(decision.file);
}

static void kind_matches_one_of_a_list(void **state)
{
	struct device device = expander();

	(void)state;
	assert_matches("Kind=cxl-ram", &device);
	assert_matches("Kind=hmem cxl-ram", &device);
	assert_no_match("Kind=cxl-pmem nvdimm hmem dax", &device);
	for (unsigned int i = 0; i < KIND_COUNT; i++) {
		char match[64];

		snprintf(match, sizeof(match), "Kind=%s", kind_names[i]);
		device.kind = (enum kind)i;
		assert_matches(match, &device);
		device.kind = (enum kind)((i + 1) % KIND_COUNT);
		assert_no_match(match, &device);
	}
}

static void serial_matches_one_of_a_list(void **state)
{
	struct device device = expander(), other = nvdimm();

	(void)state;
	assert_matches("Serial=0x1234", &device);
	assert_matches("Serial=4660", &device);
	assert_matches("Serial=1 2 0x1234", &device);
	assert_no_match("Serial=1 2", &device);
	assert_no_match("Serial=0", &other); /* it has none, which is not 0 */
}

static void uuid_matches_either_uuid_of_a_namespace(void **state)
{
	struct device device = nvdimm(), other = expander();

	(void)state;
	assert_matches("Uuid=01234567-89ab-cdef-0123-456789abcdef", &device);
	assert_matches("Uuid=01234567-89AB-CDEF-0123-456789ABCDEF", &device);
	assert_matches("Uuid=11111111-89ab-cdef-0123-456789abcdef", &device);
	assert_matches("Uuid=22222222-89ab-cdef-0123-456789abcdef "
		       "01234567-89ab-cdef-0123-456789abcdef",
		       &device);
	assert_no_match("Uuid=22222222-89ab-cdef-0123-456789abcdef", &device);
	assert_no_match("Uuid=01234567-89ab-cdef-0123-456789abcdef", &other);
}

static void size_is_compared(void **state)
{
	struct device device = expander();

	(void)state;
	assert_matches("Size=64G", &device);
	assert_matches("Size=65536M", &device);
	assert_no_match("Size=63G", &device);
	assert_matches("Size=>=64G", &device);
	assert_no_match("Size=>=65G", &device);
	assert_matches("Size=<=64G", &device);
	assert_no_match("Size=<=63G", &device);
	assert_matches("Size=>63G", &device);
	assert_no_match("Size=>64G", &device);
	assert_matches("Size=<65G", &device);
	assert_no_match("Size=<64G", &device);
}

/* The node that the memory will be in counts, where a dax device tells it. */
static void node_matches_the_memorys_node(void **state)
{
	struct dax_device dax = {.target_node = 3};
	const struct dax_device *items[] = {&dax};
	struct device device = expander();

	(void)state;
	assert_matches("Node=1", &device);
	assert_matches("Node=0 1", &device);
	assert_no_match("Node=0 2", &device);
	device.node = -1;
	assert_no_match("Node=0 1", &device);
	device.dax.items = items;
	device.dax.count = 1;
	assert_matches("Node=3", &device);
	assert_no_match("Node=1", &device);
}

static void pci_path_is_a_glob(void **state)
{
	struct device device = expander(), other = nvdimm();

	(void)state;
	assert_matches("PciPath=0000:0d:00.0", &device);
	assert_matches("PciPath=0000:0d:*", &device);
	assert_matches("PciPath=0000:0[a-f]:00.?", &device);
	assert_matches("PciPath=0001:* 0000:*", &device);
	assert_matches("PciPath=*", &device);
	assert_no_match("PciPath=0000:0e:*", &device);
	assert_no_match("PciPath=0000:0d", &device);
	assert_no_match("PciPath=*", &other); /* it has no PCI address */
}

static void all_keys_have_to_fit(void **state)
{
	struct device device = expander();

	(void)state;
	assert_matches("Kind=cxl-ram\nSerial=0x1234\nSize=>1G\nNode=1\nPciPath=0000:*", &device);
	assert_no_match("Kind=hmem\nSerial=0x1234\nSize=>1G\nNode=1\nPciPath=0000:*", &device);
	assert_no_match("Kind=cxl-ram\nSerial=0x1235\nSize=>1G\nNode=1\nPciPath=0000:*", &device);
	assert_no_match("Kind=cxl-ram\nSerial=0x1234\nSize=<1G\nNode=1\nPciPath=0000:*", &device);
	assert_no_match("Kind=cxl-ram\nSerial=0x1234\nSize=>1G\nNode=2\nPciPath=0000:*", &device);
	assert_no_match("Kind=cxl-ram\nSerial=0x1234\nSize=>1G\nNode=1\nPciPath=0001:*", &device);
	assert_no_match("Kind=cxl-ram\nUuid=01234567-89ab-cdef-0123-456789abcdef", &device);
}

static void decide(const char *text, const struct device *device, struct decision *ret)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(text);

	policy_decide(policy, device, ret);
}

/* A kind, a size, a node or an address is not a name. */
static void persistent_capacity_that_is_not_named_is_refused(void **state)
{
	static const char *const matches[] = {"Kind=nvdimm", "Size=>0", "Node=0",
					      "Kind=nvdimm cxl-pmem\nSize=4G"};
	static const char *const modes[] = {RAM, "[Memory]\nMode=devdax\n"};
	struct device device = nvdimm();
	struct decision decision;
	char text[512];

	(void)state;
	for (size_t i = 0; i < array_size(matches); i++) {
		for (size_t j = 0; j < array_size(modes); j++) {
			snprintf(text, sizeof(text), "[Match]\n%s\n%s", matches[i], modes[j]);
			decide(text, &device, &decision);
			assert_non_null(decision.file);
			assert_int_equal(decision.settings.mode, MODE_IGNORE);
			assert_contains(decision.refusal,
					"it is persistent and test.conf does not name it");
			assert_contains(decision.refusal, "Uuid= or Serial=");
		}
	}
	decide("[Match]\nKind=nvdimm\n" IGNORE, &device, &decision);
	assert_string_equal(decision.refusal, "");
}

static void persistent_capacity_by_pci_address_is_refused(void **state)
{
	struct device device = expander();
	struct decision decision;

	(void)state;
	device.kind = KIND_CXL_PMEM;
	device.persistent = true;
	decide("[Match]\nPciPath=0000:0d:00.0\n" RAM, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_IGNORE);
	assert_contains(decision.refusal, "it is persistent and test.conf does not name it");
	decide("[Match]\nSerial=0x1234\n" RAM, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_SYSTEM_RAM);
	assert_string_equal(decision.refusal, "");
}

static void persistent_capacity_that_is_named_is_taken(void **state)
{
	struct device device = nvdimm();
	struct decision decision;

	(void)state;
	decide("[Match]\nUuid=01234567-89ab-cdef-0123-456789abcdef\n" RAM, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_SYSTEM_RAM);
	assert_string_equal(decision.refusal, "");
	decide("[Match]\nKind=nvdimm\nUuid=11111111-89ab-cdef-0123-456789abcdef\n" RAM, &device,
	       &decision);
	assert_int_equal(decision.settings.mode, MODE_SYSTEM_RAM);
}

/* The file that is refused is the one that speaks: no later file takes its place. */
static void a_refusal_does_not_pass_on_to_the_next_file(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(
		"[Match]\nKind=nvdimm\n" RAM);
	struct device device = nvdimm();
	struct decision decision;

	(void)state;
	policy_add(policy, "named", "[Match]\nUuid=01234567-89ab-cdef-0123-456789abcdef\n" RAM);
	policy_decide(policy, &device, &decision);
	assert_string_equal(decision.file->path, "test.conf");
	assert_int_equal(decision.settings.mode, MODE_IGNORE);
}

static void volatile_capacity_needs_no_name(void **state)
{
	struct device device = expander();
	struct decision decision;

	(void)state;
	decide("[Match]\nKind=cxl-ram\n" RAM, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_SYSTEM_RAM);
	assert_string_equal(decision.refusal, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_no_file_names_is_left_alone),
		cmocka_unit_test(the_first_file_that_matches_wins),
		cmocka_unit_test(kind_matches_one_of_a_list),
		cmocka_unit_test(serial_matches_one_of_a_list),
		cmocka_unit_test(uuid_matches_either_uuid_of_a_namespace),
		cmocka_unit_test(size_is_compared),
		cmocka_unit_test(node_matches_the_memorys_node),
		cmocka_unit_test(pci_path_is_a_glob),
		cmocka_unit_test(all_keys_have_to_fit),
		cmocka_unit_test(persistent_capacity_that_is_not_named_is_refused),
		cmocka_unit_test(persistent_capacity_by_pci_address_is_refused),
		cmocka_unit_test(persistent_capacity_that_is_named_is_taken),
		cmocka_unit_test(a_refusal_does_not_pass_on_to_the_next_file),
		cmocka_unit_test(volatile_capacity_needs_no_name),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
