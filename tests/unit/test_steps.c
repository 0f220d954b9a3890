// SPDX-License-Identifier: GPL-2.0-or-later
/* Single steps on a kernel made of files: what they write, what they note, and their undo. */
#include "step-bench.h"

#include "base/error.h"
#include "base/json.h"
#include "base/kernel-modules.h"
#include "step/added-blocks.h"
#include "step/block-runs.h"
#include "step/change-blocks.h"
#include "step/cxl-region.h"
#include "step/dax-driver.h"
#include "step/load-module.h"
#include "step/use-check.h"
#include "step/wait-dax.h"

/* --- free-decoder --- */

static void capacity_without_a_region_is_freed_and_given_back(void **state)
{
	_cleanup_free_ char *before = NULL, *after = NULL;

	(void)state;
	write_number_to(cxl("decoder2.0", "dpa_size"), BLOCK);
	before = kernel_tree();
	assert_int_equal(do_step(STEP_FREE_DECODER, "decoder2.0"), 0);
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), 0);
	assert_int_equal(undo_count(), 1);
	assert_true(run_undo_all(&bench.run));
	after = kernel_tree();
	assert_string_equal(after, before);
	assert_int_equal(undo_count(), 0);
}

static void a_decoder_that_holds_nothing_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(do_step(STEP_FREE_DECODER, "decoder2.0"), 0);
	assert_int_equal(do_step(STEP_FREE_DECODER, "decoder9.0"), 0);
	assert_int_equal(fault.writes, 0);
	assert_int_equal(undo_count(), 0);
}

/* Somebody else may have taken the capacity meanwhile. */
static void capacity_that_is_there_again_is_not_given_back_twice(void **state)
{
	(void)state;
	write_number_to(cxl("decoder2.0", "dpa_size"), BLOCK);
	assert_int_equal(do_step(STEP_FREE_DECODER, "decoder2.0"), 0);
	write_number_to(cxl("decoder2.0", "dpa_size"), 2 * BLOCK);
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), 2 * BLOCK);
}

static void nothing_is_written_that_could_not_be_noted(void **state)
{
	(void)state;
	write_number_to(cxl("decoder2.0", "dpa_size"), BLOCK);
	bench.save_result = -ENOSPC;
	assert_int_equal(do_step(STEP_FREE_DECODER, "decoder2.0"), -ENOSPC);
	assert_int_equal(fault.writes, 0);
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), BLOCK);
	assert_int_equal(undo_count(), 0);
}

/* Where blocks may come online by themselves the machine's setting is held meanwhile. */
static void which_steps_and_undos_add_memory(void **state)
{
	static const struct {
		bool adds, undo_adds;
	} expected[STEP_COUNT] = {
		[STEP_CREATE_REGION] = {true, false},
		[STEP_ENABLE_REGION] = {true, false},
		[STEP_BIND] = {true, true},
		[STEP_UNBIND] = {false, true},
		[STEP_DESTROY_REGION] = {false, true},
		[STEP_DESTROY_DAX] = {false, true},
	};
	struct step step = {.bind.driver = "kmem"};

	(void)state;
	for (step.type = 0; step.type < STEP_COUNT; step.type++) {
		const struct step_operations *operations = step_operations(step.type);

		assert_int_equal(operations->adds_memory && operations->adds_memory(&step),
				 expected[step.type].adds);
		assert_int_equal(operations->undo_adds_memory, expected[step.type].undo_adds);
	}
	step = (struct step){.type = STEP_BIND, .bind.driver = "device_dax"};
	assert_false(step_operations(STEP_BIND)->adds_memory(&step));
}

/* --- undo --- */

/* The newest first, and a failure keeps no other from being undone. */
static void everything_is_undone_that_can_be(void **state)
{
	(void)state;
	write_number_to(cxl("decoder2.0", "dpa_size"), BLOCK);
	assert_int_equal(do_step(STEP_FREE_DECODER, "decoder2.0"), 0);
	json_put_text(json_append_object(bench.run.undo), "step", "dance");
	assert_false(run_undo_all(&bench.run));
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), BLOCK);
	assert_false(bench.run.undoing);
}

static void an_undo_that_has_nothing_left_is_forgotten_by_its_age(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		json_put_u64(json_append_object(bench.run.undo), "number", i);
	run_drop_undo(&bench.run, 1);
	assert_int_equal(undo_count(), 2);
	assert_int_equal(json_get_u64(json_object_array_get_idx(bench.run.undo, 0), "number"), 0);
	assert_int_equal(json_get_u64(json_object_array_get_idx(bench.run.undo, 1), "number"), 2);
	run_drop_undo(&bench.run, 0);
	assert_int_equal(json_get_u64(json_object_array_get_idx(bench.run.undo, 0), "number"), 0);
}

static void an_undo_cannot_be_cancelled(void **state)
{
	(void)state;
	bench.cancelled = true;
	assert_true(run_is_cancelled(&bench.run));
	bench.run.undoing = true;
	assert_false(run_is_cancelled(&bench.run));
}

/* --- enable-region --- */

/* A region of two blocks that is committed, and that nobody drives. */
static void commit_region(void)
{
	write_text(cxl("region0", "mode"), "ram\n");
	write_number_to(cxl("region0", "size"), 2 * BLOCK);
	write_number_to(cxl("region0", "resource"), WINDOW_START);
	write_text(cxl("region0", "commit"), "1\n");
	write_text(cxl("region0", "target0"), "decoder2.0\n");
	write_number_to(cxl("decoder2.0", "dpa_size"), 2 * BLOCK);
}

static void a_region_gets_its_driver_and_loses_it_again(void **state)
{
	(void)state;
	commit_region();
	assert_int_equal(do_step(STEP_ENABLE_REGION, "region0"), 0);
	assert_true(region_has_driver(&bench.run, "region0"));
	assert_string_equal(bench.made[0], "region0");
	assert_int_equal(undo_count(), 1);
	assert_true(run_undo_all(&bench.run));
	assert_false(region_has_driver(&bench.run, "region0"));
	assert_null(fault.violation);
}

static void a_region_that_has_its_driver_is_left_alone(void **state)
{
	(void)state;
	commit_region();
	assert_int_equal(kernel_region_bind("region0"), 0);
	assert_int_equal(do_step(STEP_ENABLE_REGION, "region0"), 0);
	assert_int_equal(fault.writes, 0);
	assert_int_equal(undo_count(), 0);
	assert_string_equal(bench.made[0], "region0");
}

/* What came online since is taken offline before the driver goes. */
static void a_region_goes_with_its_memory_offline(void **state)
{
	(void)state;
	commit_region();
	assert_int_equal(do_step(STEP_ENABLE_REGION, "region0"), 0);
	set_block(WINDOW_START / BLOCK, "online\n", "Movable\n");
	assert_true(run_undo_all(&bench.run));
	assert_false(region_has_driver(&bench.run, "region0"));
	assert_null(fault.violation);
	/* And an undo that was done finds nothing to do. */
	fault.writes = 0;
	json_object_array_add(bench.run.undo,
			      json_tokener_parse("{\"step\": \"enable-region\", \"text\": \"x\", "
						 "\"what\": {\"region\": \"region0\"}}"));
	assert_true(run_undo_all(&bench.run));
	assert_int_equal(fault.writes, 0);
}

/* Undo gives a device back to the driver that it had; not when somebody else has taken it. */
static void a_driver_that_took_the_device_meanwhile_keeps_it(void **state)
{
	(void)state;
	write_text(sysfs("bus/dax/drivers/fsdev_dax/unbind"), "");
	for (unsigned int taken = 0; taken < 2; taken++) {
		assert_int_equal(do_step(STEP_UNBIND, "dax1.0"), 0);
		assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "");
		assert_int_equal(undo_count(), 1);
		if (taken)
			assert_int_equal(symlink("../../drivers/fsdev_dax",
						 sysfs("bus/dax/devices/dax1.0/driver")),
					 0);
		assert_int_equal(run_undo_all(&bench.run), !taken);
		assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")),
				    taken ? "fsdev_dax" : "device_dax");
	}
}

/* The switch is written only when it has to change: before the driver binds. */
static void the_memmap_switch_is_written_when_it_changes(void **state)
{
	static const struct {
		const char *before;
		enum tristate wanted;
		const char *after;
		unsigned int writes; /* of the switch */
	} cases[] = {
		{"0\n", TRISTATE_NO, "0", 0},	   {"0\n", TRISTATE_YES, "1", 1},
		{"1\n", TRISTATE_NO, "0", 1},	   {"1\n", TRISTATE_YES, "1", 0},
		{"1\n", TRISTATE_UNKNOWN, "1", 0},
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {

		write_text(sysfs("bus/dax/devices/dax1.0/memmap_on_memory"), cases[i].before);
		bench.step.bind.driver = "kmem";
		bench.step.bind.memmap = cases[i].wanted;
		fault.path = "*/memmap_on_memory";
		fault.value = "*";
		fault.errnum = EIO;
		fault.skip = 100;
		assert_int_equal(do_step(STEP_BIND, "dax1.0"), 0);
		assert_int_equal(100 - fault.skip, cases[i].writes);
		assert_string_equal(text_of(sysfs("bus/dax/devices/dax1.0/memmap_on_memory")),
				    cases[i].after);
		assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "kmem");
		assert_true(run_undo_all(&bench.run));
		assert_string_equal(driver_of(sysfs("bus/dax/devices/dax1.0")), "device_dax");
	}
}

/* Whether anything was changed is what decides what is written down of a device. */
static void blocks_that_are_there_already_are_not_moved(void **state)
{
	(void)state;
	kernel_dax_unbind("dax1.0");
	assert_int_equal(kernel_dax_bind("dax1.0", "kmem"), 0);
	set_block(NVDIMM_START / BLOCK + 1, "online\n", "Movable\n");
	bench.step.blocks.zone = ZONE_MOVABLE;
	assert_int_equal(do_step(STEP_ONLINE, "dax1.0"), 0);
	assert_int_equal(bench.run.moved, 3);
	assert_int_equal(do_step(STEP_ONLINE, "dax1.0"), 0);
	assert_int_equal(bench.run.moved, 3);
	assert_int_equal(do_step(STEP_OFFLINE, "dax1.0"), 0);
	assert_int_equal(bench.run.moved, 7);
}

/* A driver that adds only some of them is no failure; one that adds none is. */
static void blocks_that_were_not_added_are_told(void **state)
{
	(void)state;
	kernel_dax_unbind("dax1.0");
	assert_int_equal(kernel_dax_bind("dax1.0", "kmem"), 0);
	bench.step.blocks.zone = ZONE_MOVABLE;
	folder_remove(sysfs("devices/system/memory/memory%" PRIu64, NVDIMM_START / BLOCK + 3));
	assert_int_equal(do_step(STEP_ONLINE, "dax1.0"), 0);
	assert_string_equal(bench.told, "1 of 4 blocks of dax1.0 were not added by the driver");
	for (uint64_t i = 0; i < 3; i++)
		folder_remove(
			sysfs("devices/system/memory/memory%" PRIu64, NVDIMM_START / BLOCK + i));
	assert_int_equal(do_step(STEP_ONLINE, "dax1.0"), -EIO);
	assert_contains(bench.error.message, "dax1.0 has no memory blocks in kmem");
	unlink(sysfs("bus/dax/devices/dax1.0/driver"));
	assert_int_equal(do_step(STEP_ONLINE, "dax1.0"), -EIO);
	assert_contains(bench.error.message, "dax1.0 is not bound to kmem");
}

/* --- regions --- */

static void a_region_decodes_when_it_is_committed_and_driven(void **state)
{
	(void)state;
	commit_region();
	assert_false(region_decodes(&bench.run, "region0"));
	assert_int_equal(kernel_region_bind("region0"), 0);
	assert_true(region_decodes(&bench.run, "region0"));
	write_text(cxl("region0", "commit"), "0\n");
	assert_false(region_decodes(&bench.run, "region0"));
}

static void a_region_without_an_address_has_no_memory(void **state)
{
	struct range range;

	(void)state;
	commit_region();
	assert_int_equal(region_range_read(&bench.run, "region0", &range, &bench.error), 0);
	assert_int_equal(range.start, WINDOW_START);
	assert_int_equal(range.size, 2 * BLOCK);
	write_text(cxl("region0", "resource"), "0xffffffffffffffff\n");
	assert_int_equal(region_range_read(&bench.run, "region0", &range, &bench.error), 0);
	assert_int_equal(range.size, 0);
	assert_int_equal(region_range_read(&bench.run, "region7", &range, &bench.error), -ENOENT);
	assert_contains(bench.error.message, "resource of region7");
}

/* The first failure is told, and what can be freed is freed all the same. */
static void as_much_of_a_region_is_freed_as_can_be(void **state)
{
	const struct region_parts parts = {.region = "region0",
					   .root_decoder = "decoder0.0",
					   .decoders = {"decoder2.0"},
					   .target_count = 1};

	(void)state;
	commit_region();
	fault.path = "*/region0/target0";
	fault.errnum = EIO;
	assert_int_equal(region_destroy(&bench.run, &parts, &bench.error), -EIO);
	assert_contains(bench.error.message, "region0/target0");
	assert_string_equal(text_of(cxl("region0", "commit")), "(none)"); /* it is gone */
	fault.path = NULL;
	assert_int_equal(region_destroy(&bench.run, &parts, &bench.error), 0);
	assert_int_equal(number_of(cxl("decoder2.0", "dpa_size")), 0);
}

static void a_region_with_memory_online_is_not_unbound(void **state)
{
	(void)state;
	commit_region();
	assert_int_equal(kernel_region_bind("region0"), 0);
	set_block(WINDOW_START / BLOCK, "online\n", "Movable\n");
	set_block(WINDOW_START / BLOCK + 1, "online\n", "Movable\n");
	assert_int_equal(region_unbind(&bench.run, "region0", &bench.error), -EBUSY);
	assert_contains(bench.error.message, "are online (memory512 and 1 more are)");
	set_block(WINDOW_START / BLOCK, "offline\n", "Normal Movable\n");
	assert_int_equal(region_unbind(&bench.run, "region0", &bench.error), -EBUSY);
	assert_contains(bench.error.message, "are online (memory513)");
	set_block(WINDOW_START / BLOCK + 1, "offline\n", "Normal Movable\n");
	assert_int_equal(region_unbind(&bench.run, "region0", &bench.error), 0);
	assert_null(fault.violation);
}

/* --- who holds a dax device --- */

static void set_driver(const char *driver)
{
	char target[64];

	unlink(sysfs("bus/dax/devices/dax1.0/driver"));
	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	assert_int_equal(symlink(target, sysfs("bus/dax/devices/dax1.0/driver")), 0);
}

static void a_driver_of_somebody_elses_holds_unless_forced(void **state)
{
	(void)state;
	assert_int_equal(check_holders(&bench.run, "dax1.0", false, &bench.error), 0);
	set_driver("fsdev_dax");
	assert_int_equal(check_holders(&bench.run, "dax1.0", false, &bench.error), -EBUSY);
	assert_contains(bench.error.message, "held by the driver fsdev_dax");
	assert_int_equal(check_holders(&bench.run, "dax1.0", true, &bench.error), 0);
}

static void a_region_is_held_by_any_of_its_dax_devices(void **state)
{
	(void)state;
	make_folders(sysfs("bus/cxl/devices/region1/dax_region1/dax1.0"));
	make_folders(sysfs("bus/cxl/devices/region1/dax_region1/dax_region"));
	assert_int_equal(check_region_holders(&bench.run, "region1", &bench.error), 0);
	set_driver("fsdev_dax");
	assert_int_equal(check_region_holders(&bench.run, "region1", &bench.error), -EBUSY);
	assert_int_equal(check_region_holders(&bench.run, "region2", &bench.error), 0);
	assert_int_equal(check_region_holders(&bench.run, "no region", &bench.error), 0);
}

static void ranges_are_read_anew(void **state)
{
	struct ranges ranges = {0};

	(void)state;
	assert_int_equal(dax_ranges_read(&bench.run, "dax1.0", &ranges, &bench.error), 0);
	assert_int_equal(ranges.count, 1);
	assert_int_equal(ranges.items[0].start, NVDIMM_START);
	assert_int_equal(ranges.items[0].size, 4 * BLOCK);
	free(ranges.items);
	assert_int_equal(dax_ranges_read(&bench.run, "dax7.0", &ranges, &bench.error), -ENODEV);
	assert_string_equal(bench.error.message, "dax7.0 is gone");
}

/* --- bind --- */

static void bind_kmem(void)
{
	bench.step.bind.driver = "kmem";
	bench.step.bind.memmap = TRISTATE_UNKNOWN;
	assert_int_equal(do_step(STEP_BIND, "dax1.0"), 0);
	assert_int_equal(undo_count(), 1);
}

static const char *state_of(uint64_t block)
{
	return text_of(sysfs("devices/system/memory/memory%" PRIu64 "/state", block));
}

/* The kernel has put them online when it added them; nobody has them without the device. */
static void blocks_that_were_added_go_offline_without_their_device(void **state)
{
	const uint64_t first = NVDIMM_START / BLOCK;

	(void)state;
	write_text(sysfs("devices/system/memory/auto_online_blocks"), "online_movable\n");
	bind_kmem();
	write_text(sysfs("devices/system/memory/memory%" PRIu64 "/state", first + 1), "offline\n");
	folder_remove(sysfs("bus/dax/devices/dax1.0"));
	assert_false(run_undo_all(&bench.run)); /* there is nothing to bind again */
	for (uint64_t block = first; block < first + 4; block++)
		assert_string_equal(state_of(block), "offline");
}

static void a_block_that_was_there_before_the_driver_stays_online(void **state)
{
	_cleanup_(json_object_putp) struct json_object *what = json_object_new_object();
	const uint64_t first = NVDIMM_START / BLOCK;

	(void)state;
	write_text(sysfs("devices/system/memory/auto_online_blocks"), "online_movable\n");
	add_block(first + 2);
	json_put_text(what, "dax", "dax1.0");
	assert_int_equal(added_blocks_note(&bench.run, "dax1.0", what, &bench.error), 0);
	add_block(first + 1);
	assert_int_equal(added_blocks_take_offline(&bench.run, what, &bench.error), 0);
	assert_string_equal(state_of(first + 1), "offline");
	assert_string_equal(state_of(first + 2), "online");
}

static void of_a_device_that_is_gone_no_blocks_are_noted(void **state)
{
	_cleanup_(json_object_putp) struct json_object *what = json_object_new_object();

	(void)state;
	assert_int_equal(added_blocks_note(&bench.run, "dax7.0", what, &bench.error), 0);
	assert_int_equal(json_count(what, "added"), 0);
	assert_int_equal(added_blocks_take_offline(&bench.run, what, &bench.error), 0);
}

/* --- what is waited for --- */

static void a_dax_device_that_is_there_is_not_waited_for(void **state)
{
	char name[DEVICE_NAME_MAX];

	(void)state;
	bench.cancelled = true; /* nor is anything asked */
	make_folders(sysfs("bus/cxl/devices/region1/dax_region1/dax1.3"));
	make_folders(sysfs("bus/dax/devices/dax1.3"));
	assert_int_equal(wait_dax_of_region(&bench.run, "region1", name, &bench.error), 0);
	assert_string_equal(name, "dax1.3");
}

static void waiting_for_a_dax_device_can_be_cancelled(void **state)
{
	char name[DEVICE_NAME_MAX];

	(void)state;
	bench.cancelled = true;
	/* The driver core makes the folder before it enters the device into the bus. */
	make_folders(sysfs("bus/cxl/devices/region1/dax_region1/dax1.3"));
	assert_int_equal(wait_dax_of_region(&bench.run, "region1", name, &bench.error), -ENODEV);
	assert_contains(bench.error.message, "region1 got no dax device");
}

/* What modprobe would do: its result, and the driver that is there afterwards. */
static struct {
	int result;
	bool comes;
	unsigned int calls, flags;
} probe;

int __wrap_kmod_module_probe_insert_module(
	struct kmod_module *module, unsigned int flags, const char *options,
	int (*install)(struct kmod_module *, const char *, void *), const void *data,
	void (*print)(struct kmod_module *, bool, const char *));
int __wrap_kmod_module_probe_insert_module(
	struct kmod_module *module, unsigned int flags, const char *options,
	int (*install)(struct kmod_module *, const char *, void *), const void *data,
	void (*print)(struct kmod_module *, bool, const char *))
{
	(void)options, (void)install, (void)data, (void)print;
	assert_string_equal(kmod_module_get_name(module), "fsdev_dax");
	probe.calls++;
	probe.flags = flags;
	if (probe.comes)
		make_folders(sysfs("bus/dax/drivers/fsdev_dax"));
	return probe.result;
}

static int load(int result, bool comes)
{
	memset(&probe, 0, sizeof(probe));
	probe.result = result;
	probe.comes = comes;
	folder_remove(sysfs("bus/dax/drivers/fsdev_dax"));
	memset(&bench.error, 0, sizeof(bench.error));
	return module_load(kernel, "fsdev_dax", &bench.error);
}

static void a_driver_that_is_not_there_is_loaded(void **state)
{
	(void)state;
	assert_int_equal(load(0, true), 0);
	assert_int_equal(probe.calls, 1);
	assert_true(probe.flags & KMOD_PROBE_APPLY_BLACKLIST);
	/* And then it is there. */
	assert_int_equal(module_load(kernel, "fsdev_dax", &bench.error), 0);
	assert_int_equal(probe.calls, 1);
	/* It was loaded, and whether it takes the device is seen when that binds. */
	assert_int_equal(load(0, false), 0);
	/* Others were faster, and what they loaded will do. */
	assert_int_equal(load(-EEXIST, true), 0);
	assert_int_equal(load(-ENOENT, false), -ENOENT);
	assert_contains(bench.error.message,
			"cannot load the module fsdev_dax: No such file or directory");
	/* A positive result says which rule forbids it. */
	assert_int_equal(load(KMOD_PROBE_APPLY_BLACKLIST, false), -EPERM);
	assert_contains(bench.error.message, "Operation not permitted");
}

/* --- blocks as a journal has them --- */

static void add_block_to(struct dax_device *dax, uint64_t index, enum block_state state)
{
	*(struct memory_block *)array_add(&dax->blocks) = (struct memory_block){index, state};
}

static void blocks_that_follow_each_other_are_one_run(void **state)
{
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	struct dax_device dax = {0}, back = {0};

	(void)state;
	add_block_to(&dax, 8, BLOCK_MOVABLE);
	add_block_to(&dax, 9, BLOCK_MOVABLE);
	add_block_to(&dax, 10, BLOCK_OFFLINE);
	add_block_to(&dax, 12, BLOCK_OFFLINE);
	add_block_to(&dax, 13, BLOCK_KERNEL);
	block_runs_put(json, "blocks", &dax);
	assert_string_equal(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
			    "{\"blocks\":[[8,2,\"movable\"],[10,1,\"offline\"],[12,1,\"offline\"],"
			    "[13,1,\"kernel\"]]}");
	assert_int_equal(block_runs_get(json, "blocks", &back), 0);
	assert_int_equal(back.blocks.count, 5);
	assert_memory_equal(back.blocks.items, dax.blocks.items, 5 * sizeof(*dax.blocks.items));
	free(dax.blocks.items);
	free(back.blocks.items);
}

/* A journal may be half written, or somebody else's. */
static void runs_that_make_no_sense_are_an_error(void **state)
{
	static const char *const texts[] = {
		"{\"blocks\":[5]}",
		"{\"blocks\":[[1,2]]}",
		"{\"blocks\":[[1,2,\"dancing\"]]}",
		"{\"blocks\":[[1,16777217,\"offline\"]]}",
		"{\"blocks\":[[1,16777216,\"absent\"],[1,1,\"offline\"]]}",
		"{\"blocks\":[[18446744073709551615,1,\"offline\"]]}",
	};

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++) {
		_cleanup_(json_object_putp) struct json_object *json = json_tokener_parse(texts[i]);
		struct dax_device dax = {0};

		if (i == 5) /* the last block there can be, and one more */
			json_object_array_add(json_member(json, "blocks", 0), NULL);
		assert_int_equal(block_runs_get(json, "blocks", &dax), -EBADMSG);
		free(dax.blocks.items);
	}
}

#define with_kernel(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_kernel(capacity_without_a_region_is_freed_and_given_back),
		with_kernel(a_decoder_that_holds_nothing_is_left_alone),
		with_kernel(capacity_that_is_there_again_is_not_given_back_twice),
		with_kernel(nothing_is_written_that_could_not_be_noted),
		cmocka_unit_test(which_steps_and_undos_add_memory),
		with_kernel(everything_is_undone_that_can_be),
		with_kernel(an_undo_that_has_nothing_left_is_forgotten_by_its_age),
		with_kernel(an_undo_cannot_be_cancelled),
		with_kernel(a_region_gets_its_driver_and_loses_it_again),
		with_kernel(a_region_that_has_its_driver_is_left_alone),
		with_kernel(a_region_goes_with_its_memory_offline),
		with_kernel(a_driver_that_took_the_device_meanwhile_keeps_it),
		with_kernel(the_memmap_switch_is_written_when_it_changes),
		with_kernel(blocks_that_are_there_already_are_not_moved),
		with_kernel(blocks_that_were_not_added_are_told),
		with_kernel(a_region_decodes_when_it_is_committed_and_driven),
		with_kernel(a_region_without_an_address_has_no_memory),
		with_kernel(as_much_of_a_region_is_freed_as_can_be),
		with_kernel(a_region_with_memory_online_is_not_unbound),
		with_kernel(a_driver_of_somebody_elses_holds_unless_forced),
		with_kernel(a_region_is_held_by_any_of_its_dax_devices),
		with_kernel(ranges_are_read_anew),
		with_kernel(blocks_that_were_added_go_offline_without_their_device),
		with_kernel(a_block_that_was_there_before_the_driver_stays_online),
		with_kernel(of_a_device_that_is_gone_no_blocks_are_noted),
		with_kernel(a_dax_device_that_is_there_is_not_waited_for),
		with_kernel(waiting_for_a_dax_device_can_be_cancelled),
		with_kernel(a_driver_that_is_not_there_is_loaded),
		cmocka_unit_test(blocks_that_follow_each_other_are_one_run),
		cmocka_unit_test(runs_that_make_no_sense_are_an_error),
	};

	return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}
