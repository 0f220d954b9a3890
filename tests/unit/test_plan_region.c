// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a new region finds its place, and in which order regions go: the rules of ports and
 * decoders. */
#include "plan-fixture.h"

#include "plan/region-place.h"

#define UNIT UINT64_C(0x10000000) /* 256 MiB */

/* Two expanders of 256 MiB behind one bridge; what differs is the members that are named. */
#define MEMDEV(name, number, decoders)                                                             \
	"{'memdev': '" name "', 'host': '0000:0" number ":00.0', 'serial': " number                \
	", 'enabled': true, 'ram_size': 268435456, 'path': [{'port': 'root0', 'dport': "           \
	"'pci0000:0c'}, {'port': 'port1', 'dport': '0000:0" number ".0'}], 'decoders': [" decoders \
	"]}"
#define EMPTY(name) "{'decoder': '" name ".0', 'id': 0}, {'decoder': '" name ".1', 'id': 1}"
#define WINDOW(free, more)                                                                         \
	"{'decoder': 'decoder0.0', 'volatile_capable': true, 'creates_ram': true, 'ways': 1, "     \
	"'start': 1073741824, 'size': 1073741824, 'memdevs': ['mem0', 'mem1'], 'free': [" free     \
	"]" more "}"
#define RANGE(start, size) "{'start': " start ", 'size': " size "}"
#define REGION_AT(name, start, memdev, decoder)                                                    \
	"{'region': '" name "', 'root_decoder': 'decoder0.0', 'start': " start                     \
	", 'resource': " start ", 'size': 268435456, 'ways': 1, 'committed': true, 'enabled': "    \
	"true, 'targets': [{'memdev': '" memdev "', 'decoder': '" decoder "'}]}"

static const struct step *first_step(const struct planned *planned, enum step_type type)
{
	array_foreach(step, &planned->plan.steps)
		if (step->type == type)
			return step;
	fail_msg("no such step: %s (%s)", steps_text(&planned->plan), planned->plan.refusal);
	return NULL;
}

/* --- the place ----------------------------------------------------------------------------------
 */

static uint64_t place_in(const struct range *holes, size_t count, uint64_t size, uint64_t floor,
			 uint64_t block_size)
{
	struct root_decoder window = {0};
	uint64_t place;

	for (size_t i = 0; i < count; i++)
		*(struct range *)array_add(&window.free) = holes[i];
	place = region_place(&window, size, floor, block_size);
	free(window.free.items);
	return place;
}

static void the_lowest_hole_that_fits_is_taken(void **state)
{
	const struct range holes[] = {
		{4 * UNIT, UNIT}, {8 * UNIT + 5, 2 * UNIT}, {16 * UNIT, 8 * UNIT}};

	(void)state;
	assert_int_equal(place_in(holes, 3, UNIT, 0, 0), 4 * UNIT);
	/* One that begins off a unit has room for one unit less. */
	assert_int_equal(place_in(holes, 3, 2 * UNIT, 0, 0), 16 * UNIT);
	assert_int_equal(place_in(holes, 3, UNIT, 5 * UNIT, 0), 9 * UNIT);
	assert_int_equal(place_in(holes, 3, UNIT, 23 * UNIT, 0), 23 * UNIT);
	assert_int_equal(place_in(holes, 3, UNIT, 24 * UNIT, 0), 0);
	assert_int_equal(place_in(holes, 3, 9 * UNIT, 0, 0), 0);
	assert_int_equal(place_in(NULL, 0, UNIT, 0, 0), 0);
}

/* Blocks of 2 GiB: the place that holds more whole ones, even where it is higher. */
static void whole_memory_blocks_decide_between_places(void **state)
{
	const uint64_t block = 8 * UNIT;
	const struct range holes[] = {{9 * UNIT, 20 * UNIT}};

	(void)state;
	assert_int_equal(place_in(holes, 1, block, 0, block), 16 * UNIT);
	assert_int_equal(place_in(holes, 1, 9 * UNIT, 0, block), 16 * UNIT);
	/* Nothing is gained by going up: the lower place holds as many. */
	assert_int_equal(place_in(holes, 1, 15 * UNIT, 0, block), 9 * UNIT);
	assert_int_equal(place_in(holes, 1, UNIT, 0, block), 9 * UNIT);
}

static void the_kernels_own_place_is_not_forced(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1", EMPTY("decoder2")),
		.root_decoders = WINDOW(RANGE("1073741824", "1073741824"), ""),
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	const struct step *step = first_step(&planned, STEP_CREATE_REGION);

	(void)state;
	assert_int_equal(step->create_region.start, 0);
	assert_string_equal(step->create_region.targets[0].decoder, "decoder2.0");
	release(&planned);
}

/* After the first of two expanders behind one bridge is drained, its old place is a trap. */
static void a_region_lies_above_those_that_share_a_port(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1", EMPTY("decoder2")) ", " MEMDEV(
			"mem1", "2",
			"{'decoder': 'decoder3.0', 'id': 0, 'dpa_size': 268435456, 'mode': 'ram', "
			"'region': 'region1'}"),
		.root_decoders = WINDOW(
			RANGE("1073741824", "268435456") ", " RANGE("1610612736", "536870912"), ""),
		.regions = REGION_AT("region1", "1342177280", "mem1", "decoder3.0"),
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(first_step(&planned, STEP_CREATE_REGION)->create_region.start, 0x60000000);
	release(&planned);
	/* Without room above it nothing can be done, and what decides is named. */
	machine.root_decoders = WINDOW(RANGE("1073741824", "268435456"), "");
	planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
	assert_contains(planned.plan.refusal, "would have to lie above region1, with which mem0 "
					      "shares a port");
	release(&planned);
}

static void what_is_in_the_way_of_a_window_is_named(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1", EMPTY("decoder2")),
		.root_decoders = WINDOW("", ", 'occupants': [{'start': 1073741824, 'size': "
					    "1073741824, 'name': 'Soft Reserved'}]"),
	};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0", "1 GiB of it is Soft Reserved (/proc/iomem)");
}

/* What is behind another bridge shares nothing but the root, and may lie above or below. */
static void regions_of_another_bridge_are_no_limit(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1",
				  EMPTY("decoder2")) ", {'memdev': 'mem1', 'host': "
						     "'0000:02:00.0', 'serial': 2, 'enabled': "
						     "true, 'ram_size': 268435456, "
						     "'ram_allocated': 268435456, 'path': "
						     "[{'port': 'root0', 'dport': "
						     "'pci0000:de'}, {'port': 'port2', 'dport': "
						     "'0000:de:00.0'}]}",
		.root_decoders = WINDOW(RANGE("1073741824", "268435456"), ""),
		.regions = REGION_AT("region1", "1342177280", "mem1", "decoder3.0"),
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(first_step(&planned, STEP_CREATE_REGION)->create_region.start, 0);
	release(&planned);
}

/* Of one memdev the second region lies above the first, on whatever port it is. */
static void a_memdev_shares_its_ports_with_itself(void **state)
{
	struct machine machine = {
		.memdevs = "{'memdev': 'mem0', 'host': '0000:01:00.0', 'serial': 1, 'enabled': "
			   "true, 'ram_size': 536870912, 'ram_allocated': 268435456, 'path': "
			   "[{'port': 'root0', 'dport': 'pci0000:0c'}], 'decoders': [{'decoder': "
			   "'decoder2.0', 'id': 0, 'dpa_size': 268435456, 'mode': 'ram', 'region': "
			   "'region1'}, {'decoder': 'decoder2.1', 'id': 1}]}",
		.root_decoders = WINDOW(
			RANGE("1073741824", "268435456") ", " RANGE("1610612736", "536870912"), ""),
		.regions = REGION_AT("region1", "1342177280", "mem0", "decoder2.0"),
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_int_equal(first_step(&planned, STEP_CREATE_REGION)->create_region.start, 0x60000000);
	release(&planned);
}

/* --- capacity -----------------------------------------------------------------------------------
 */

static void persistent_capacity_ends_what_volatile_capacity_can_be_taken(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1",
				  "{'decoder': 'decoder2.0', 'id': 0}, {'decoder': 'decoder2.1', "
				  "'id': 1, 'dpa_size': 268435456, 'mode': 'pmem', 'region': "
				  "'region7'}"),
		.root_decoders = WINDOW(RANGE("1073741824", "1073741824"), ""),
	};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0", "can be used only when region7 is destroyed");
}

static void capacity_without_a_region_is_told_and_freed_by_a_drain(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1",
				  "{'decoder': 'decoder2.0', 'id': 0, 'dpa_size': 268435456, "
				  "'mode': 'ram'}, {'decoder': 'decoder2.1', 'id': 1}"),
		.root_decoders = WINDOW(RANGE("1073741824", "1073741824"), ""),
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_contains(planned.plan.note, "decoder2.0 holds 256 MiB of mem0 without a region");
	assert_contains(planned.plan.note, "'kmemctl drain mem0' frees it");
	release(&planned);
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN, "free-decoder decoder2.0");
}

#define HOLDS(id)                                                                                  \
	"{'decoder': 'decoder2." id "', 'id': " id                                                 \
	", 'dpa_size': 268435456, 'mode': 'ram', 'region': 'region8'}"
#define FREE(id) "{'decoder': 'decoder2." id "', 'id': " id "}"

/* The kernel takes the one behind the last that holds something, and goes back to none. */
static void the_decoder_behind_the_last_is_used(void **state)
{
	static const struct {
		const char *decoders, *next;
	} cases[] = {
		{FREE("0") ", " FREE("1"), "decoder2.0"},
		{HOLDS("0") ", " FREE("1") ", " FREE("2"), "decoder2.1"},
		{FREE("0") ", " HOLDS("1") ", " FREE("2") ", " FREE("3"), "decoder2.2"},
		{FREE("0") ", " HOLDS("1"), NULL},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char memdev[1024];
		struct machine machine = {
			.memdevs = memdev,
			.root_decoders = WINDOW(RANGE("1073741824", "1073741824"), "")};
		struct planned planned;

		snprintf(memdev, sizeof(memdev),
			 "{'memdev': 'mem0', 'serial': 1, 'enabled': true, 'ram_size': 536870912, "
			 "'ram_allocated': 268435456, 'decoders': [%s]}",
			 cases[i].decoders);
		planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);
		if (cases[i].next)
			assert_string_equal(first_step(&planned, STEP_CREATE_REGION)
						    ->create_region.targets[0]
						    .decoder,
					    cases[i].next);
		else
			assert_contains(planned.plan.refusal, "no free HDM decoder");
		release(&planned);
	}
}

static void what_is_no_expanders_business_is_left_alone(void **state)
{
	static const struct {
		const char *kind, *note;
	} cases[] = {{"'restricted': true", "mem0 is a CXL 1.1 device: shown, and left alone"},
		     {"'accelerator': true", "mem0 is an accelerator: shown, and left alone"}};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		char memdev[512];
		struct machine machine = {.memdevs = memdev};

		snprintf(memdev, sizeof(memdev), "{" MEMDEV_TEXT ", 'ram_size': 536870912, %s}",
			 cases[i].kind);
		assert_plan(&machine, RAM_POLICY, "mem0", GOAL_POLICY, "");
		assert_note(&machine, RAM_POLICY, "mem0", cases[i].note);
	}
}

static void a_window_that_firmware_fixed_is_refused(void **state)
{
	struct machine machine = {.root_decoders = "{" WINDOW_TEXT ", 'locked': true}"};

	(void)state;
	assert_refused(&machine, RAM_POLICY, "mem0",
		       "firmware has fixed the CXL window decoder0.0");
}

/* --- the order of a drain -----------------------------------------------------------------------
 */

#define TWO_DECODERS(second_mode, second_region)                                                   \
	"{'decoder': 'decoder2.0', 'id': 0, 'dpa_size': 268435456, 'mode': 'ram', 'region': "      \
	"'region1'}, {'decoder': 'decoder2.1', 'id': 1, 'dpa_size': 268435456, 'mode': "           \
	"'" second_mode "', 'region': '" second_region "'}"

static void the_last_decoder_goes_first(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1", TWO_DECODERS("ram", "region0")),
		.root_decoders = WINDOW("", ""),
		/* Names and addresses say nothing of the order. */
		.regions = REGION_AT("region0", "1073741824", "mem0", "decoder2.1") ", " REGION_AT(
			"region1", "1342177280", "mem0", "decoder2.0"),
	};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN,
		    "destroy-region region0; destroy-region region1");
}

static void a_region_before_persistent_capacity_stays(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1", TWO_DECODERS("pmem", "region7")),
		.root_decoders = WINDOW("", ""),
		.regions = REGION_AT("region1", "1342177280", "mem0", "decoder2.0"),
		.dax = "{'dax': 'dax1.0', 'parent': 'cxl', 'origin': 'region1', 'driver': 'kmem', "
		       "'size': 268435456, 'target_node': 1, 'blocks': [{'index': 10, 'state': "
		       "'movable'}]}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "offline dax1.0; unbind dax1.0");
	assert_contains(planned.plan.note, "region1 stays, offline and without a driver: its "
					   "capacity lies before that of region7");
	release(&planned);
}

static void what_firmware_locked_stays(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV("mem0", "1", EMPTY("decoder2")),
		.root_decoders = WINDOW("", ""),
		.regions = "{'region': 'region1', 'root_decoder': 'decoder0.0', 'size': 268435456, "
			   "'ways': 1, 'committed': true, 'enabled': true, 'locked': true, "
			   "'targets': [{'memdev': 'mem0', 'decoder': 'decoder2.0'}]}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "");
	assert_contains(planned.plan.note, "region1 is locked by firmware");
	release(&planned);
}

#define REGION_WITH_DAX(dax_text)                                                                  \
	.memdevs = MEMDEV("mem0", "1",                                                             \
			  "{'decoder': 'decoder2.0', 'id': 0, 'dpa_size': 268435456, 'mode': "     \
			  "'ram', 'region': 'region1'}"),                                          \
	.root_decoders = WINDOW("", ""),                                                           \
	.regions = REGION_AT("region1", "1342177280", "mem0", "decoder2.0"), .dax = dax_text

static void drains(const struct machine *machine, const char *steps, const char *refusal)
{
	struct planned planned = make(machine, RAM_POLICY, "mem0", GOAL_DRAIN);

	assert_string_equal(steps_text(&planned.plan), steps);
	assert_contains(planned.plan.refusal, refusal);
	release(&planned);
}

/* Every dax device of every region is asked, whatever its driver is. */
static void what_is_in_use_by_whatever_road_is_seen(void **state)
{
	const struct machine devdax = {REGION_WITH_DAX(
		"{'dax': 'dax1.0', 'parent': 'cxl', 'origin': 'region1', 'driver': 'kmem', 'size': "
		"134217728, 'target_node': 1, 'blocks': [{'index': 10, 'state': 'offline'}]}, "
		"{'dax': 'dax1.1', 'parent': 'cxl', 'origin': 'region1', 'driver': 'device_dax', "
		"'size': 134217728, 'target_node': 1}")};
	const struct machine foreign = {REGION_WITH_DAX(
		"{'dax': 'dax1.0', 'parent': 'cxl', 'origin': 'region1', 'driver': 'fsdev_dax', "
		"'size': 268435456, 'target_node': 1}")};
	const struct machine unbound = {REGION_WITH_DAX(
		"{'dax': 'dax1.0', 'parent': 'cxl', 'origin': 'region1', 'size': 268435456, "
		"'target_node': 1, 'blocks': [{'index': 10, 'state': 'movable'}]}")};
	struct machine policy = foreign;

	(void)state;
	drains(&devdax, "unbind dax1.0; unbind dax1.1; destroy-region region1", "");
	drains(&foreign, "", "dax1.0 is held by the driver fsdev_dax, which is somebody else's");
	drains(&unbound, "",
	       "1 memory blocks of dax1.0 are online although it is bound to no "
	       "driver");
	assert_refused(&policy, RAM_POLICY, "mem0", "dax1.0 is held by the driver fsdev_dax");
	policy = unbound;
	assert_refused(&policy, RAM_POLICY, "mem0", "somebody took the driver away");
}

/* A region that is there is brought online although the rest finds no room. */
static void one_part_that_is_refused_keeps_no_other_from_being_done(void **state)
{
	struct machine machine = {
		.memdevs = "{" MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 536870912}",
		.root_decoders = "{'decoder': 'decoder0.0', 'volatile_capable': true, "
				 "'creates_ram': true, 'ways': 1, 'size': 536870912, 'memdevs': "
				 "['mem0'], 'free': []}",
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', 'memmap_on_memory': true, " BLOCKS(
			"offline", "offline", "offline", "offline") "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_POLICY);

	(void)state;
	assert_string_equal(steps_text(&planned.plan), "online dax0.0");
	assert_contains(planned.plan.refusal, "no free HPA");
	release(&planned);
}

/* --- the decoders of ports ----------------------------------------------------------------------
 */

#define PORT(dports, decoders)                                                                     \
	"'ports': [{'port': 'root0', 'depth': 0}, {'port': 'port1', 'parent': 'root0', 'depth': "  \
	"1, "                                                                                      \
	"'dports': [" dports "], 'decoders': [" decoders "]}], "
#define DPORT(number)	  "{'host': '0000:0" number ".0', 'id': " number "}"
#define DECODER(id, more) "{'decoder': 'decoder1." id "', 'id': " id more "}"

/* The other expander, whose endpoint decoder has capacity at 0x50000000 without a region. */
#define FIRMWARES_MEMDEV                                                                           \
	"{'memdev': 'mem1', 'serial': 2, 'enabled': true, 'decoders': [{'decoder': "               \
	"'decoder3.0', 'id': 0, 'mode': 'pmem', 'dpa_size': 268435456, 'start': 1342177280, "      \
	"'size': 268435456}]}"
#define SHOWN ", 'start': 1342177280, 'size': 268435456"

/* The refusal of an expander below port1 beside others, or "". */
static const char *refusal_beside(const char *ports, const char *others)
{
	static char why[384];
	char text[4096];
	struct planned planned = {.policy = policy_of(RAM_POLICY)};
	struct decision decision;

	snprintf(text, sizeof(text),
		 "{'version': 1, 'host': {" HOST_TEXT "}, %s'memdevs': [" MEMDEV(
			 "mem0", "1",
			 EMPTY("decoder2")) "%s], 'root_decoders': [" WINDOW(RANGE("1073741824",
										   "1073741824"),
									     "") "]}",
		 ports, others);
	planned.inventory = inventory_of(text);
	policy_decide(planned.policy, &planned.inventory->host, planned.inventory->devices.items,
		      &decision);
	assert_int_equal(plan_make(planned.inventory, planned.inventory->devices.items, &decision,
				   GOAL_POLICY, &planned.plan),
			 0);
	snprintf(why, sizeof(why), "%s", planned.plan.refusal);
	release(&planned);
	return why;
}

static void a_port_needs_a_free_decoder_behind_those_in_use(void **state)
{
	const char *full = PORT(DPORT("1") ", " DPORT("2"), DECODER("0", ", 'region': 'region7'"));
	const char *shown = PORT(DPORT("1") ", " DPORT("2"), DECODER("0", SHOWN));
	const char *room = PORT(DPORT("1") ", " DPORT("2"),
				DECODER("0", ", 'region': 'region7'") ", " DECODER("1", ""));
	const char *behind = PORT(DPORT("1") ", " DPORT("2"),
				  DECODER("0", SHOWN) ", " DECODER("1", ""));

	(void)state;
	assert_string_equal(refusal_beside(full, ""),
			    "port1, on the way to mem0, has no free HDM decoder");
	assert_string_equal(refusal_beside(room, ""), "");
	/* It shows what was there before; or firmware's, when an endpoint has capacity there. */
	assert_string_equal(refusal_beside(shown, ""), "");
	assert_contains(refusal_beside(shown, ", " FIRMWARES_MEMDEV), "no free HDM decoder");
	assert_string_equal(refusal_beside(behind, ", " FIRMWARES_MEMDEV), "");
	/* What has a region now may lie where another one was. */
	assert_string_equal(refusal_beside(shown,
					   ", {'memdev': 'mem1', 'serial': 2, 'enabled': true, "
					   "'decoders': [{'decoder': 'decoder3.0', 'id': 0, "
					   "'mode': 'ram', 'region': 'region7', 'dpa_size': "
					   "268435456" SHOWN "}]}"),
			    "");
	/* One that is not ready shows no decoders: there may be something. */
	assert_contains(refusal_beside(shown, ", {'memdev': 'mem1', 'serial': 2}"),
			"no free HDM decoder");
}

static void a_port_whose_decoders_were_freed_out_of_order_takes_none(void **state)
{
	static const char after_a_drain[] = PORT(
		DPORT("1") ", " DPORT("2"),
		DECODER("0", SHOWN) ", " DECODER("1", ", 'region': 'region1'") ", " DECODER(
			"2", "") ", " DECODER("3", ""));
	static const char never_used[] = PORT(
		DPORT("1") ", " DPORT("2"),
		DECODER("0", "") ", " DECODER("1", ", 'region': 'region1'") ", " DECODER("2", ""));

	(void)state;
	assert_string_equal(
		refusal_beside(after_a_drain, ""),
		"decoder1.0 of port1 is free and decoder1.1 behind it is not, because of "
		"region1: the kernel makes no region there until that is drained, too");
	assert_contains(refusal_beside(never_used, ""), "decoder1.0 of port1 is free");
}

/* Who drains the first of two learns before what that means. */
static void a_drain_says_that_the_way_back_is_blocked(void **state)
{
	static const char text[] = "{'version': 1, 'host': {" HOST_TEXT "}, " PORT(
		DPORT("1") ", " DPORT("2"),
		DECODER("0", ", 'region': 'region0'") ", " DECODER(
			"1",
			", 'region': 'region1'")) "'memdevs': [{" MEMDEV_TEXT
						  ", 'ram_size': 536870912}], 'regions': [" REGION
						  "]}";
	struct planned planned = {.inventory = inventory_of(text), .policy = policy_of(RAM_POLICY)};
	struct decision decision = {0};

	(void)state;
	assert_int_equal(plan_make(planned.inventory, planned.inventory->devices.items, &decision,
				   GOAL_DRAIN, &planned.plan),
			 0);
	assert_string_equal(steps_text(&planned.plan), "destroy-region region0");
	assert_contains(planned.plan.note, "can be used again only when region1, which came after");
	release(&planned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_hole_that_fits_is_taken),
		cmocka_unit_test(whole_memory_blocks_decide_between_places),
		cmocka_unit_test(the_kernels_own_place_is_not_forced),
		cmocka_unit_test(a_region_lies_above_those_that_share_a_port),
		cmocka_unit_test(what_is_in_the_way_of_a_window_is_named),
		cmocka_unit_test(regions_of_another_bridge_are_no_limit),
		cmocka_unit_test(a_memdev_shares_its_ports_with_itself),
		cmocka_unit_test(the_decoder_behind_the_last_is_used),
		cmocka_unit_test(what_is_no_expanders_business_is_left_alone),
		cmocka_unit_test(a_window_that_firmware_fixed_is_refused),
		cmocka_unit_test(persistent_capacity_ends_what_volatile_capacity_can_be_taken),
		cmocka_unit_test(capacity_without_a_region_is_told_and_freed_by_a_drain),
		cmocka_unit_test(the_last_decoder_goes_first),
		cmocka_unit_test(a_region_before_persistent_capacity_stays),
		cmocka_unit_test(what_firmware_locked_stays),
		cmocka_unit_test(what_is_in_use_by_whatever_road_is_seen),
		cmocka_unit_test(one_part_that_is_refused_keeps_no_other_from_being_done),
		cmocka_unit_test(a_port_needs_a_free_decoder_behind_those_in_use),
		cmocka_unit_test(a_port_whose_decoders_were_freed_out_of_order_takes_none),
		cmocka_unit_test(a_drain_says_that_the_way_back_is_blocked),
	};

	return cmocka_run_group_tests_name("plan_region", tests, NULL, NULL);
}
