// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file speaks for a device, and what may be done of what it says. */
#include "fixture.h"
#include "inventory/names.h"
#include "policy/decide.h"
#include "policy/policy.h"

#define IGNORE "[Memory]\nMode=ignore\n"
#define RAM    "[Memory]\nMode=system-ram\n"

static struct host host = {.name = "tier3", .kernel = "6.12.48+deb13-amd64"};

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
		.vendor = "0x8086",
		.model = "0x0d93",
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
	policy_decide(policy, &host, device, &decision);
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
	policy_decide(&none, &host, &device, &decision);
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
	policy_decide(policy, &host, &device, &decision);
	assert_string_equal(decision.file->path, "second");
	assert_int_equal(decision.settings.mode, MODE_DEVDAX);
	assert_int_equal(decision.settings.zone, ZONE_KERNEL);
	device.kind = KIND_DAX;
	policy_decide(policy, &host, &device, &decision);
	assert_string_equal(decision.file->path, "third");
	device.serial = 1;
	policy_decide(policy, &host, &device, &decision);
	assert_null(decision.file);
}

static void kind_matches_one_of_a_list(void **state)
{
	struct device device = expander();

	(void)state;
	assert_matches("Kind=cxl-ram", &device);
	assert_matches("Kind=hmem cxl-ram", &device);
	assert_matches("Kind=cxl-*", &device);
	assert_matches("Kind=CXL-RAM", &device);
	assert_matches("Kind=!hmem", &device);
	assert_matches("Kind=* !cxl-pmem !hmem", &device);
	assert_no_match("Kind=!cxl-ram", &device);
	assert_no_match("Kind=* !cxl-*", &device);
	assert_no_match("Kind=hmem !nvdimm", &device);
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
	assert_matches("Serial=0x1000-0x1fff", &device);
	assert_matches("Serial=0x1234-0x1234", &device);
	assert_matches("Serial=1-0x1234", &device);
	assert_no_match("Serial=1-0x1233", &device);
	assert_no_match("Serial=0x1235-0x2000", &device);
	assert_no_match("Serial=0x1000-0x1fff !0x1234", &device);
	assert_matches("Serial=!1", &device);
	assert_matches("Serial=!1", &other); /* whatever has none is not that one */
	assert_matches("Serial=1\nSerial=0x1234", &device);
	assert_no_match("Serial=0x1234\nSerial=\nSerial=1", &device);
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
	assert_matches("Uuid=0123*", &device);
	assert_matches("Uuid=1111*", &device);
	assert_no_match("Uuid=2*", &device);
	assert_no_match("Uuid=0123* !1111*", &device); /* one of its UUIDs is excluded */
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
	assert_matches("Size=>=64G <1T", &device);
	assert_matches("Size=>= 64G < 65G", &device);
	assert_no_match("Size=>=32G <64G", &device);
	assert_no_match("Size=>64G <1T", &device);
	assert_matches("Size=32G 64G", &device);
	assert_matches("Size=32G-64G", &device);
	assert_matches("Size=64G-128G", &device);
	assert_no_match("Size=32G-63G", &device);
	assert_no_match("Size=32G 64G >64G", &device);
	assert_no_match("Size=!64G", &device);
	assert_matches("Size=!32G", &device);
	assert_matches("Size=!<64G", &device);
	assert_no_match("Size=!>=64G", &device);
	device.size = 0;
	assert_no_match("Size=<0", &device);
	assert_matches("Size=<1", &device);
	device.size = UINT64_MAX;
	assert_no_match("Size=>18446744073709551615", &device);
	assert_matches("Size=>18446744073709551614", &device);
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
	assert_matches("Node=0-3", &device);
	assert_matches("Node=!0", &device);
	assert_no_match("Node=2-3", &device);
	device.node = -1;
	assert_no_match("Node=0 1", &device);
	device.dax.items = items;
	device.dax.count = 1;
	assert_matches("Node=3", &device);
	assert_no_match("Node=1", &device);
	dax.target_node = 0;
	assert_matches("Node=0", &device);
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
	assert_matches("PciPath=!0000:0e:*", &device);
	assert_matches("PciPath=!*", &other);
	assert_no_match("PciPath=0000:* !0000:0d:*", &device);
	assert_no_match("PciPath=0000:0e:*", &device);
	assert_no_match("PciPath=0000:0d", &device);
	assert_no_match("PciPath=*", &other); /* it has no PCI address */
}

static void vendor_and_model_are_globs(void **state)
{
	struct device device = expander(), other = nvdimm();

	(void)state;
	assert_matches("Vendor=0x8086", &device);
	assert_matches("Vendor=0x1* 0x80*\nModel=0X0D93", &device);
	assert_no_match("Vendor=0x8087", &device);
	assert_no_match("Model=0x8086", &device);
	assert_no_match("Vendor=*", &other); /* it is not known */
	assert_no_match("Model=*", &other);
	assert_matches("Vendor=!0x8087\nModel=!0x1*", &other);
}

static void host_and_kernel_are_the_machines(void **state)
{
	struct device device = expander();

	(void)state;
	assert_matches("Host=tier3", &device);
	assert_matches("Host=tier* !tier1", &device);
	assert_no_match("Host=tier", &device);
	assert_no_match("Host=tier* !tier3", &device);
	assert_matches("KernelVersion=6.12.*", &device);
	assert_matches("KernelVersion=>=6.8 <7", &device);
	assert_matches("KernelVersion=>6.9", &device);
	assert_matches("KernelVersion=<=6.13", &device);
	assert_matches("KernelVersion=!6.1.*", &device);
	assert_matches("KernelVersion=>=6.12.48+deb13-amd64", &device);
	assert_matches("KernelVersion=<=6.12.48+deb13-amd64", &device);
	assert_no_match("KernelVersion=>6.12.48+deb13-amd64", &device);
	assert_no_match("KernelVersion=<6.12.48+deb13-amd64", &device);
	assert_no_match("KernelVersion=6.12", &device);
	assert_no_match("KernelVersion=<6.12", &device);
	assert_no_match("KernelVersion=>=6.100", &device);
	assert_no_match("KernelVersion=>=6.8 <6.12", &device);
	assert_no_match("KernelVersion=!>=6.8", &device);
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

	policy_decide(policy, &host, device, ret);
}

/* A kind, a size, a node or an address is not a name. */
static void persistent_capacity_that_is_not_named_is_refused(void **state)
{
	static const char *const matches[] = {
		"Kind=nvdimm",
		"Size=>0",
		"Node=0",
		"Kind=nvdimm cxl-pmem\nSize=4G",
		"Uuid=*",
		"Uuid=0123*",
		"Uuid=!22222222-89ab-cdef-0123-456789abcdef",
		"Uuid=0123* 22222222-89ab-cdef-0123-456789abcdef", /* names another one */
		"Serial=!5",
	};
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
	decide("[Match]\nSerial=0x1000-0x1fff\n" RAM, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_IGNORE);
	decide("[Match]\nSerial=7 0x1234\n" RAM, &device, &decision);
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
	policy_decide(policy, &host, &device, &decision);
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

/* --- files with a mistake ----------------------------------------------------------------------
 */

/* What is decided by a broken file that is tried before one that wants the expander. */
static struct decision decide_behind(const char *broken, const struct device *device)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	struct decision decision;

	assert_non_null(policy);
	policy_add(policy, "10-broken.conf", broken);
	assert_true(policy->problems.count > 0);
	assert_true(policy->files.items[0].broken);
	policy_add(policy, "50-good.conf", "[Match]\nKind=*\n" RAM);
	policy_decide(policy, &host, device, &decision);
	decision.file = decision.file == policy->files.items ? decision.file : NULL;
	return decision;
}

/* The broken file has the device: nothing is done with it, and the mistake is named. */
static void assert_kept(const char *broken, const struct device *device, const char *where)
{
	struct decision decision = decide_behind(broken, device);

	if (decision.settings.mode != MODE_IGNORE || !decision.file)
		fail_msg("the next file has the device behind:\n%s", broken);
	assert_contains(decision.refusal, where);
	assert_contains(decision.refusal, "has a mistake and may be about it");
}

static void assert_passed_on(const char *broken, const struct device *device)
{
	struct decision decision = decide_behind(broken, device);

	if (decision.settings.mode != MODE_SYSTEM_RAM)
		fail_msg("the device is kept by:\n%s", broken);
}

static void a_broken_file_keeps_devices_that_it_may_be_about(void **state)
{
	struct device device = expander();

	(void)state;
	assert_kept("[Match]\nKind=cxl-ram\n[Memory]\nMode=moon\n", &device, "10-broken.conf:4");
	assert_kept("[Match]\nKind=cxl-ram\n[Memory]\nMod=ignore\n", &device, "10-broken.conf:4");
	assert_kept("[Match]\nKind=cxl-ram\n", &device, "10-broken.conf has");
	assert_kept("[Memory]\nMode=ignore\n", &device, "10-broken.conf has");
	/* What is wrong is in [Match]: a key that cannot be read may fit. */
	assert_kept("[Match]\nSerial=x\n" IGNORE, &device, "10-broken.conf:2");
	assert_kept("[Match]\nKind=cxl-ram\nSize=12Q\n" IGNORE, &device, "10-broken.conf:3");
	assert_kept("[Match]\nKind=hmem\nKindd=cxl-ram\n" IGNORE, &device, "10-broken.conf:3");
	assert_kept("[Match]\nKind=hmem moon\n" IGNORE, &device, "10-broken.conf:2");
	assert_kept("[Match]\nSerial=1\nSerial=0x12345Q\n" IGNORE, &device, "10-broken.conf:3");
	/* A line that is nothing may be the rest of a list, a section that is nothing may be it. */
	assert_kept("[Match]\nSerial=1\n 0x1234\n" IGNORE, &device, "10-broken.conf:3");
	assert_kept("[Match\nKind=hmem\n" IGNORE, &device, "10-broken.conf:1");
	assert_kept("[Matsch]\nKind=hmem\n" IGNORE, &device, "10-broken.conf:1");
	assert_kept("Kind=hmem\n[Match]\nKind=nvdimm\n" IGNORE, &device, "10-broken.conf:1");
	assert_kept("Knd=hmem\n[Match]\nKind=nvdimm\n" IGNORE, &device, "10-broken.conf:1");
	assert_kept("[Match]\nKind=nvdimm\n[Region]\nKind=cxl-ram\n" IGNORE, &device,
		    "10-broken.conf:4");
	assert_kept("nonsense\n[Match]\nKind=nvdimm\n" IGNORE, &device, "10-broken.conf:1");
}

static void a_broken_file_passes_on_what_it_is_certainly_not_about(void **state)
{
	struct device device = expander();

	(void)state;
	assert_passed_on("[Match]\nKind=hmem\n[Memory]\nMode=moon\n", &device);
	assert_passed_on("[Match]\nSerial=7\n", &device);
	assert_passed_on("[Match]\nSerial=7\nSize=12Q\n" IGNORE, &device);
	assert_passed_on("[Match]\nSerial=x\nKind=hmem\n" IGNORE, &device);
	/* A key of another version asks for more; it does not make the others wider. */
	assert_passed_on("[Match]\nKind=hmem\nFirmwareRevision=7\n" IGNORE, &device);
	assert_passed_on("[Match]\nKind=hmem\n[Memory]\nnonsense\nMode=ignore\n", &device);
	assert_passed_on("[Match]\nKind=hmem\n[Lifecycle\nOnFailure=keep\n" IGNORE, &device);
	assert_passed_on("[Match]\nHost=elsewhere\n[Memory]\nMode=moon\n", &device);
}

static void a_zero_byte_makes_all_of_a_file_uncertain(void **state)
{
	static const char text[] = "[Match]\nKind=hmem\n[Memory]\nMode=\0ignore\n";
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	struct device device = expander();
	struct decision decision;

	(void)state;
	assert_int_equal(policy_parse(policy, "10-zero.conf", text, sizeof(text) - 1), 0);
	policy_add(policy, "50-good.conf", "[Match]\nKind=*\n" RAM);
	policy_decide(policy, &host, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_IGNORE);
	assert_contains(decision.refusal, "10-zero.conf:4 has a mistake");
}

static void an_earlier_valid_file_has_the_device_before_a_broken_one(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(
		"[Match]\nKind=cxl-ram\n" RAM);
	struct device device = expander();
	struct decision decision;

	(void)state;
	policy_add(policy, "broken", "[Match]\nKind=cxl-ram\n[Memory]\nMode=moon\n");
	policy_decide(policy, &host, &device, &decision);
	assert_int_equal(decision.settings.mode, MODE_SYSTEM_RAM);
	assert_string_equal(decision.refusal, "");
}

/* It stays as it is: no other file may change it, and there is nothing to refuse. */
static void what_is_in_use_stays_behind_a_broken_file(void **state)
{
	struct memory_block blocks[] = {{.index = 8, .state = BLOCK_OFFLINE},
					{.index = 9, .state = BLOCK_OFFLINE}};
	struct dax_device dax = {.driver = "kmem"}, idle = {.driver = "device_dax"};
	const struct dax_device *items[] = {&idle, &dax};
	struct device device = expander();
	const char *broken = "[Match]\nKind=cxl-ram\n[Memory]\nMode=moon\n";
	struct decision decision;

	(void)state;
	dax.blocks.items = blocks;
	dax.blocks.count = array_size(blocks);
	device.dax.items = items;
	device.dax.count = array_size(items);
	assert_kept(broken, &device, "10-broken.conf:4");
	blocks[1].state = BLOCK_KERNEL;
	decision = decide_behind(broken, &device);
	assert_non_null(decision.file);
	assert_int_equal(decision.settings.mode, MODE_IGNORE);
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
		cmocka_unit_test(vendor_and_model_are_globs),
		cmocka_unit_test(host_and_kernel_are_the_machines),
		cmocka_unit_test(all_keys_have_to_fit),
		cmocka_unit_test(persistent_capacity_that_is_not_named_is_refused),
		cmocka_unit_test(persistent_capacity_by_pci_address_is_refused),
		cmocka_unit_test(persistent_capacity_that_is_named_is_taken),
		cmocka_unit_test(a_refusal_does_not_pass_on_to_the_next_file),
		cmocka_unit_test(volatile_capacity_needs_no_name),
		cmocka_unit_test(a_broken_file_keeps_devices_that_it_may_be_about),
		cmocka_unit_test(a_broken_file_passes_on_what_it_is_certainly_not_about),
		cmocka_unit_test(a_zero_byte_makes_all_of_a_file_uncertain),
		cmocka_unit_test(an_earlier_valid_file_has_the_device_before_a_broken_one),
		cmocka_unit_test(what_is_in_use_stays_behind_a_broken_file),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
