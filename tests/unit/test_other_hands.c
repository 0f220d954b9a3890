// SPDX-License-Identifier: GPL-2.0-or-later
/* A machine with other actors: what another hand has changed is left alone, and said once. */
#include "fake-kernel.h"

#include "job/drain-job.h"
#include "job/event.h"
#include "job/life.h"
#include "job/policy-job.h"
#include "job/records.h"

#define RAM_POLICY                                                                                 \
	"[Match]\nKind=cxl-ram\n[Lifecycle]\nDrainTimeoutSec=1\n[Memory]\nMode=system-ram\n"

static char messages[8192];

static void on_event(void *userdata, const struct kmemd_event *event)
{
	size_t used = strlen(messages);

	(void)userdata;
	if (event->message)
		snprintf(messages + used, sizeof(messages) - used, "%s\n", event->message);
}

struct machine {
	struct kmemd *kmemd;
	struct kmemd_policy *policy;
	struct kmemd_job job;
	struct kmemd_error error;
};

static void boot(struct machine *machine, const char *folder)
{
	char run[600], proc[600];
	struct kmemd_paths paths = {.sysfs = kernel, .run = run, .procfs = proc};

	*machine = (struct machine){.policy = policy_of(RAM_POLICY), .job.event = on_event};
	kernel_boot(folder, "offline\n");
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	assert_int_equal(kmemd_new(&machine->kmemd, &paths), 0);
	messages[0] = '\0';
}

static void power_off(struct machine *machine)
{
	if (fault.violation)
		fail_msg("%s", fault.violation);
	kmemd_free(machine->kmemd);
	kmemd_policy_free(machine->policy);
}

/* As the daemon does, or a person with a name. */
static void apply(struct machine *machine, const char *device)
{
	messages[0] = '\0';
	if (kmemd_apply(machine->kmemd, machine->policy, device, &machine->job, &machine->error) <
	    0)
		fail_msg("%s\n%s", machine->error.message, messages);
}

static const char *state_of(const struct machine *machine)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	static char state[32];

	state[0] = '\0';
	if (json_read_file(at(machine->kmemd->run, "devices/cxl-ram:0x1234.json"), &json) == 0)
		json_get_text(json, "state", state, sizeof(state));
	return state;
}

/* What is told of the device, from its record and the machine as it is now. */
static const char *told_now(const struct machine *machine)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	static char told[1024];
	struct record record;

	told[0] = '\0';
	assert_int_equal(kmemd_inventory_read(machine->kmemd, &inventory, NULL), 0);
	array_foreach(device, &inventory->devices)
		if (!strcmp(device->identity, "cxl-ram:0x1234") &&
		    record_read_now(machine->kmemd, device, &record))
			snprintf(told, sizeof(told), "%s: %s", record_state_names[record.state],
				 record.message);
	return told;
}

static void assert_online(bool first, bool others)
{
	assert_int_equal(is_online(WINDOW_START / BLOCK), first);
	for (uint64_t i = 1; i < 4; i++)
		assert_int_equal(is_online(WINDOW_START / BLOCK + i), others);
}

/* --- what is left alone -------------------------------------------------------------------------
 */

static void a_block_that_a_person_takes_offline_stays_so(void **state)
{
	_cleanup_free_ char *before = NULL, *after = NULL;
	struct machine machine;

	boot(&machine, *state);
	apply(&machine, NULL);
	assert_string_equal(state_of(&machine), "left");
	assert_string_equal(told_now(&machine), "");
	assert_int_equal(write_block(sysfs("devices/system/memory/memory512"), "offline"), 0);
	/* It is told before any job has noticed, and written down by the next one. */
	assert_contains(told_now(&machine), "manual: as somebody changed it");
	assert_string_equal(state_of(&machine), "left");
	before = kernel_tree();
	apply(&machine, NULL);
	after = kernel_tree();
	assert_string_equal(after, before);
	assert_string_equal(state_of(&machine), "manual");
	assert_contains(messages, "mem0: left alone from now on, as somebody changed it");
	assert_contains(messages, "dax0.0 kmem offline=1 movable=3");
	assert_contains(messages, "kmemctl apply mem0");
	/* Said once; and a new start of the daemon is no reason either. */
	machine.job.retry = true;
	apply(&machine, NULL);
	assert_string_equal(messages, "");
	assert_online(false, true);
	/* The way back. */
	apply(&machine, "mem0");
	assert_online(true, true);
	assert_string_equal(state_of(&machine), "left");
	power_off(&machine);
}

static void a_driver_that_a_person_changes_stays(void **state)
{
	struct machine machine;

	boot(&machine, *state);
	apply(&machine, NULL);
	for (unsigned int i = 512; i < 516; i++)
		write_block(sysfs("devices/system/memory/memory%u", i), "offline");
	assert_int_equal(dax_unbind("dax0.0"), 0);
	apply(&machine, NULL);
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax0.0")), "");
	assert_string_equal(state_of(&machine), "manual");
	power_off(&machine);
}

static void a_region_that_a_person_destroys_is_not_made_again(void **state)
{
	struct machine machine;

	boot(&machine, *state);
	apply(&machine, NULL);
	for (unsigned int i = 512; i < 516; i++)
		write_block(sysfs("devices/system/memory/memory%u", i), "offline");
	assert_int_equal(write_commit("region0", "0"), 0);
	assert_int_equal(write_target("region0", "target0", "\n"), 0);
	assert_int_equal(write_dpa_size("decoder2.0", "0"), 0);
	assert_int_equal(delete_region("region0"), 0);
	apply(&machine, NULL);
	assert_false(exists(cxl("region0", "commit")));
	assert_string_equal(state_of(&machine), "manual");
	assert_contains(messages, "and is 'unused'");
	/* Plugged in again, it is another life. */
	assert_int_equal(rename(sysfs("bus/cxl/devices/mem0"), at(*state, "gone")), 0);
	write_text(cxl("mem0", "serial"), "0x1234\n");
	write_number_to(cxl("mem0", "ram_size"), 4 * BLOCK);
	apply(&machine, NULL);
	assert_online(true, true);
	assert_string_equal(state_of(&machine), "left");
	power_off(&machine);
}

/* kmemd is installed on a machine that runs: what somebody has decided before stays. */
static void what_is_bound_to_device_dax_before_stays(void **state)
{
	struct machine machine;

	boot(&machine, *state);
	apply(&machine, NULL);
	for (unsigned int i = 512; i < 516; i++)
		write_block(sysfs("devices/system/memory/memory%u", i), "offline");
	assert_int_equal(dax_unbind("dax0.0"), 0);
	assert_int_equal(dax_bind("dax0.0", "device_dax"), 0);
	folder_remove(at(*state, "run"));
	apply(&machine, NULL);
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax0.0")), "device_dax");
	assert_string_equal(state_of(&machine), "manual");
	assert_contains(messages, "as somebody bound it to device_dax; policy (test.conf) would "
				  "make it system-ram");
	apply(&machine, "mem0");
	assert_online(true, true);
	power_off(&machine);
}

static void what_only_went_is_no_reason_to_touch_anything(void **state)
{
	char *none[] = {NULL};
	struct machine machine;

	boot(&machine, *state);
	machine.job.appeared = none;
	apply(&machine, NULL);
	assert_false(exists(cxl("region0", "commit")));
	assert_string_equal(state_of(&machine), "");
	machine.job.appeared = NULL;
	apply(&machine, NULL);
	assert_online(true, true);
	power_off(&machine);
}

/* A driver keeps the ids that daxctl has given it, and takes a later device of that name by them.
 */
static void take_by_id(const char *path, const char *value)
{
	if (!strstr(path, "drivers/kmem/bind") || fault.counted++)
		return;
	dax_unbind(value);
	assert_int_equal(dax_bind(value, "device_dax"), 0);
}

static void a_driver_that_takes_a_new_device_by_an_old_id_gives_it_back(void **state)
{
	struct machine machine;

	boot(&machine, *state);
	apply(&machine, NULL);
	for (unsigned int i = 512; i < 516; i++)
		write_block(sysfs("devices/system/memory/memory%u", i), "offline");
	assert_int_equal(dax_unbind("dax0.0"), 0);
	fault.before = take_by_id;
	apply(&machine, "mem0");
	assert_true(fault.counted > 1);
	assert_string_equal(driver_of(sysfs("bus/dax/devices/dax0.0")), "kmem");
	assert_online(true, true);
	power_off(&machine);
}

/* The record that holds a device cannot be read: nobody knows whether policy may have it. */
static void what_may_be_held_is_left_alone(void **state)
{
	struct machine machine;
	char path[600];
	int r;

	boot(&machine, *state);
	apply(&machine, NULL);
	assert_int_equal(kmemd_drain(machine.kmemd, machine.policy, DRAIN("mem0"), &machine.job,
				     &machine.error),
			 0);
	snprintf(path, sizeof(path), "%s", at(machine.kmemd->run, "devices/cxl-ram:0x1234.json"));
	assert_int_equal(rename(path, at(*state, "kept")), 0);
	assert_int_equal(mkdir(path, 0700), 0); /* that reads as EISDIR */
	r = kmemd_apply(machine.kmemd, machine.policy, NULL, &machine.job, &machine.error);
	assert_int_equal(r, -EISDIR);
	assert_contains(machine.error.message, "cannot read what is known of the device");
	assert_false(exists(cxl("region0", "commit")));
	power_off(&machine);
}

/* A journal that is there and cannot be read is kept, and no job goes over it. */
static void a_journal_that_cannot_be_read_stops_the_job(void **state)
{
	struct machine machine;
	int r;

	boot(&machine, *state);
	make_folders(at(machine.kmemd->run, "journal.json"));
	r = kmemd_apply(machine.kmemd, machine.policy, NULL, &machine.job, &machine.error);
	assert_int_equal(r, -EISDIR);
	assert_contains(machine.error.message, "cannot read the journal");
	assert_true(exists(at(machine.kmemd->run, "journal.json")));
	assert_false(exists(cxl("region0", "commit")));
	power_off(&machine);
}

/* --- what is a reason to act --------------------------------------------------------------------
 */

static void another_policy_is_a_reason(void **state)
{
	struct machine machine;

	boot(&machine, *state);
	apply(&machine, NULL);
	kmemd_policy_free(machine.policy);
	machine.policy = policy_of(
		"[Match]\nKind=cxl-ram\n[Memory]\nMode=system-ram\nZone=kernel\n");
	apply(&machine, NULL);
	assert_string_equal(text_of(sysfs("devices/system/memory/memory512/valid_zones")),
			    "Normal");
	assert_string_equal(state_of(&machine), "left");
	power_off(&machine);
}

static struct device device_of(struct region *region, struct dax_device *dax,
			       const struct region **regions, const struct dax_device **daxes)
{
	struct device device = {0};

	regions[0] = region;
	daxes[0] = dax;
	device.regions.items = regions;
	device.regions.count = region ? 1 : 0;
	device.dax.items = daxes;
	device.dax.count = dax ? 1 : 0;
	return device;
}

static void a_new_region_is_news_and_a_changed_one_is_not(void **state)
{
	struct region region = {.name = "region1", .committed = true, .enabled = true};
	struct dax_device dax = {.name = "dax1.0", .driver = "kmem", .instance = 77};
	const struct region *regions[1];
	const struct dax_device *daxes[1];
	struct device device = device_of(&region, &dax, regions, daxes);
	char life[LIFE_MAX], people[LIFE_MAX];

	(void)state;
	life_describe(&device, life);
	assert_string_equal(life, "region1 committed; dax1.0#77 kmem");
	life_for_people(life, people);
	assert_string_equal(people, "region1 committed; dax1.0 kmem");
	assert_false(life_has_new(&device, life));
	assert_false(life_has_new(&device, "region1; dax1.0#77 device_dax offline=3"));
	assert_false(life_has_new(&device, "region0; region1; dax1.0#77 disabled"));
	assert_true(life_has_new(&device, "region1 committed; dax1.0#7 kmem"));
	assert_true(life_has_new(&device, "region1 committed; dax1.0#770 kmem"));
	assert_true(life_has_new(&device, "region10 committed; dax1.0#77 kmem"));
	assert_true(life_has_new(&device, "unused"));
	device = device_of(NULL, NULL, regions, daxes);
	assert_false(life_has_new(&device, life));
	life_describe(&device, life);
	assert_string_equal(life, "unused");
}

static void a_long_story_is_cut_off(void **state)
{
	char life[2 * LIFE_MAX];
	struct {
		char people[LIFE_MAX], behind[16];
	} told;

	(void)state;
	memset(&told, '!', sizeof(told));
	memset(life, 'x', sizeof(life));
	life[sizeof(life) - 1] = '\0';
	life_for_people(life, told.people);
	assert_int_equal(strnlen(told.people, LIFE_MAX), LIFE_MAX - 1);
	assert_int_equal(told.behind[0], '!');
}

/* Memory that was pulled out in use: nothing came, and yet a person has to know at once. */
static void what_went_with_its_memory_online_is_told(void **state)
{
	char *none[] = {NULL};
	struct machine machine;
	int r;

	boot(&machine, *state);
	apply(&machine, NULL);
	/* Its memdev is gone, and so are the targets of its region. */
	folder_remove(sysfs("bus/cxl/devices/mem0"));
	write_text(cxl("region0", "target0"), "\n");
	machine.job.appeared = none;
	messages[0] = '\0';
	r = kmemd_apply(machine.kmemd, machine.policy, NULL, &machine.job, &machine.error);
	assert_int_equal(r, -EOPNOTSUPP);
	assert_contains(messages,
			"its memdev was pulled out while 4 of its memory blocks were online");
	assert_online(true, true);
	power_off(&machine);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_block_that_a_person_takes_offline_stays_so),
		with_folder(a_driver_that_a_person_changes_stays),
		with_folder(a_region_that_a_person_destroys_is_not_made_again),
		with_folder(what_is_bound_to_device_dax_before_stays),
		with_folder(what_only_went_is_no_reason_to_touch_anything),
		with_folder(a_driver_that_takes_a_new_device_by_an_old_id_gives_it_back),
		with_folder(what_may_be_held_is_left_alone),
		with_folder(a_journal_that_cannot_be_read_stops_the_job),
		with_folder(another_policy_is_a_reason),
		with_folder(what_went_with_its_memory_online_is_told),
		cmocka_unit_test(a_new_region_is_news_and_a_changed_one_is_not),
		cmocka_unit_test(a_long_story_is_cut_off),
	};

	return cmocka_run_group_tests_name("other_hands", tests, NULL, NULL);
}
