// SPDX-License-Identifier: GPL-2.0-or-later
/* NVDIMMs, their health and their namespaces, as libndctl shows them. */
#include "fake-libndctl.h"
#include "fixture.h"

#include "inventory/read-nvdimm.h"

/* Two DIMMs, interleaved in region1; region0 is the first one's alone. */
static struct machine {
	struct ndctl_bus bus;
	struct ndctl_dimm dimms[2];
	struct ndctl_region regions[2];
	struct ndctl_namespace namespaces[2];
	struct ndctl_cmd smart;
} machine;

static int setup(void **state)
{
	struct machine *m = &machine;

	memset(m, 0, sizeof(*m));
	m->dimms[0] = (struct ndctl_dimm){
		.name = "nmem0", .enabled = 1, .smart = &m->smart, .next = &m->dimms[1]};
	m->dimms[1] = (struct ndctl_dimm){.name = "nmem1"};
	m->regions[0] = (struct ndctl_region){
		.name = "region0", .dimms = {&m->dimms[0]}, .next = &m->regions[1]};
	m->regions[1] = (struct ndctl_region){.name = "region1",
					      .dimms = {&m->dimms[1], &m->dimms[0]},
					      .namespaces = &m->namespaces[0]};
	m->namespaces[0] = (struct ndctl_namespace){.name = "namespace1.0",
						    .size = GIB,
						    .mode = NDCTL_NS_MODE_DEVDAX,
						    .active = true,
						    .node = 1,
						    .next = &m->namespaces[1]};
	m->namespaces[1] = (struct ndctl_namespace){.name = "namespace1.1"};
	m->bus = (struct ndctl_bus){.dimms = &m->dimms[0], .regions = &m->regions[0]};
	fake_ndctl = (struct ndctl_ctx){.buses = &m->bus};
	return folder_setup(state);
}

static struct kmemd_inventory *read_machine(void **state)
{
	struct kmemd kmemd = {.sysfs = *state};
	struct kmemd_inventory *inventory = calloc(1, sizeof(*inventory));
	struct kmemd_error error = {0};

	assert_non_null(inventory);
	if (read_nvdimm(&kmemd, inventory, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(fake_ndctl.references, 0);
	assert_int_equal(machine.smart.references, 0);
	return inventory;
}

#define READ(variable)                                                                             \
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *variable = read_machine(state)

/* --- the library --- */

static void libndctl_prints_nothing_itself(void **state)
{
	READ(inventory);

	assert_non_null(inventory);
	assert_true(fake_ndctl.has_log_fn);
}

static void what_libndctl_cannot_do_is_said(void **state)
{
	struct kmemd kmemd = {.sysfs = *state};
	struct kmemd_inventory inventory = {0};
	struct kmemd_error error = {0};

	fake_ndctl.error = -EMFILE;
	assert_int_equal(read_nvdimm(&kmemd, &inventory, &error), -EMFILE);
	assert_string_equal(error.message, "libndctl: Too many open files");
}

static void a_machine_without_nvdimms_has_none(void **state)
{
	fake_ndctl.buses = NULL;
	READ(inventory);

	assert_int_equal(inventory->dimms.count, 0);
	assert_int_equal(inventory->namespaces.count, 0);
}

/* --- namespaces --- */

static void a_namespace_has_a_size_a_node_and_a_folder(void **state)
{
	struct stat folder;

	make_folders(at(*state, "bus/nd/devices/namespace1.0"));
	assert_int_equal(stat(at(*state, "bus/nd/devices/namespace1.0"), &folder), 0);
	READ(inventory);
	const struct namespace *namespace = inventory->namespaces.items;

	assert_string_equal(namespace->name, "namespace1.0");
	assert_string_equal(namespace->region, "region1");
	assert_string_equal(namespace->mode, "devdax");
	assert_int_equal(namespace->size, GIB);
	assert_int_equal(namespace->node, 1);
	assert_int_equal(namespace->instance, folder.st_ino);
}

static void a_seed_is_no_namespace(void **state)
{
	READ(inventory);
	assert_int_equal(inventory->namespaces.count, 1);

	machine.namespaces[1].size = GIB;
	READ(grown);
	assert_int_equal(grown->namespaces.count, 2);
}

static void a_namespace_has_a_mode(void **state)
{
	static const struct {
		enum ndctl_namespace_mode mode;
		const char *name;
	} modes[] = {
		{NDCTL_NS_MODE_FSDAX, "fsdax"},	    {NDCTL_NS_MODE_SECTOR, "sector"},
		{NDCTL_NS_MODE_DEVDAX, "devdax"},   {NDCTL_NS_MODE_RAW, "raw"},
		{NDCTL_NS_MODE_UNKNOWN, "unknown"},
	};

	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		machine.namespaces[0].mode = modes[i].mode;
		READ(inventory);
		assert_string_equal(inventory->namespaces.items[0].mode, modes[i].name);
	}
}

static void a_namespace_that_is_not_active_is_disabled(void **state)
{
	READ(active);

	assert_false(active->namespaces.items[0].disabled);
	machine.namespaces[0].active = false;
	READ(disabled);
	assert_true(disabled->namespaces.items[0].disabled);
}

/* UUIDs as they are on the medium: all bytes differ, so that an order of them shows. */
static void number_uuid(uuid_t uuid, unsigned char first)
{
	for (unsigned char i = 0; i < sizeof(uuid_t); i++)
		uuid[i] = (unsigned char)(first + i);
}

#define UUID_01 "01020304-0506-0708-090a-0b0c0d0e0f10"
#define UUID_A1 "a1a2a3a4-a5a6-a7a8-a9aa-abacadaeafb0"

static void a_namespace_without_uuids_has_none(void **state)
{
	READ(inventory);

	assert_string_equal(inventory->namespaces.items[0].uuid, "");
	assert_string_equal(inventory->namespaces.items[0].raw_uuid, "");
}

static void a_raw_namespace_has_the_uuid_of_its_label(void **state)
{
	number_uuid(machine.namespaces[0].uuid, 1);
	READ(inventory);

	assert_string_equal(inventory->namespaces.items[0].uuid, UUID_01);
	assert_string_equal(inventory->namespaces.items[0].raw_uuid, "");
}

/* As `ndctl list` shows it: that of the label is another. */
static void what_a_namespace_is_used_as_has_the_uuid(void **state)
{
	struct ndctl_namespace *nd = &machine.namespaces[0];
	struct ndctl_pfn pfn;
	struct ndctl_btt btt;
	struct ndctl_dax dax;

	number_uuid(nd->uuid, 1);
	number_uuid(pfn.uuid, 0xa1);
	number_uuid(btt.uuid, 0xa1);
	number_uuid(dax.uuid, 0xa1);
	for (unsigned int i = 0; i < 3; i++) {
		nd->dax = i == 0 ? &dax : NULL;
		nd->pfn = i == 1 ? &pfn : NULL;
		nd->btt = i == 2 ? &btt : NULL;
		READ(inventory);
		assert_string_equal(inventory->namespaces.items[0].uuid, UUID_A1);
		assert_string_equal(inventory->namespaces.items[0].raw_uuid, UUID_01);
	}
}

/* --- NVDIMMs --- */

static void a_dimm_has_ids(void **state)
{
	machine.dimms[0].unique_id = "8089-a2-1837-00000001";
	machine.dimms[0].vendor = 0x8089;
	machine.dimms[0].device = 0x97b;
	machine.dimms[1].vendor = UINT16_MAX;
	machine.dimms[1].device = 0;
	READ(inventory);
	const struct dimm *dimms = inventory->dimms.items;

	assert_int_equal(inventory->dimms.count, 2);
	assert_string_equal(dimms[0].name, "nmem0");
	assert_string_equal(dimms[0].unique_id, "8089-a2-1837-00000001");
	assert_string_equal(dimms[0].vendor, "0x8089");
	assert_string_equal(dimms[0].model, "0x097b");
	assert_true(dimms[0].enabled);
	assert_string_equal(dimms[1].name, "nmem1");
	assert_string_equal(dimms[1].unique_id, "");
	assert_string_equal(dimms[1].vendor, "");
	assert_string_equal(dimms[1].model, "");
	assert_false(dimms[1].enabled);
}

static void a_dimm_of_which_nothing_is_known_is_not_enabled(void **state)
{
	machine.dimms[0].enabled = -EIO;
	READ(inventory);

	assert_false(inventory->dimms.items[0].enabled);
}

static void a_dimm_names_the_regions_it_is_a_part_of(void **state)
{
	READ(inventory);
	const struct dimm *dimms = inventory->dimms.items;

	assert_int_equal(dimms[0].regions.count, 2);
	assert_string_equal(dimms[0].regions.items[0], "region0");
	assert_string_equal(dimms[0].regions.items[1], "region1");
	assert_int_equal(dimms[1].regions.count, 1);
	assert_string_equal(dimms[1].regions.items[0], "region1");
}

static void firmware_flags_what_failed(void **state)
{
	struct ndctl_dimm *dimm = &machine.dimms[0];
	const struct {
		bool *fact;
		unsigned int flag;
	} flags[] = {
		{&dimm->failed_save, DIMM_SAVE_FAIL},	{&dimm->failed_restore, DIMM_RESTORE_FAIL},
		{&dimm->failed_flush, DIMM_FLUSH_FAIL}, {&dimm->failed_arm, DIMM_NOT_ARMED},
		{&dimm->failed_map, DIMM_MAP_FAIL},	{&dimm->smart_pending, DIMM_SMART_NOTIFY},
	};

	for (unsigned int i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		*flags[i].fact = true;
		READ(inventory);
		assert_int_equal(inventory->dimms.items[0].flags, flags[i].flag);
		*flags[i].fact = false;
	}
}

static void assert_health(void **state, enum dimm_health health, int life_used)
{
	READ(inventory);

	assert_int_equal(inventory->dimms.items[0].health, health);
	assert_int_equal(inventory->dimms.items[0].life_used, life_used);
}

static void health_is_the_worst_that_is_reported(void **state)
{
	machine.smart.flags = ND_SMART_HEALTH_VALID;
	assert_health(state, DIMM_HEALTH_OK, -1);
	machine.smart.health = ND_SMART_NON_CRITICAL_HEALTH;
	assert_health(state, DIMM_HEALTH_NON_CRITICAL, -1);
	machine.smart.health |= ND_SMART_CRITICAL_HEALTH;
	assert_health(state, DIMM_HEALTH_CRITICAL, -1);
	machine.smart.health |= ND_SMART_FATAL_HEALTH;
	assert_health(state, DIMM_HEALTH_FATAL, -1);
}

static void only_what_is_valid_of_an_answer_counts(void **state)
{
	machine.smart.health = ND_SMART_FATAL_HEALTH;
	machine.smart.life_used = 7;
	assert_health(state, DIMM_HEALTH_UNKNOWN, -1);
	machine.smart.flags = ND_SMART_USED_VALID;
	assert_health(state, DIMM_HEALTH_UNKNOWN, 7);
}

static void a_dimm_that_does_not_answer_is_no_error(void **state)
{
	machine.smart.flags = ND_SMART_HEALTH_VALID | ND_SMART_USED_VALID;
	machine.smart.submit = -EACCES;
	assert_health(state, DIMM_HEALTH_UNKNOWN, -1);
	machine.smart.submit = 0;
	machine.smart.status = 3; /* firmware refuses */
	assert_health(state, DIMM_HEALTH_UNKNOWN, -1);
	machine.dimms[0].smart = NULL;
	assert_health(state, DIMM_HEALTH_UNKNOWN, -1);
}

#define with_machine(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_machine(libndctl_prints_nothing_itself),
		with_machine(what_libndctl_cannot_do_is_said),
		with_machine(a_machine_without_nvdimms_has_none),
		with_machine(a_namespace_has_a_size_a_node_and_a_folder),
		with_machine(a_seed_is_no_namespace),
		with_machine(a_namespace_has_a_mode),
		with_machine(a_namespace_that_is_not_active_is_disabled),
		with_machine(a_namespace_without_uuids_has_none),
		with_machine(a_raw_namespace_has_the_uuid_of_its_label),
		with_machine(what_a_namespace_is_used_as_has_the_uuid),
		with_machine(a_dimm_has_ids),
		with_machine(a_dimm_of_which_nothing_is_known_is_not_enabled),
		with_machine(a_dimm_names_the_regions_it_is_a_part_of),
		with_machine(firmware_flags_what_failed),
		with_machine(health_is_the_worst_that_is_reported),
		with_machine(only_what_is_valid_of_an_answer_counts),
		with_machine(a_dimm_that_does_not_answer_is_no_error),
	};

	return cmocka_run_group_tests_name("read_nvdimm", tests, NULL, NULL);
}
