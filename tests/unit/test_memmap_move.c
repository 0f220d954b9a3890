// SPDX-License-Identifier: GPL-2.0-or-later
/* Moving a memmap while its memory is in use: planned, done, refused, undone whatever fails. */
#include "faulty-job.h"

#include "inventory/inventory.h"
#include "inventory/snapshot.h"
#include "job/drain-job.h"
#include "job/memmap-job.h"
#include "job/policy-job.h"
#include "plan/plan-memmap.h"
#include "policy/keys.h"
#include "policy/policy.h"
#include "json/memmap-json.h"
#include "json/memmap-plan-json.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"
#define POLICY(rest)                                                                               \
	"[Match]\nUuid=" UUID "\n[Lifecycle]\nDrainTimeoutSec=60\n[Memory]\nMode=system-"          \
	"ram\n" rest
#define SWITCH "bus/dax/devices/dax1.0/memmap_on_memory"

static const struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled};

/* A machine whose NVDIMM is system RAM in the zone that its policy says. */
static struct machine boot(const char *folder, const char *auto_online, const char *policy)
{
	struct machine machine;

	clear_folder(folder);
	kernel_boot(folder, auto_online);
	machine = start_kmemd(folder, policy);
	if (kmemd_apply(machine.kmemd, machine.policy, UUID, &job, &machine.error) < 0)
		fail_msg("%s", machine.error.message);
	fault.writes = 0;
	return machine;
}

static int move(struct machine *machine, bool on)
{
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_memmap_move(machine->kmemd, machine->policy, UUID, on, &job, &machine->error);
}

static void assert_blocks_are(const char *zone)
{
	for (uint64_t i = NVDIMM_START / BLOCK; i < NVDIMM_START / BLOCK + 4; i++) {
		const char *block = sysfs("devices/system/memory/memory%" PRIu64, i);

		assert_string_equal(text_of(at(block, "state")), "online");
		assert_string_equal(text_of(at(block, "valid_zones")), zone);
	}
}

static void moved_there_and_back_in_its_zone(void **state)
{
	static const struct {
		const char *auto_online, *policy, *zone;
	} cases[] = {
		{"offline", POLICY(""), "Movable"},
		{"online", POLICY(""), "Movable"},
		{"online_movable", POLICY("Zone=kernel\n"), "Normal"},
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct machine machine = boot(*state, cases[i].auto_online, cases[i].policy);
		_cleanup_free_ char *before = kernel_tree();
		char *after;

		assert_string_equal(text_of(sysfs(SWITCH)), "1");
		for (int on = 0; on < 2; on++) {
			if (move(&machine, on) < 0)
				fail_msg("%s\n%s", machine.error.message, messages);
			assert_string_equal(text_of(sysfs(SWITCH)), on ? "1" : "0");
			assert_blocks_are(cases[i].zone);
		}
		after = kernel_tree();
		assert_string_equal(after, before);
		free(after);
		power_off(&machine);
	}
}

static void what_is_so_already_is_not_touched(void **state)
{
	struct machine machine = boot(*state, "offline", POLICY(""));

	assert_int_equal(move(&machine, true), 0);
	assert_int_equal(fault.writes, 0);
	power_off(&machine);
}

static void refused_before_anything_is_written(void **state)
{
	struct machine machine = boot(*state, "offline", POLICY("MemmapOnMemory=yes\n"));
	char block[512];

	snprintf(block, sizeof(block), "%s",
		 sysfs("devices/system/memory/memory%" PRIu64, NVDIMM_START / BLOCK));
	assert_int_equal(move(&machine, false), -EBUSY);
	assert_int_equal(machine.error.result, KMEMD_REFUSED);
	assert_contains(machine.error.message, "test.conf:7 says MemmapOnMemory=yes");
	kmemd_policy_free(machine.policy);
	machine.policy = policy_of(POLICY(""));

	/* Without --rebind. */
	assert_int_equal(kmemd_memmap_set(machine.kmemd, UUID, false, &job, &machine.error),
			 -EBUSY);
	assert_contains(machine.error.message, "--rebind");

	write_text(at(block, "valid_zones"), "Normal\n");
	assert_int_equal(move(&machine, false), -EBUSY);
	assert_contains(machine.error.message, "not all online in one zone");
	write_text(at(block, "state"), "offline\n");
	assert_int_equal(move(&machine, false), -EBUSY);
	assert_contains(machine.error.message, "not all online in one zone");
	assert_int_equal(fault.writes, 0);
	power_off(&machine);
}

/* Where the memmap is to be in the end; where it is before, is the other place. */
struct trial {
	const char *name, *policy;
	bool rebind, on;
};

static const struct trial trials[] = {
	{"memmap off --rebind", POLICY(""), true, false},
	{"memmap on --rebind", POLICY("Zone=kernel\n"), true, true},
	{"memmap on, of devdax", "[Match]\nUuid=" UUID "\n[Memory]\nMode=devdax\n", false, true},
};

static int run_trial(struct machine *machine, const void *data)
{
	const struct trial *trial = data;

	if (trial->rebind)
		return move(machine, trial->on);
	memset(&machine->error, 0, sizeof(machine->error));
	return kmemd_memmap_set(machine->kmemd, UUID, trial->on, &job, &machine->error);
}

static struct machine begin(const char *folder, const void *data)
{
	const struct trial *trial = data;
	struct machine machine = boot(folder, "online", trial->policy);

	if (trial->rebind && trial->on && move(&machine, false) < 0)
		fail_msg("%s", machine.error.message);
	return machine;
}

static struct faulty_job job_of(const struct trial *trial)
{
	return (struct faulty_job){
		.name = trial->name,
		.auto_online = "online",
		.trial = trial,
		.begin = begin,
		.run = run_trial,
		.describe = describe_records,
	};
}

static void undone_whatever_cannot_be_written(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(trials); i++) {
		struct faulty_job faulty = job_of(&trials[i]);

		failed += fail_each_write(*state, &faulty);
	}
	assert_true(failed >= 20);
}

static void undone_whatever_cannot_be_read(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(trials); i++) {
		struct faulty_job faulty = job_of(&trials[i]);

		failed += fail_each_read(*state, &faulty);
	}
	assert_true(failed >= 20);
}

static void undone_whenever_it_is_cancelled(void **state)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < array_size(trials); i++) {
		struct faulty_job faulty = job_of(&trials[i]);

		failed += cancel_after_each_write(*state, &faulty);
	}
	assert_true(failed >= 20);
}

static int move_to_dram(void *machine)
{
	return move(machine, false);
}

/* Killed before any of its writes, it is undone by the next job, of whatever device. */
static void undone_wherever_it_is_killed(void **state)
{
	unsigned int n = 1;
	bool lived;

	do {
		struct machine machine = boot(*state, "online", POLICY(""));
		_cleanup_free_ char *before = kernel_tree(), *after = NULL;

		lived = survives_kill(n, move_to_dram, &machine);
		if (!lived)
			assert_int_equal(kmemd_drain(machine.kmemd, machine.policy, DRAIN("dax9.9"),
						     &job, &machine.error),
					 -ENODEV);
		after = kernel_tree();
		if (!strcmp(text_of(sysfs(SWITCH)), "0"))
			assert_blocks_are("Movable");
		else if (lived || strcmp(before, after))
			fail_msg("killed before write %u: neither as it was nor moved\n%s", n,
				 messages);
		power_off(&machine);
	} while (!lived && ++n < WRITES_MAX);
	assert_true(lived && n > 10);
}

static void the_plan_is_shown(void **state)
{
	static const char *const types[] = {"offline", "bind", "online"};
	struct machine machine = boot(*state, "offline", POLICY(""));
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct json_object *plan;

	assert_int_equal(kmemd_inventory_read(machine.kmemd, &inventory, &machine.error), 0);
	assert_int_equal(kmemd_report_memmap_plan(machine.kmemd, inventory, machine.policy, UUID,
						  false, true, &json, &machine.error),
			 0);
	plan = json_member(json, "devices", 0);
	assert_int_equal(json_count(plan, "steps"), array_size(types));
	for (size_t i = 0; i < array_size(types); i++)
		assert_string_equal(json_text(json_member(plan, "steps", i), "type"), types[i]);
	assert_int_equal(json_get_u64(json_member(plan, "steps", 1), "memmap_dram_bytes"), 8 * MIB);
	assert_int_equal(fault.writes, 0);
	power_off(&machine);
}

/* The driver fell back to DRAM although it was asked: binding again is what helps. */
static void asked_for_and_not_given_is_bound_anew(void **state)
{
	struct kmemd_inventory *inventory = inventory_recorded("two-expanders-online.json");
	const struct device *device = inventory_device(inventory, "mem0");
	struct decision decision = {.settings = default_settings};
	struct dax_device *dax = (struct dax_device *)device->dax.items[0];
	struct plan plan;

	(void)state;
	dax->memmap_dram = 8 * MIB;
	dax->memmap_device = 0;
	assert_int_equal(plan_memmap(inventory, device, dax, &decision,
				     (struct memmap_wish_by_hand){true, true}, &plan),
			 0);
	assert_string_equal(plan.refusal, "");
	assert_int_equal(plan.steps.count, 4);
	assert_int_equal(plan.steps.items[1].type, STEP_UNBIND);
	assert_int_equal(plan.steps.items[2].type, STEP_BIND);
	plan_release(&plan);

	inventory->host.memmap_parameter = TRISTATE_NO;
	assert_int_equal(plan_memmap(inventory, device, dax, &decision,
				     (struct memmap_wish_by_hand){true, true}, &plan),
			 0);
	assert_contains(plan.refusal, "memory_hotplug.memmap_on_memory off");
	plan_release(&plan);

	/* In DRAM it has to fit. */
	dax->memmap_dram = 0;
	dax->memmap_device = 8 * MIB;
	inventory->host.memory_available = MIB;
	assert_int_equal(plan_memmap(inventory, device, dax, &decision,
				     (struct memmap_wish_by_hand){false, true}, &plan),
			 0);
	assert_contains(plan.refusal, "8 MiB");
	assert_int_equal(plan.steps.count, 0);
	plan_release(&plan);
	kmemd_inventory_free(inventory);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(moved_there_and_back_in_its_zone),
		with_folder(what_is_so_already_is_not_touched),
		with_folder(refused_before_anything_is_written),
		with_folder(undone_whatever_cannot_be_written),
		with_folder(undone_whatever_cannot_be_read),
		with_folder(undone_whenever_it_is_cancelled),
		with_folder(undone_wherever_it_is_killed),
		with_folder(the_plan_is_shown),
		cmocka_unit_test(asked_for_and_not_given_is_bound_anew),
	};

	return cmocka_run_group_tests_name("memmap_move", tests, NULL, NULL);
}
