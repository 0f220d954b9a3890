// SPDX-License-Identifier: GPL-2.0-or-later
/* What is reported of devices, of plans, and to those who may not look themselves. */
#include "plan-fixture.h"

#include "job/records.h"
#include "json/devices-json.h"
#include "json/memmap-plan-json.h"
#include "json/plan-json.h"
#include "json/status-json.h"

#include <sys/wait.h>

/* A machine of text, with a run directory. */
struct reporter {
	struct kmemd *kmemd;
	struct kmemd_inventory *inventory;
	struct kmemd_policy *policy;
	struct json_object *json;
};

static struct reporter begin(void **state, const struct machine *machine)
{
	struct kmemd_paths paths = {.sysfs = *state, .run = *state};
	struct reporter reporter = {.inventory = build(machine), .policy = policy_of(RAM_POLICY)};

	assert_int_equal(kmemd_new(&reporter.kmemd, &paths), 0);
	return reporter;
}

static void end(struct reporter *reporter)
{
	json_object_put(reporter->json);
	kmemd_free(reporter->kmemd);
	kmemd_inventory_free(reporter->inventory);
	kmemd_policy_free(reporter->policy);
}

static void record(const struct reporter *reporter, const char *device, enum record_state state)
{
	struct kmemd_error error = {0};
	struct record text;

	make_folders(at(reporter->kmemd->run, "devices"));
	record_make(&text, inventory_device(reporter->inventory, device), state, "because", NULL);
	if (record_write(reporter->kmemd, &text, &error) < 0)
		fail_msg("%s", error.message);
}

static struct json_object *member(struct json_object *json, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(json, key, &value))
		fail_msg("no %s in %s", key, json_object_to_json_string(json));
	return value;
}

static bool has(struct json_object *json, const char *key)
{
	return json_object_object_get_ex(json, key, NULL);
}

static struct json_object *device_at(const struct reporter *reporter, size_t i)
{
	return json_member(reporter->json, "devices", i);
}

/* --- devices --- */

static void report_the_devices(struct reporter *reporter, const char *name)
{
	struct kmemd_error error = {0};

	if (kmemd_report_devices(reporter->kmemd, reporter->inventory, name, &reporter->json,
				 &error) < 0)
		fail_msg("%s", error.message);
}

#define EXPANDER                                                                                   \
	"{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 536870912, 'node': 2, "        \
	"'vendor': '0x8086', 'model': '0x0d93'}"
#define NAMESPACE                                                                                  \
	"{'namespace': 'namespace0.0', 'mode': 'devdax', 'uuid': '" UUID "', 'dax': 'dax1.0', "    \
	"'size': 536870912}"
#define BOUND(name, parent, driver, more)                                                          \
	"{'dax': '" name "', 'parent': '" parent "', 'driver': '" driver                           \
	"', 'size': 536870912, 'align': 2097152, 'target_node': 1" more "}"

static void the_report_begins_with_the_host(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});
	struct json_object *host;

	report_the_devices(&reporter, NULL);
	host = member(reporter.json, "host");
	assert_string_equal(json_text(host, "kernel"), "6.12");
	assert_string_equal(json_text(host, "kmem"), "kmemd");
	assert_string_equal(json_text(host, "auto_online_blocks"), "offline");
	assert_int_equal(json_get_u64(host, "block_size"), BLOCK);
	assert_int_equal(json_get_u64(host, "memory_available"), GIB);
	end(&reporter);
}

static void an_expander_has_its_ids_and_what_is_free(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){.memdevs = EXPANDER});
	struct json_object *device;

	report_the_devices(&reporter, NULL);
	device = device_at(&reporter, 0);
	assert_string_equal(json_text(device, "device"), "mem0");
	assert_string_equal(json_text(device, "identity"), "cxl-ram:0x1234");
	assert_string_equal(json_text(device, "kind"), "cxl-ram");
	assert_string_equal(json_text(device, "serial"), "0x1234");
	assert_string_equal(json_text(device, "host"), "0000:0d:00.0");
	assert_string_equal(json_text(device, "vendor"), "0x8086");
	assert_string_equal(json_text(device, "model"), "0x0d93");
	assert_int_equal(json_get_u64(device, "size"), GIB);
	assert_int_equal(json_get_u64(device, "free"), GIB / 2);
	assert_int_equal(json_get_u64(device, "node"), 2);
	assert_int_equal(json_count(device, "regions"), 0);
	assert_int_equal(json_count(device, "daxdevs"), 0);
	assert_false(has(device, "uuid"));
	assert_false(has(device, "record"));
	end(&reporter);
}

static void persistent_capacity_is_not_free_for_a_region(void **state)
{
	struct machine machine = {.memdevs = "{" MEMDEV_TEXT ", 'pmem_size': 268435456}"};
	struct reporter reporter = begin(state, &machine);

	report_the_devices(&reporter, NULL);
	assert_string_equal(json_text(device_at(&reporter, 0), "kind"), "cxl-pmem");
	assert_false(has(device_at(&reporter, 0), "free"));
	end(&reporter);
}

static void a_namespace_has_its_uuid_and_nothing_of_an_expander(void **state)
{
	struct reporter reporter = begin(
		state, &(struct machine){.memdevs = "",
					 .namespaces = NAMESPACE,
					 .dax = BOUND("dax1.0", "nvdimm", "device_dax", "")});
	struct json_object *device;

	report_the_devices(&reporter, UUID);
	device = device_at(&reporter, 0);
	assert_string_equal(json_text(device, "uuid"), UUID);
	assert_string_equal(json_text(device, "namespace_mode"), "devdax");
	assert_false(has(device, "serial"));
	assert_false(has(device, "host"));
	assert_false(has(device, "vendor"));
	assert_false(has(device, "model"));
	assert_false(has(device, "free"));
	end(&reporter);
}

static void a_region_is_committed_or_not_and_may_be_locked(void **state)
{
	struct reporter reporter = begin(
		state,
		&(struct machine){.regions = REGION ", {'region': 'region1', 'locked': true, "
						    "'start': 68719476736, 'online_blocks': 3, "
						    "'targets': [{'memdev': 'mem0'}]}"});
	struct json_object *first, *second;

	report_the_devices(&reporter, NULL);
	first = json_member(device_at(&reporter, 0), "regions", 0);
	second = json_member(device_at(&reporter, 0), "regions", 1);
	assert_string_equal(json_text(first, "region"), "region0");
	assert_int_equal(json_get_u64(first, "size"), 512 * MIB);
	assert_int_equal(json_get_u64(first, "interleave_ways"), 1);
	assert_string_equal(json_text(first, "decode_state"), "commit");
	assert_false(has(first, "locked"));
	assert_string_equal(json_text(second, "decode_state"), "reset");
	assert_true(json_get_bool(second, "locked"));
	assert_int_equal(json_get_u64(second, "resource"), 64 * GIB);
	assert_int_equal(json_get_u64(second, "online_blocks"), 3);
	end(&reporter);
}

static void a_dax_device_has_a_mode_by_its_driver(void **state)
{
	static const char *const modes[] = {"system-ram", "devdax", "foreign", "disabled"};
	struct reporter reporter = begin(
		state,
		&(struct machine){
			.memdevs = "",
			.dax = BOUND("dax0.0", "hmem", "kmem", ", 'hotplug_state': 'online', " MOVABLE) ", " BOUND(
				"dax1.0", "hmem", "device_dax",
				"") ", " BOUND("dax2.0", "hmem", "fsdev_dax",
					       "") ", " BOUND("dax3.0", "hmem", "", "")});

	report_the_devices(&reporter, NULL);
	assert_int_equal(json_count(reporter.json, "devices"), 4);
	for (unsigned int i = 0; i < 4; i++) {
		struct json_object *dax = json_member(device_at(&reporter, i), "daxdevs", 0);

		assert_string_equal(json_text(dax, "mode"), modes[i]);
		assert_int_equal(json_get_u64(dax, "size"), 512 * MIB);
		assert_int_equal(json_get_u64(dax, "align"), 2 * MIB);
		assert_int_equal(json_get_u64(dax, "target_node"), 1);
		assert_int_equal(has(dax, "hotplug_state"), i == 0);
		assert_int_equal(json_get_u64(member(dax, "blocks"), "movable"), i == 0 ? 4 : 0);
	}
	end(&reporter);
}

static void one_device_is_reported_by_name(void **state)
{
	struct machine two = {.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824}, "
					 "{'memdev': 'mem1', 'serial': 2, 'ram_size': 1}"};
	struct reporter reporter = begin(state, &two);
	struct kmemd_error error = {0};
	struct json_object *none = NULL;

	report_the_devices(&reporter, "mem1");
	assert_int_equal(json_count(reporter.json, "devices"), 1);
	assert_string_equal(json_text(device_at(&reporter, 0), "device"), "mem1");
	assert_int_equal(
		kmemd_report_devices(reporter.kmemd, reporter.inventory, "mem7", &none, &error),
		-ENODEV);
	assert_int_equal(error.result, KMEMD_NO_DEVICE);
	assert_contains(error.message, "no device is called 'mem7'");
	end(&reporter);
}

static void what_is_known_of_a_device_is_reported_unless_all_is_well(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});
	struct json_object *text;

	record(&reporter, "mem0", RECORD_FAILED);
	report_the_devices(&reporter, NULL);
	text = member(device_at(&reporter, 0), "record");
	assert_string_equal(json_text(text, "state"), "failed");
	assert_string_equal(json_text(text, "message"), "because");
	assert_contains(json_text(text, "by"), program_invocation_short_name);
	assert_true(json_get_u64(text, "since") > 0);
	json_object_put(reporter.json);
	record(&reporter, "mem0", RECORD_LEFT);
	report_the_devices(&reporter, NULL);
	assert_false(has(device_at(&reporter, 0), "record"));
	end(&reporter);
}

/* --- where the memmap is --- */

static struct json_object *memmap_of(struct reporter *reporter, const char *name)
{
	report_the_devices(reporter, name);
	return member(json_member(device_at(reporter, 0), "daxdevs", 0), "memmap");
}

static void the_memmap_is_where_it_was_asked_for(void **state)
{
	static const struct {
		const char *asked, *answer;
	} cases[] = {
		{", 'memmap_on_memory': true", "device"},
		{", 'memmap_on_memory': false", "dram"},
		{"", "no-switch"},
	};

	for (unsigned int i = 0; i < 3; i++) {
		char dax[1024];
		struct reporter reporter;

		snprintf(dax, sizeof(dax),
			 "{'dax': 'dax0.0', 'parent': 'hmem', 'driver': 'kmem', 'size': "
			 "536870912, " MOVABLE "%s}",
			 cases[i].asked);
		reporter = begin(state, &(struct machine){.memdevs = "", .dax = dax});
		assert_string_equal(json_text(memmap_of(&reporter, "dax0.0"), "asked"),
				    cases[i].answer);
		end(&reporter);
	}
}

/* A node of nothing else has all of the device; with its memmap on itself it would have less. */
static void the_memmap_is_reckoned_by_the_size_of_the_node(void **state)
{
	struct machine machine = {.memdevs = "",
				  .dax = BOUND("dax0.0", "hmem", "kmem", ", " MOVABLE)};
	const uint64_t memmap_size = 8 * MIB; /* 64 bytes for each page of 4 KiB */

	for (unsigned int on_device = 0; on_device < 2; on_device++) {
		struct reporter reporter = begin(state, &machine);
		struct node *node = array_add(&reporter.inventory->nodes);
		struct json_object *memmap;

		node->id = 1;
		node->total = 512 * MIB - (on_device ? memmap_size : 0);
		memmap = memmap_of(&reporter, "dax0.0");
		assert_string_equal(json_text(memmap, "in_force"), on_device ? "device" : "dram");
		assert_int_equal(json_get_u64(memmap, "dram_bytes"), on_device ? 0 : memmap_size);
		assert_int_equal(json_get_u64(memmap, "device_bytes"), on_device ? memmap_size : 0);
		end(&reporter);
	}
}

static void where_the_memmap_is_may_not_be_known(void **state)
{
	struct machine machine = {.memdevs = "",
				  .dax = BOUND("dax0.0", "hmem", "kmem", ", " MOVABLE)};
	struct reporter reporter = begin(state, &machine);
	struct json_object *memmap = memmap_of(&reporter, "dax0.0");

	assert_string_equal(json_text(memmap, "in_force"), "unknown");
	assert_false(has(memmap, "dram_bytes"));
	end(&reporter);
}

static void the_drivers_own_numbers_are_reported_as_they_are(void **state)
{
	static const char counted[] = BOUND(
		"dax0.0", "hmem", "kmem",
		", 'kmem': {'memmap_dram_bytes': 0, 'memmap_device_bytes': 7}, " MOVABLE);
	struct reporter reporter = begin(state, &(struct machine){.memdevs = "", .dax = counted});
	struct json_object *memmap = memmap_of(&reporter, "dax0.0");

	assert_string_equal(json_text(memmap, "in_force"), "device");
	assert_int_equal(json_get_u64(memmap, "dram_bytes"), 0);
	assert_int_equal(json_get_u64(memmap, "device_bytes"), 7);
	end(&reporter);
}

/* --- plans --- */

static struct json_object *report_the_plan(struct reporter *reporter, const char *name,
					   enum goal goal)
{
	char *names[] = {(char *)name, NULL};
	struct kmemd_error error = {0};

	json_object_put(reporter->json);
	reporter->json = NULL;
	if (kmemd_report_plan(reporter->kmemd, reporter->inventory, reporter->policy, names, goal,
			      &reporter->json, &error) < 0)
		fail_msg("%s", error.message);
	return device_at(reporter, 0);
}

static void a_plan_has_its_mode_policy_and_steps(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});
	struct json_object *plan = report_the_plan(&reporter, NULL, GOAL_POLICY), *step;

	assert_string_equal(json_text(plan, "device"), "mem0");
	assert_string_equal(json_text(plan, "mode"), "system-ram");
	assert_string_equal(json_text(plan, "policy"), "test.conf");
	assert_string_equal(json_text(plan, "refused"), "");
	assert_int_equal(json_count(plan, "steps"), 3);
	step = json_member(plan, "steps", 0);
	assert_string_equal(json_text(step, "type"), "create-region");
	assert_string_equal(json_text(step, "target"), "mem0");
	assert_string_equal(json_text(member(step, "why"), "key"), "Region.Create");
	assert_string_equal(json_text(member(step, "why"), "source"), "test.conf:4");
	assert_string_equal(json_text(member(json_member(plan, "steps", 2), "why"), "source"),
			    "default");
	end(&reporter);
}

static void a_drain_is_asked_for_by_the_command(void **state)
{
	struct machine online = {.memdevs = FULL_MEMDEV,
				 .regions = REGION,
				 .dax = "{" DAX_TEXT ", 'driver': 'kmem', " MOVABLE "}"};
	struct reporter reporter = begin(state, &online);
	struct json_object *plan = report_the_plan(&reporter, "mem0", GOAL_DRAIN), *why;

	assert_string_equal(json_text(plan, "mode"), "drain");
	assert_int_equal(json_count(plan, "steps"), 3);
	why = member(json_member(plan, "steps", 0), "why");
	assert_string_equal(json_text(why, "source"), "the command");
	assert_false(has(why, "key"));
	assert_int_equal(json_count(report_the_plan(&reporter, "mem0", GOAL_POLICY), "steps"), 0);
	end(&reporter);
}

/* What a policy cannot have is not its devices' drain's affair. */
static void what_policy_refuses_is_told_for_policy_only(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});

	kmemd_policy_free(reporter.policy);
	reporter.policy = calloc(1, sizeof(*reporter.policy));
	policy_add(reporter.policy, "bad.conf", "[Match]\nKind=cxl-ram\n[Memory]\nMode=nonsense\n");
	assert_contains(json_text(report_the_plan(&reporter, NULL, GOAL_POLICY), "refused"),
			"bad.conf");
	assert_string_equal(json_text(report_the_plan(&reporter, NULL, GOAL_DRAIN), "refused"), "");
	end(&reporter);
}

/* As apply does: a held device is one of many, unless it is named. */
static void held_devices_have_no_steps_unless_they_are_named(void **state)
{
	static const struct {
		enum record_state state;
		size_t steps;
	} cases[] = {{RECORD_HELD, 0}, {RECORD_MANUAL, 0}, {RECORD_FAILED, 3}, {RECORD_LEFT, 3}};
	struct reporter reporter = begin(state, &(struct machine){0});

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		record(&reporter, "mem0", cases[i].state);
		assert_int_equal(json_count(report_the_plan(&reporter, NULL, GOAL_POLICY), "steps"),
				 cases[i].steps);
		assert_int_equal(
			json_count(report_the_plan(&reporter, "mem0", GOAL_POLICY), "steps"), 3);
	}
	record(&reporter, "mem0", RECORD_HELD);
	assert_string_equal(
		json_text(member(report_the_plan(&reporter, NULL, GOAL_POLICY), "record"), "state"),
		"held");
	assert_false(has(report_the_plan(&reporter, NULL, GOAL_DRAIN), "record"));
	end(&reporter);
}

static void a_plan_for_a_device_that_is_not_there_is_an_error(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});
	struct json_object *none = NULL;
	struct kmemd_error error = {0};

	assert_int_equal(kmemd_report_plan(reporter.kmemd, reporter.inventory, reporter.policy,
					   (char *[]){"mem7", NULL}, GOAL_POLICY, &none, &error),
			 -ENODEV);
	assert_int_equal(error.result, KMEMD_NO_DEVICE);
	memset(&error, 0, sizeof(error));
	assert_int_equal(kmemd_report_memmap_plan(reporter.kmemd, reporter.inventory,
						  reporter.policy, "mem7", true, false, &none,
						  &error),
			 -ENODEV);
	assert_int_equal(error.result, KMEMD_NO_DEVICE);
	end(&reporter);
}

/* --- what is published --- */

static void root_publishes_what_it_sees(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});

	record(&reporter, "mem0", RECORD_HELD);
	kmemd_publish_status(reporter.kmemd);
	if (geteuid() == 0) {
		struct stat status;

		assert_int_equal(stat(at(*state, "status.json"), &status), 0);
		assert_int_equal(status.st_mode & 0777, 0644);
		assert_contains(text_of(at(*state, "status.json")), "cxl-ram:0x1234");
	} else {
		assert_int_equal(access(at(*state, "status.json"), F_OK), -1);
	}
	end(&reporter);
}

/* As somebody who may not read the run directory: a process of its own gives up its rights. */
static int status_of_somebody(const struct reporter *reporter, char *answer, size_t size)
{
	int ends[2], status;
	ssize_t length;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct json_object *json = NULL;
		struct kmemd_error error = {0};
		const char *text;
		int r;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(100);
		r = kmemd_report_status(reporter->kmemd, &json, &error);
		text = r < 0 ? error.message : json_object_to_json_string(json);
		_exit(write(ends[1], text, strlen(text)) < 0 ? 101 : -r);
	}
	close(ends[1]);
	length = read(ends[0], answer, size - 1);
	assert_true(length >= 0);
	answer[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return -WEXITSTATUS(status);
}

static void others_see_what_was_published(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});
	char answer[2048];

	record(&reporter, "mem0", RECORD_HELD);
	chmod(*state, 0755);
	chmod(at(*state, "devices"), 0);
	assert_int_equal(status_of_somebody(&reporter, answer, sizeof(answer)), -EACCES);
	assert_contains(answer, "only root may read");
	write_text(at(*state, "status.json"), "[1]\n");
	assert_int_equal(status_of_somebody(&reporter, answer, sizeof(answer)), -EACCES);
	write_text(at(*state, "status.json"), "{\"records\": [{\"device\": \"x\"}]}\n");
	assert_int_equal(status_of_somebody(&reporter, answer, sizeof(answer)), 0);
	assert_contains(answer, "\"device\": \"x\"");
	assert_contains(answer, "\"published\": true");
	end(&reporter);
}

static void records_that_cannot_be_read_are_an_error(void **state)
{
	struct reporter reporter = begin(state, &(struct machine){0});
	struct json_object *json = NULL;
	struct kmemd_error error = {0};

	write_text(at(*state, "devices"), "no directory");
	assert_int_equal(kmemd_report_status(reporter.kmemd, &json, &error), -ENOTDIR);
	assert_contains(error.message, "/devices: Not a directory");
	end(&reporter);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(the_report_begins_with_the_host),
		with_folder(an_expander_has_its_ids_and_what_is_free),
		with_folder(persistent_capacity_is_not_free_for_a_region),
		with_folder(a_namespace_has_its_uuid_and_nothing_of_an_expander),
		with_folder(a_region_is_committed_or_not_and_may_be_locked),
		with_folder(a_dax_device_has_a_mode_by_its_driver),
		with_folder(one_device_is_reported_by_name),
		with_folder(what_is_known_of_a_device_is_reported_unless_all_is_well),
		with_folder(the_memmap_is_where_it_was_asked_for),
		with_folder(the_memmap_is_reckoned_by_the_size_of_the_node),
		with_folder(where_the_memmap_is_may_not_be_known),
		with_folder(the_drivers_own_numbers_are_reported_as_they_are),
		with_folder(a_plan_has_its_mode_policy_and_steps),
		with_folder(a_drain_is_asked_for_by_the_command),
		with_folder(what_policy_refuses_is_told_for_policy_only),
		with_folder(held_devices_have_no_steps_unless_they_are_named),
		with_folder(a_plan_for_a_device_that_is_not_there_is_an_error),
		with_folder(root_publishes_what_it_sees),
		with_folder(others_see_what_was_published),
		with_folder(records_that_cannot_be_read_are_an_error),
	};

	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
