// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan of one device: which steps, at what cost, and when it is refused. */
#include "fixture.h"

#include "plan/plan.h"

#define RAM_POLICY                                                                                 \
	"[Match]\nKind=cxl-ram hmem dax\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n"
#define UUID "01234567-89ab-cdef-0123-456789abcdef"

/* A machine with parts that a test changes; printf would be longer. */
struct machine {
	const char *host, *memdevs, *root_decoders, *regions, *namespaces, *dax;
};

#define HOST_TEXT                                                                                  \
	"'kernel': '6.12', 'block_size': 134217728, 'auto_online_blocks': 'offline', "             \
	"'memmap_on_memory': true, 'kmem': 'kmemd', 'memory_available': 1073741824"
#define MEMDEV_TEXT                                                                                \
	"'memdev': 'mem0', 'host': '0000:0d:00.0', 'serial': 4660, 'enabled': true, "              \
	"'free_decoder': 'decoder2.0'"
#define WINDOW_TEXT                                                                                \
	"'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, 'ways': 1, "      \
	"'size': 8589934592, 'largest_free': 4294967296, 'memdevs': ['mem0']"

/* An expander of 1 GiB in a window of 8 GiB; a member that is NULL is as here. */
static struct kmemd_inventory *build(const struct machine *machine)
{
	char text[8192];

	snprintf(text, sizeof(text),
		 "{'version': 1, 'host': {%s}, 'memdevs': [%s], 'root_decoders': [%s], "
		 "'regions': [%s], 'namespaces': [%s], 'dax': [%s]}",
		 machine->host ? machine->host : HOST_TEXT,
		 machine->memdevs ? machine->memdevs : "{" MEMDEV_TEXT ", 'ram_size': 1073741824}",
		 machine->root_decoders ? machine->root_decoders : "{" WINDOW_TEXT "}",
		 machine->regions ? machine->regions : "",
		 machine->namespaces ? machine->namespaces : "", machine->dax ? machine->dax : "");
	return inventory_of(text);
}

/* A plan with what it points into. */
struct planned {
	struct kmemd_inventory *inventory;
	struct kmemd_policy *policy;
	struct plan plan;
};

static struct planned make(const struct machine *machine, const char *policy, const char *device,
			   enum goal goal)
{
	struct planned planned = {.inventory = build(machine), .policy = policy_of(policy)};
	const struct device *found = inventory_device(planned.inventory, device);
	struct decision decision;

	if (!found)
		fail_msg("no device %s", device);
	policy_decide(planned.policy, found, &decision);
	assert_int_equal(plan_make(planned.inventory, found, &decision, goal, &planned.plan), 0);
	return planned;
}

static void release(struct planned *planned)
{
	plan_release(&planned->plan);
	kmemd_inventory_free(planned->inventory);
	kmemd_policy_free(planned->policy);
}

/* The steps as one line each: "create-region mem0; bind; online". */
static const char *steps_text(const struct plan *plan)
{
	static char text[1024];
	size_t used = 0;

	text[0] = '\0';
	array_foreach(step, &plan->steps)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
					 used ? "; " : "", step_names[step->type],
					 step->target[0] ? " " : "", step->target);
	return text;
}

static void assert_plan(const struct machine *machine, const char *policy, const char *device,
			enum goal goal, const char *steps)
{
	struct planned planned = make(machine, policy, device, goal);

	if (planned.plan.refusal[0])
		fail_msg("refused: %s", planned.plan.refusal);
	assert_string_equal(steps_text(&planned.plan), steps);
	release(&planned);
}

static void assert_refused(const struct machine *machine, const char *policy, const char *device,
			   const char *why)
{
	struct planned planned = make(machine, policy, device, GOAL_POLICY);

	assert_contains(planned.plan.refusal, why);
	assert_string_equal(steps_text(&planned.plan), "");
	release(&planned);
}

static void assert_note(const struct machine *machine, const char *policy, const char *device,
			const char *note)
{
	struct planned planned = make(machine, policy, device, GOAL_POLICY);

	assert_contains(planned.plan.note, note);
	assert_string_equal(planned.plan.refusal, "");
	release(&planned);
}

/* --- new regions
 * -------------------------------------------------------------------------------------------------
 */

static void free_capacity_becomes_a_region_that_is_online(void **state)
{
	struct machine machine = {0};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	const struct step *steps = planned.plan.steps.items;

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "create-region mem0; bind; online");
	assert_string_equal(steps[0].root_decoder, "decoder0.0");
	assert_string_equal(steps[0].endpoint_decoder, "decoder2.0");
	assert_int_equal(steps[0].size, GIB);
	assert_int_equal(steps[0].lost_bytes, 0);
	assert_int_equal(steps[0].why, KEY_CREATE);
	assert_string_equal(steps[1].driver, "kmem");
	assert_int_equal(steps[1].memmap, TRISTATE_YES);
	assert_int_equal(steps[1].device_bytes, 16 * MIB);
	assert_int_equal(steps[1].dram_bytes, 0);
	assert_int_equal(steps[1].why, KEY_MODE);
	assert_int_equal(steps[2].zone, ZONE_MOVABLE);
	assert_int_equal(steps[2].blocks, 8);
	assert_int_equal(steps[2].why, KEY_ZONE);
	release(&planned);
}

static void what_is_no_multiple_of_256_mib_is_lost(void **state)
{
	struct machine machine = {.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1174405120}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].size, GIB);
	assert_int_equal(planned.plan.steps.items[0].lost_bytes, 96 * MIB);
	release(&planned);
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 268435455}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
}

static void only_what_is_free_becomes_a_region(void **state)
{
	struct machine machine = {
		.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 536870912}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].size, 512 * MIB);
	assert_int_equal(planned.plan.steps.items[2].blocks, 4);
	release(&planned);
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 1073741824}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	machine.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 2147483648}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
}

static void a_region_is_created_only_when_the_policy_says_so(void **state)
{
	struct machine machine = {0};

	(void)state;
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=system-ram\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine,
		    "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=ignore\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine,
		    "[Match]\nKind=hmem\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine,
		    "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=devdax\n", "mem0",
		    GOAL_POLICY, "create-region mem0; bind");
}

static void a_memdev_that_is_not_ready_is_waited_for(void **state)
{
	struct machine machine = {.memdevs = "{'memdev': 'mem0', 'serial': 1, 'ram_size': "
					     "1073741824, 'enabled': false}"};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "mem0 is not ready yet");
}

static void without_a_free_decoder_it_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = "{'memdev': 'mem0', 'serial': 1, 'ram_size': 1073741824, 'enabled': "
			   "true, 'free_decoder': '', 'ram_allocated': 536870912}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "mem0 has 512 MiB of free capacity and no free HDM decoder");
}

static void without_room_in_the_window_it_is_refused(void **state)
{
	struct machine machine = {
		.root_decoders =
			"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
			"'ways': 1, 'size': 8589934592, 'largest_free': 536870912, 'memdevs': "
			"['mem0']}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "no free HPA for a region of 1 GiB: the largest free part of the CXL window "
		       "decoder0.0 is 512 MiB of 8 GiB");
}

static void a_window_has_to_fit_in_every_way(void **state)
{
	static const char *const unfit[] = {
		"",
		"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
		"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem1']}",
		"{'decoder': 'decoder0.0', 'volatile_capable': false, 'creates_ram': true, "
		"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem0']}",
		"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
		"'ways': 2, 'largest_free': 4294967296, 'memdevs': ['mem0', 'mem1']}"};
	struct machine machine = {0};

	(void)state;
	for (size_t i = 0; i < array_size(unfit); i++) {
		machine.root_decoders = unfit[i];
		assert_refused(&machine, RAM_POLICY, "mem0",
			       "no CXL window for volatile memory reaches mem0");
	}
}

static void the_first_window_with_room_is_taken(void **state)
{
	struct machine machine = {
		.root_decoders =
			"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, "
			"'ways': 1, 'largest_free': 0, 'memdevs': ['mem0']}, "
			"{'decoder': 'decoder0.1', 'volatile_capable': true, 'creates_ram': false, "
			"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem0']}, "
			"{'decoder': 'decoder0.2', 'volatile_capable': true, 'creates_ram': true, "
			"'ways': 1, 'largest_free': 1073741824, 'memdevs': ['mem1', 'mem0']}"};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(planned.plan.steps.items[0].root_decoder, "decoder0.2");
	release(&planned);
}

static void linux_6_1_cannot_create_volatile_regions(void **state)
{
	struct machine machine = {
		.host = "'kernel': '6.1.0-test', 'block_size': 134217728",
		.root_decoders =
			"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': false, "
			"'ways': 1, 'largest_free': 4294967296, 'memdevs': ['mem0']}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "Linux 6.1.0-test cannot create volatile CXL regions (6.3 and later can)");
}

/* --- the memmap
 * --------------------------------------------------------------------------------------------------
 */

#define REGION                                                                                     \
	"{'region': 'region0', 'root_decoder': 'decoder0.0', 'size': 536870912, 'ways': 1, "       \
	"'committed': true, 'enabled': true, 'targets': [{'memdev': 'mem0', 'decoder': "           \
	"'decoder2.0'}]}"
#define FULL_MEMDEV "{" MEMDEV_TEXT ", 'ram_size': 536870912, 'ram_allocated': 536870912}"
#define DAX_TEXT                                                                                   \
	"'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 536870912, "               \
	"'target_node': 1"
#define BLOCKS(a, b, c, d)                                                                         \
	"'blocks': [{'index': 32, 'state': '" a "'}, {'index': 33, 'state': '" b "'}, {'index': "  \
	"34, 'state': '" c "'}, {'index': 35, 'state': '" d "'}]"
#define ABSENT	BLOCKS("absent", "absent", "absent", "absent")
#define MOVABLE BLOCKS("movable", "movable", "movable", "movable")

#define WITH_MEMMAP(value) RAM_POLICY "MemmapOnMemory=" value "\n"

/* A dax device of a region in the given state, and the memmap that a plan wants for it. */
struct memmap_case {
	const char *host, *dax, *policy;
	enum tristate wanted;
};

static void assert_memmap_step(const struct memmap_case *one)
{
	struct machine machine = {
		.host = one->host,
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = one->dax,
	};
	struct planned planned = make(&machine, one->policy, "mem0", GOAL_POLICY);

	if (planned.plan.refusal[0])
		fail_msg("%s", planned.plan.refusal);
	assert_string_equal(steps_text(&planned.plan), "bind dax0.0; online dax0.0");
	assert_int_equal(planned.plan.steps.items[0].memmap, one->wanted);
	assert_int_equal(planned.plan.steps.items[0].device_bytes,
			 one->wanted == TRISTATE_YES ? 8 * MIB : 0);
	assert_int_equal(planned.plan.steps.items[0].dram_bytes,
			 one->wanted == TRISTATE_YES ? 0 : 8 * MIB);
	assert_int_equal(planned.plan.steps.items[1].blocks, 4);
	release(&planned);
}

#define HOST_WITHOUT_PARAMETER                                                                     \
	"'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': false, 'kmem': "           \
	"'kmemd', 'memory_available': 1073741824"
#define DEVDAX(memmap)                                                                             \
	"{" DAX_TEXT ", 'driver': 'device_dax', 'memmap_on_memory': " memmap ", " ABSENT "}"
#define DEVDAX_WITHOUT_SWITCH "{" DAX_TEXT ", 'driver': 'device_dax', " ABSENT "}"

static void the_memmap_goes_where_the_policy_wants_it(void **state)
{
	static const struct memmap_case cases[] = {
		{NULL, DEVDAX("false"), WITH_MEMMAP("yes"), TRISTATE_YES},
		{NULL, DEVDAX("true"), WITH_MEMMAP("yes"), TRISTATE_YES},
		{NULL, DEVDAX("true"), WITH_MEMMAP("no"), TRISTATE_NO},
		{NULL, DEVDAX("false"), WITH_MEMMAP("no"), TRISTATE_NO},
		{NULL, DEVDAX("false"), WITH_MEMMAP("auto"), TRISTATE_YES},
		{NULL, DEVDAX("false"), RAM_POLICY, TRISTATE_YES},
		{NULL, DEVDAX_WITHOUT_SWITCH, RAM_POLICY, TRISTATE_UNKNOWN},
		{NULL, DEVDAX_WITHOUT_SWITCH, WITH_MEMMAP("no"), TRISTATE_UNKNOWN},
		{HOST_WITHOUT_PARAMETER, DEVDAX("true"), RAM_POLICY, TRISTATE_UNKNOWN},
		{HOST_WITHOUT_PARAMETER, DEVDAX("true"), WITH_MEMMAP("no"), TRISTATE_NO},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_memmap_step(&cases[i]);
}

static void a_memmap_that_cannot_be_had_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = DEVDAX_WITHOUT_SWITCH,
	};

	(void)state;
	assert_refused(&machine, WITH_MEMMAP("yes"), "mem0",
		       "MemmapOnMemory=yes cannot be had: dax0.0 has no memmap_on_memory switch on "
		       "Linux 6.12 with the kmemd kmem");
	machine.host = HOST_WITHOUT_PARAMETER;
	machine.dax = DEVDAX("true");
	assert_refused(&machine, WITH_MEMMAP("yes"), "mem0",
		       "booted with memory_hotplug.memmap_on_memory off");
	machine = (struct machine){.host = HOST_WITHOUT_PARAMETER};
	assert_refused(&machine, WITH_MEMMAP("yes"), "mem0",
		       "booted with memory_hotplug.memmap_on_memory off");
}

static void a_memmap_that_does_not_fit_in_dram_is_refused(void **state)
{
	struct machine machine = {
		.host = "'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': true, "
			"'kmem': 'kmemd', 'memory_available': 8388607",
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = DEVDAX("false"),
	};

	(void)state;
	assert_refused(&machine, WITH_MEMMAP("no"), "mem0", "the memmap would take 8 MiB of DRAM");
	assert_refused(&machine, WITH_MEMMAP("no"), "mem0", "MemmapOnMemory=yes puts it");
	assert_plan(&machine, WITH_MEMMAP("yes"), "mem0", GOAL_POLICY,
		    "bind dax0.0; online dax0.0");
	machine.host = "'kernel': '6.12', 'block_size': 134217728, 'memmap_on_memory': true, "
		       "'kmem': 'kmemd', 'memory_available': 8388608";
	assert_plan(&machine, WITH_MEMMAP("no"), "mem0", GOAL_POLICY, "bind dax0.0; online dax0.0");
	/* A region that is yet to be made: 1 GiB needs 16 MiB. */
	machine = (struct machine){
		.host = "'kernel': '6.12', 'block_size': 134217728, "
			"'memmap_on_memory': false, 'memory_available': 16777215"};
	assert_refused(&machine, RAM_POLICY, "mem0", "the memmap would take 16 MiB of DRAM");
}

/* --- memory that is there already
 * --------------------------------------------------------------------------------- */

static void what_is_done_already_needs_no_step(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " MOVABLE "}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_plan(&machine, WITH_MEMMAP("yes"), "mem0", GOAL_POLICY, "");
	machine.dax = "{" DAX_TEXT ", 'driver': 'device_dax', " ABSENT "}";
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n", "mem0", GOAL_POLICY,
		    "");
}

static void blocks_in_the_wrong_zone_or_offline_are_onlined(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS(
			"movable", "kernel", "offline", "mixed") "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "online dax0.0");
	assert_int_equal(planned.plan.steps.items[0].blocks, 3);
	assert_int_equal(planned.plan.steps.items[0].zone, ZONE_MOVABLE);
	release(&planned);
	planned = make(&machine, RAM_POLICY "Zone=kernel\n", "mem0", GOAL_POLICY);
	assert_string_equal(steps_text(&planned.plan), "online dax0.0");
	assert_int_equal(planned.plan.steps.items[0].blocks, 3);
	assert_int_equal(planned.plan.steps.items[0].zone, ZONE_KERNEL);
	release(&planned);
}

static void blocks_that_the_driver_did_not_add_are_noted(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS(
			"movable", "movable", "movable", "absent") "}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "1 of 4 blocks of dax0.0 were not added");
}

static void another_memmap_takes_the_memory_out_and_in_again(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " MOVABLE "}",
	};

	(void)state;
	assert_plan(&machine, WITH_MEMMAP("no"), "mem0", GOAL_POLICY,
		    "offline dax0.0; bind dax0.0; online dax0.0");
	machine.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': false, " MOVABLE "}";
	assert_plan(&machine, WITH_MEMMAP("yes"), "mem0", GOAL_POLICY,
		    "offline dax0.0; bind dax0.0; online dax0.0");
	/* auto never takes memory out of use for that. */
	assert_plan(&machine, WITH_MEMMAP("auto"), "mem0", GOAL_POLICY, "");
	machine.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': false, " BLOCKS(
		"offline", "offline", "offline", "offline") "}";
	assert_plan(&machine, WITH_MEMMAP("auto"), "mem0", GOAL_POLICY,
		    "bind dax0.0; online dax0.0");
}

static void another_mode_takes_the_memory_out(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT
		       ", 'driver': 'kmem', " BLOCKS("movable", "offline", "kernel", "absent") "}",
	};
	struct planned planned = make(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n",
				      "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "offline dax0.0; bind dax0.0");
	assert_int_equal(planned.plan.steps.items[0].blocks, 2);
	assert_int_equal(planned.plan.steps.items[0].why, KEY_MODE);
	assert_string_equal(planned.plan.steps.items[1].driver, "device_dax");
	release(&planned);
	machine.dax = "{" DAX_TEXT ", 'driver': '', " ABSENT "}";
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=devdax\n", "mem0", GOAL_POLICY,
		    "bind dax0.0");
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "bind dax0.0; online dax0.0");
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n", "mem0", GOAL_POLICY,
		    "");
}

static void a_device_smaller_than_a_block_is_refused(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 67108864, "
		       "'driver': 'device_dax', 'blocks': []}",
	};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "dax0.0 (64 MiB) holds no whole memory block of 128 MiB");
}

static void what_alignment_costs_is_told(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{'dax': 'dax0.0', 'parent': 'cxl', 'origin': 'region0', 'size': 538968064, "
		       "'driver': 'device_dax', 'memmap_on_memory': true, " ABSENT "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(planned.plan.steps.items[0].lost_bytes, 2 * MIB);
	release(&planned);
}

/* --- regions
 * -----------------------------------------------------------------------------------------------------
 */

static void a_region_without_a_driver_is_enabled(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': true, 'enabled': false, 'targets': "
			   "[{'memdev': 'mem0'}]}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "enable-region region0");
}

static void a_region_that_is_not_committed_is_left_alone(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = "{'region': 'region0', 'committed': false, 'enabled': false, 'targets': "
			   "[{'memdev': 'mem0'}]}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
	assert_note(&machine, RAM_POLICY, "mem0", "region0 is not committed");
}

static void the_first_memdev_speaks_for_an_interleaved_region(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"interleaved.json");
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_of(RAM_POLICY);
	struct decision decision;
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		policy_decide(policy, &inventory->devices.items[i], &decision);
		assert_int_equal(plan_make(inventory, &inventory->devices.items[i], &decision,
					   GOAL_POLICY, &plan),
				 0);
		assert_string_equal(plan.refusal, "");
		assert_string_equal(steps_text(&plan), i ? "" : "online dax0.0");
		if (i)
			assert_contains(plan.note, "region0 is interleaved; mem0 speaks for it");
		plan_release(&plan);
	}
}

/* --- NVDIMM, HMEM
 * ------------------------------------------------------------------------------------------------
 */

#define NAMED	  "[Match]\nUuid=" UUID "\n[Memory]\nMode=system-ram\n"
#define NAMESPACE "'namespace': 'namespace0.0', 'uuid': '" UUID "', 'size': 536870912"

static void a_devdax_namespace_becomes_system_ram_and_devdax_again(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.namespaces = "{" NAMESPACE ", 'mode': 'devdax', 'dax': 'dax1.0'}",
		.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'size': 536870912, 'driver': "
		       "'device_dax', 'memmap_on_memory': false, " ABSENT "}",
	};

	(void)state;
	assert_plan(&machine, NAMED, UUID, GOAL_POLICY, "bind dax1.0; online dax1.0");
	machine.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'size': 536870912, 'driver': 'kmem', "
		      "'memmap_on_memory': true, " MOVABLE "}";
	assert_plan(&machine, NAMED, UUID, GOAL_POLICY, "");
	assert_plan(&machine, "[Match]\nUuid=" UUID "\n[Memory]\nMode=devdax\n", UUID, GOAL_POLICY,
		    "offline dax1.0; bind dax1.0");
}

static void a_namespace_that_is_not_devdax_is_never_converted(void **state)
{
	static const char *const modes[] = {"fsdax", "sector", "raw"};
	struct machine machine = {.memdevs = ""};
	char namespace[256], why[64];

	(void)state;
	for (size_t i = 0; i < array_size(modes); i++) {
		snprintf(namespace, sizeof(namespace), "{" NAMESPACE ", 'mode': '%s'}", modes[i]);
		machine.namespaces = namespace;
		snprintf(why, sizeof(why), "namespace0.0 is a %s namespace", modes[i]);
		assert_refused(&machine, NAMED, UUID, why);
		assert_refused(&machine, NAMED, UUID, "would destroy what is on it");
		assert_refused(&machine, "[Match]\nUuid=" UUID "\n[Memory]\nMode=devdax\n", UUID,
			       why);
		assert_plan(&machine, NAMED, UUID, GOAL_DRAIN, "");
	}
}

static void persistent_cxl_capacity_is_refused_even_by_name(void **state)
{
	struct machine machine = {.memdevs = "{" MEMDEV_TEXT ", 'pmem_size': 1073741824}"};

	(void)state;
	assert_refused(&machine,
		       "[Match]\nSerial=0x1234\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\n",
		       "mem0", "persistent CXL capacity needs a region and a namespace first");
	assert_plan(&machine, "[Match]\nSerial=0x1234\n[Memory]\nMode=ignore\n", "mem0",
		    GOAL_POLICY, "");
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "");
}

static void hmem_is_bound_and_onlined(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.dax = "{'dax': 'dax0.0', 'parent': 'hmem', 'size': 536870912, 'driver': "
		       "'device_dax', 'memmap_on_memory': false, " ABSENT "}",
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "dax0.0", GOAL_POLICY, "bind dax0.0; online dax0.0");
}

/* --- drain
 * -------------------------------------------------------------------------------------------------------
 */

static void draining_an_expander_frees_its_region(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT
		       ", 'driver': 'kmem', " BLOCKS("movable", "offline", "kernel", "mixed") "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	(void)state;
	assert_string_equal(steps_text(&planned.plan),
			    "offline dax0.0; unbind dax0.0; destroy-region region0");
	assert_int_equal(planned.plan.steps.items[0].blocks, 3);
	array_foreach(step, &planned.plan.steps)
		assert_int_equal(step->why, KEY_COUNT);
	release(&planned);
	machine.dax = "{" DAX_TEXT
		      ", 'driver': 'kmem', " BLOCKS("offline", "offline", "offline", "absent") "}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN,
		    "unbind dax0.0; destroy-region region0");
	machine.dax = "{" DAX_TEXT ", 'driver': '', " ABSENT "}";
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "destroy-region region0");
	machine.regions = machine.dax = NULL;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "");
}

/* What policy says does not count: a person wants the device out. */
static void draining_needs_no_policy(void **state)
{
	struct machine machine = {
		.memdevs = FULL_MEMDEV,
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', " MOVABLE "}",
	};

	(void)state;
	assert_plan(&machine, "[Match]\nKind=cxl-ram\n[Memory]\nMode=ignore\n", "mem0", GOAL_DRAIN,
		    "offline dax0.0; unbind dax0.0; destroy-region region0");
	assert_plan(&machine, "[Match]\nKind=dax\n[Memory]\nMode=ignore\n", "mem0", GOAL_DRAIN,
		    "offline dax0.0; unbind dax0.0; destroy-region region0");
}

static void draining_anything_else_makes_it_devdax(void **state)
{
	struct machine machine = {
		.memdevs = "",
		.namespaces = "{" NAMESPACE ", 'mode': 'devdax', 'dax': 'dax1.0'}",
		.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'size': 536870912, 'driver': "
		       "'kmem', " MOVABLE
		       "}, {'dax': 'dax2.0', 'parent': 'hmem', 'size': 536870912, 'driver': "
		       "'kmem', " MOVABLE "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, UUID, GOAL_DRAIN);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "offline dax1.0; bind dax1.0");
	assert_string_equal(planned.plan.steps.items[1].driver, "device_dax");
	release(&planned);
	assert_plan(&machine, RAM_POLICY, "dax2.0", GOAL_DRAIN, "offline dax2.0; bind dax2.0");
	machine.dax = "{'dax': 'dax1.0', 'parent': 'nvdimm', 'driver': 'device_dax', " ABSENT "}";
	assert_plan(&machine, RAM_POLICY, UUID, GOAL_DRAIN, "");
}

/* --- words
 * -------------------------------------------------------------------------------------------------------
 */

static void steps_are_told_in_words(void **state)
{
	static const struct {
		struct step step;
		const char *text;
	} cases[] = {
		{{.type = STEP_CREATE_REGION,
		  .target = "mem0",
		  .root_decoder = "decoder0.0",
		  .endpoint_decoder = "decoder2.0",
		  .size = GIB},
		 "create a region of 1 GiB on mem0 (window decoder0.0, decoder decoder2.0)"},
		{{.type = STEP_ENABLE_REGION, .target = "region0"}, "enable region0"},
		{{.type = STEP_OFFLINE, .target = "dax0.0", .blocks = 3},
		 "offline 3 memory blocks of dax0.0"},
		{{.type = STEP_BIND, .driver = "kmem", .memmap = TRISTATE_YES},
		 "bind the region's dax device to kmem with its memmap on the device"},
		{{.type = STEP_BIND, .target = "dax0.0", .driver = "kmem", .memmap = TRISTATE_NO},
		 "bind dax0.0 to kmem with its memmap in DRAM"},
		{{.type = STEP_BIND,
		  .target = "dax0.0",
		  .driver = "device_dax",
		  .memmap = TRISTATE_UNKNOWN},
		 "bind dax0.0 to device_dax"},
		{{.type = STEP_UNBIND, .target = "dax0.0"}, "unbind dax0.0 from kmem"},
		{{.type = STEP_ONLINE, .target = "dax0.0", .blocks = 8, .zone = ZONE_KERNEL},
		 "online 8 memory blocks of dax0.0 in the kernel zone"},
		{{.type = STEP_DESTROY_REGION, .target = "region0"},
		 "destroy region0 and free its decoders"},
	};
	char text[192], tiny[8];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		step_text(&cases[i].step, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		step_text(&cases[i].step, tiny, sizeof(tiny));
		assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
		assert_non_null(step_undo_text(cases[i].step.type));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_capacity_becomes_a_region_that_is_online),
		cmocka_unit_test(what_is_no_multiple_of_256_mib_is_lost),
		cmocka_unit_test(only_what_is_free_becomes_a_region),
		cmocka_unit_test(a_region_is_created_only_when_the_policy_says_so),
		cmocka_unit_test(a_memdev_that_is_not_ready_is_waited_for),
		cmocka_unit_test(without_a_free_decoder_it_is_refused),
		cmocka_unit_test(without_room_in_the_window_it_is_refused),
		cmocka_unit_test(a_window_has_to_fit_in_every_way),
		cmocka_unit_test(the_first_window_with_room_is_taken),
		cmocka_unit_test(linux_6_1_cannot_create_volatile_regions),
		cmocka_unit_test(the_memmap_goes_where_the_policy_wants_it),
		cmocka_unit_test(a_memmap_that_cannot_be_had_is_refused),
		cmocka_unit_test(a_memmap_that_does_not_fit_in_dram_is_refused),
		cmocka_unit_test(what_is_done_already_needs_no_step),
		cmocka_unit_test(blocks_in_the_wrong_zone_or_offline_are_onlined),
		cmocka_unit_test(blocks_that_the_driver_did_not_add_are_noted),
		cmocka_unit_test(another_memmap_takes_the_memory_out_and_in_again),
		cmocka_unit_test(another_mode_takes_the_memory_out),
		cmocka_unit_test(a_device_smaller_than_a_block_is_refused),
		cmocka_unit_test(what_alignment_costs_is_told),
		cmocka_unit_test(a_region_without_a_driver_is_enabled),
		cmocka_unit_test(a_region_that_is_not_committed_is_left_alone),
		cmocka_unit_test(the_first_memdev_speaks_for_an_interleaved_region),
		cmocka_unit_test(a_devdax_namespace_becomes_system_ram_and_devdax_again),
		cmocka_unit_test(a_namespace_that_is_not_devdax_is_never_converted),
		cmocka_unit_test(persistent_cxl_capacity_is_refused_even_by_name),
		cmocka_unit_test(hmem_is_bound_and_onlined),
		cmocka_unit_test(draining_an_expander_frees_its_region),
		cmocka_unit_test(draining_needs_no_policy),
		cmocka_unit_test(draining_anything_else_makes_it_devdax),
		cmocka_unit_test(steps_are_told_in_words),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
