// SPDX-License-Identifier: GPL-2.0-or-later
/* Which expanders make a region together, where each is in it, and what is done when they cannot.
 */
#include "sets-machine.h"

#include "job/turns.h"
#include "plan/memdev-capacity.h"

#define POLICY "[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n%s\n[Memory]\nMode=system-ram\n"

/* --- what is found ------------------------------------------------------------------------------
 */

struct found {
	struct kmemd_inventory *inventory;
	struct kmemd_policy *policy;
	struct region_sets sets;
	bool waits;	 /* may they? */
	const char *out; /* host of one that is left alone */
};

static enum set_part ask(void *userdata, const struct device *device,
			 const struct decision *decision)
{
	const struct found *found = userdata;

	(void)decision;
	if (found->out && !strcmp(device->host, found->out))
		return SET_OUT;
	return found->waits ? SET_WAITS : SET_IN;
}

static void find(const struct machine_of *machine, const char *keys, struct found *found)
{
	struct set_source source = {.ask = ask, .userdata = found};
	char policy[512];

	snprintf(policy, sizeof(policy), POLICY, keys);
	found->inventory = make_machine(machine);
	found->policy = policy_of(policy);
	source.policy = found->policy;
	assert_int_equal(sets_find(found->inventory, &source, &found->sets), 0);
}

static void done(struct found *found)
{
	sets_release(&found->sets);
	kmemd_inventory_free(found->inventory);
	kmemd_policy_free(found->policy);
}

static void assert_sets(const struct machine_of *machine, const char *keys, const char *expected)
{
	struct found found = {0};

	find(machine, keys, &found);
	assert_string_equal(sets_text(&found.sets), expected);
	done(&found);
}

/* --- who goes with whom -------------------------------------------------------------------------
 */

static void expanders_below_one_bridge_go_together(void **state)
{
	struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(0, 2), AT(0, 3)},
		.count = 4,
		.windows = {ONE(0)},
		.window_count = 1,
	};
	struct found found = {0};

	(void)state;
	assert_sets(&machine, "", "decoder0.0: 0-0--1 0-1--1 0-2--1 0-3--1");
	assert_sets(&machine, "Interleave=2",
		    "decoder0.0: 0-0--1 0-1--1; decoder0.0: 0-2--1 0-3--1");
	assert_sets(&machine, "Interleave=1",
		    "decoder0.0: 0-0--1; decoder0.0: 0-1--1; decoder0.0: 0-2--1; decoder0.0: "
		    "0-3--1");
	/* No port has three targets: two, and one alone. */
	machine.count = 3;
	assert_sets(&machine, "", "decoder0.0: 0-0--1 0-1--1; decoder0.0: 0-2--1");
	find(&machine, "", &found);
	assert_int_equal(found.sets.sets.items[0].place.size, 2048 * MIB);
	assert_int_equal(found.sets.sets.items[0].granularity, 256);
	assert_int_equal(found.sets.sets.items[1].place.start, WINDOW_AT + 2048 * MIB);
	done(&found);
}

static void a_window_over_bridges_takes_as_many_below_each(void **state)
{
	struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(1, 0), AT(1, 1)},
		.count = 4,
		.windows = {BOTH(1024)},
		.window_count = 1,
	};
	struct found found = {0};

	(void)state;
	/* Bridges in turn, and ports of each in turn. */
	assert_sets(&machine, "", "decoder0.0: 0-0--1 1-0--1 0-1--1 1-1--1");
	machine.windows[0] = (struct window){{1, 0}, 2, 1024, 65536, "xor"};
	assert_sets(&machine, "", "decoder0.0: 1-0--1 0-0--1 1-1--1 0-1--1");
	find(&machine, "Granularity=256", &found);
	assert_int_equal(found.sets.sets.items[0].granularity, 1024);
	assert_contains(found.sets.sets.items[0].note, "Granularity=256 is not possible");
	done(&found);
	/* One below the second bridge: a pair, and one that no window takes alone. */
	machine.count = 3;
	assert_sets(&machine, "", "decoder0.0: 1-0--1 0-0--1");
}

static void three_bridges_make_sets_of_three(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(0, 0), AT(1, 0), AT(2, 0), AT(0, 1), AT(1, 1), AT(2, 1)},
		.count = 6,
		.windows = {{{2, 0, 1}, 3, 256, 65536, NULL}},
		.window_count = 1,
	};

	(void)state;
	assert_sets(&machine, "", "decoder0.0: 2-0--1 0-0--1 1-0--1 2-1--1 0-1--1 1-1--1");
	assert_sets(&machine, "Interleave=3",
		    "decoder0.0: 2-0--1 0-0--1 1-0--1; decoder0.0: 2-1--1 0-1--1 1-1--1");
}

static void members_spread_over_bridges_then_root_ports_then_switch_ports(void **state)
{
	const struct machine_of machine = {
		.spots = {BEHIND(0, 0, 0), BEHIND(0, 0, 1), BEHIND(0, 1, 0), BEHIND(0, 1, 1),
			  BEHIND(1, 0, 0), BEHIND(1, 0, 1), BEHIND(1, 1, 0), BEHIND(1, 1, 1)},
		.count = 8,
		.windows = {ONE(0), ONE(1), BOTH(256)},
		.window_count = 3,
	};

	(void)state;
	assert_sets(&machine, "", "decoder0.2: 0-0-0 1-0-0 0-1-0 1-1-0 0-0-1 1-0-1 0-1-1 1-1-1");
	assert_sets(&machine, "Interleave=4",
		    "decoder0.2: 0-0-0 1-0-0 0-1-0 1-1-0; decoder0.2: 0-0-1 1-0-1 0-1-1 1-1-1");
	assert_sets(&machine, "Interleave=2",
		    "decoder0.2: 0-0-0 1-0-0; decoder0.2: 0-0-1 1-0-1; decoder0.2: 0-1-0 1-1-0; "
		    "decoder0.2: 0-1-1 1-1-1");
}

static void the_kernels_numbers_change_nothing(void **state)
{
	static const unsigned int orders[][8] = {
		{7, 6, 5, 4, 3, 2, 1, 0}, {3, 0, 6, 1, 7, 2, 5, 4}, {1, 3, 5, 7, 0, 2, 4, 6}};
	struct machine_of machine = {
		.spots = {BEHIND(0, 0, 0), BEHIND(0, 0, 1), AT(0, 1), BEHIND(1, 0, 0),
			  BEHIND(1, 0, 1), AT(1, 1), AT(1, 2), BEHIND(0, 3, 0)},
		.count = 8,
		.windows = {ONE(0), ONE(1), BOTH(256)},
		.window_count = 3,
	};
	char expected[1024];
	struct found found = {0};

	(void)state;
	find(&machine, "", &found);
	snprintf(expected, sizeof(expected), "%s", sets_text(&found.sets));
	done(&found);
	for (size_t i = 0; i < array_size(orders); i++) {
		machine.order = orders[i];
		assert_sets(&machine, "", expected);
	}
}

static void unequal_capacities_do_not_go_together(void **state)
{
	struct machine_of machine = {
		.spots = {{0, 0, NO_SWITCH, 1024, false},
			  {0, 1, NO_SWITCH, 2048, false},
			  {0, 2, NO_SWITCH, 1024, false},
			  {0, 3, NO_SWITCH, 2050,
			   false}}, /* what is beyond a unit is not counted */
		.count = 4,
		.windows = {ONE(0)},
		.window_count = 1,
	};

	(void)state;
	assert_sets(&machine, "", "decoder0.0: 0-1--1 0-3--1; decoder0.0: 0-0--1 0-2--1");
}

static void what_is_left_alone_is_in_no_set(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(0, 2)},
		.count = 3,
		.windows = {ONE(0)},
		.window_count = 1,
	};
	struct found found = {.out = "at-0-1--1"};

	(void)state;
	find(&machine, "", &found);
	assert_string_equal(sets_text(&found.sets), "decoder0.0: 0-0--1 0-2--1");
	done(&found);
}

/* --- what is not possible -----------------------------------------------------------------------
 */

static void a_set_that_has_no_room_is_narrower_and_says_why(void **state)
{
	struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(0, 2), AT(0, 3)},
		.count = 4,
		.windows = {{{0}, 1, 256, 2048, NULL}, {{0}, 1, 256, 2048, NULL}},
		.window_count = 2,
	};
	struct found found = {0};

	(void)state;
	find(&machine, "", &found);
	assert_string_equal(sets_text(&found.sets),
			    "decoder0.0: 0-0--1 0-1--1; decoder0.1: 0-2--1 0-3--1");
	assert_contains(found.sets.sets.items[0].note,
			"no wider than 2 ways: no free HPA for a region of 4 GiB");
	done(&found);
	find(&machine, "Interleave=8", &found);
	assert_contains(found.sets.sets.items[0].note, "Interleave=8 is not possible: ");
	assert_int_equal(found.sets.sets.items[0].ways, 2);
	done(&found);
}

#define PORT(name, decoders) "{'port': '" name "', 'depth': 1, 'decoders': [" decoders "]}"
#define FREE(id)	     "{'decoder': 'decoder1." id "', 'id': " id "}"

/* A set takes one decoder of each port above it, however many of its members are below. */
static void sets_do_not_take_the_same_decoder_of_a_port(void **state)
{
	struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(0, 2), AT(0, 3)},
		.count = 4,
		.windows = {ONE(0)},
		.window_count = 1,
		.ports = PORT("port0", FREE("0")),
	};

	(void)state;
	assert_sets(&machine, "", "decoder0.0: 0-0--1 0-1--1 0-2--1 0-3--1");
	assert_sets(&machine, "Interleave=2", "decoder0.0: 0-0--1 0-1--1");
	assert_sets(&machine, "Interleave=1", "decoder0.0: 0-0--1");
	machine.ports = PORT("port0", FREE("0") ", " FREE("1"));
	assert_sets(&machine, "Interleave=2",
		    "decoder0.0: 0-0--1 0-1--1; decoder0.0: 0-2--1 0-3--1");
	assert_sets(&machine, "Interleave=1", "decoder0.0: 0-0--1; decoder0.0: 0-1--1");
	/* Each port has its own. */
	machine = (struct machine_of){
		.spots = {BEHIND(0, 0, 0), BEHIND(0, 1, 0)},
		.count = 2,
		.windows = {ONE(0)},
		.window_count = 1,
		.ports = PORT("switch-0-0", FREE("0")) ", " PORT("switch-0-1", FREE("0")),
	};
	assert_sets(&machine, "Interleave=1", "decoder0.0: 0-0-0; decoder0.0: 0-1-0");
}

/* A window that does not show all that it leads to has no order to put members in. */
static void what_a_window_cannot_interleave_is_not_chosen(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(0, 0), AT(1, 0), AT(0, 1), AT(1, 1)},
		.count = 4,
		.windows = {BOTH(256)},
		.window_count = 1,
	};
	const struct memdev *members[INTERLEAVE_MAX], *candidates[4];
	struct found found = {0};
	struct root_decoder *window;

	(void)state;
	find(&machine, "", &found);
	window = found.inventory->root_decoders.items;
	for (size_t i = 0; i < 4; i++)
		candidates[i] = &found.inventory->memdevs.items[i / 2 + i % 2 * 2];
	assert_string_equal(candidates[0]->host, "at-0-0--1");
	assert_string_equal(candidates[1]->host, "at-0-1--1");
	assert_true(interleave_choose(window, 4, candidates, 4, members));
	assert_true(members[0] == candidates[0] && members[2] == candidates[1]);
	assert_false(interleave_choose(window, 3, candidates, 4, members));
	window->targets.count = 1;
	assert_false(interleave_choose(window, 2, candidates, 4, members));
	window->targets.count = 2;
	done(&found);
}

static void a_window_that_names_a_bridge_twice_is_not_used(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(0, 0), AT(1, 0), AT(0, 1), AT(1, 1)},
		.count = 4,
		.windows = {{{0, 1, 0, 1}, 4, 256, 65536, "xor"}},
		.window_count = 1,
	};

	(void)state;
	assert_sets(&machine, "", "");
}

static void a_port_deep_down_limits_the_granularity(void **state)
{
	struct machine_of machine = {
		.spots = {BEHIND(0, 0, 0), BEHIND(0, 0, 1), BEHIND(0, 1, 0), BEHIND(0, 1, 1)},
		.count = 4,
		.windows = {ONE(0)},
		.window_count = 1,
	};
	struct found found = {0};

	(void)state;
	/* The switches below two root ports take twice the region's: 16 KiB at most. */
	find(&machine, "Granularity=16K", &found);
	assert_int_equal(found.sets.sets.items[0].ways, 4);
	assert_int_equal(found.sets.sets.items[0].granularity, 8192);
	assert_contains(found.sets.sets.items[0].note, "Granularity=16384 is not possible");
	done(&found);
	find(&machine, "Granularity=8K", &found);
	assert_int_equal(found.sets.sets.items[0].granularity, 8192);
	assert_string_equal(found.sets.sets.items[0].note, "");
	done(&found);
}

/* --- waiting ------------------------------------------------------------------------------------
 */

static void an_incomplete_set_waits_as_long_as_it_may(void **state)
{
	struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(0, 2), AT(0, 3), AT(0, 4), AT(0, 5)},
		.count = 6,
		.windows = {ONE(0)},
		.window_count = 1,
	};
	struct found found = {.waits = true};

	(void)state;
	find(&machine, "Interleave=4\nWaitSec=20", &found);
	assert_string_equal(sets_text(&found.sets), "decoder0.0: 0-0--1 0-1--1 0-2--1 0-3--1");
	assert_contains(set_waits(&found.sets, inventory_device(found.inventory, "mem4")),
			"waits up to 20 s (WaitSec=) for the other expanders of a set of 4");
	assert_string_equal(set_waits(&found.sets, inventory_device(found.inventory, "mem0")), "");
	done(&found);
	/* Nobody waits where nothing is missing, where it is not wanted, and when time is over. */
	find(&machine, "Interleave=2", &found);
	assert_int_equal(found.sets.sets.count, 3);
	done(&found);
	find(&machine, "Interleave=4\nWaitSec=0", &found);
	assert_int_equal(found.sets.sets.count, 2);
	done(&found);
	find(&machine, "", &found);
	assert_int_equal(found.sets.sets.count, 2);
	done(&found);
	found.waits = false;
	find(&machine, "Interleave=4", &found);
	assert_string_equal(sets_text(&found.sets),
			    "decoder0.0: 0-0--1 0-1--1 0-2--1 0-3--1; decoder0.0: 0-4--1 0-5--1");
	assert_contains(found.sets.sets.items[1].note,
			"Interleave=4 is not possible: there are too few expanders; it is 2 ways");
	done(&found);
}

static void others_that_are_on_their_way_are_waited_for(void **state)
{
	struct machine_of machine = {
		.spots = {AT(0, 0), {0, 1, NO_SWITCH, 1024, true}},
		.count = 2,
		.windows = {ONE(0)},
		.window_count = 1,
	};
	struct found found = {.waits = true};

	(void)state;
	find(&machine, "", &found);
	assert_int_equal(found.sets.sets.count, 0);
	assert_contains(set_waits(&found.sets, inventory_device(found.inventory, "mem0")),
			"expanders that are not ready yet");
	done(&found);
	found.waits = false;
	find(&machine, "", &found);
	assert_string_equal(sets_text(&found.sets), "decoder0.0: 0-0--1");
	done(&found);
	/* Or one below the other bridge, where no window is for one alone. */
	machine.count = 1;
	machine.windows[0] = (struct window)BOTH(256);
	found.waits = true;
	find(&machine, "", &found);
	assert_contains(set_waits(&found.sets, inventory_device(found.inventory, "mem0")),
			"expanders below the other host bridges");
	done(&found);
	/* One for it alone that is full is refused at once: a partner would not help. */
	machine.windows[1] = (struct window){{0}, 1, 256, 256, NULL};
	machine.window_count = 2;
	find(&machine, "", &found);
	assert_int_equal(found.sets.sets.count, 0);
	assert_string_equal(set_waits(&found.sets, inventory_device(found.inventory, "mem0")), "");
	done(&found);
}

/* Below a bridge comes before behind a switch of the same port, and is no prefix of it. */
static void shorter_paths_come_first(void **state)
{
	const struct machine_of machine = {
		.spots = {BEHIND(0, 0, 0), AT(0, 0)},
		.count = 2,
		.windows = {ONE(0)},
		.window_count = 1,
	};
	struct found found = {0};

	(void)state;
	find(&machine, "", &found);
	assert_true(interleave_compare(&found.inventory->memdevs.items[0],
				       &found.inventory->memdevs.items[1]) > 0);
	assert_true(interleave_compare(&found.inventory->memdevs.items[1],
				       &found.inventory->memdevs.items[0]) < 0);
	assert_int_equal(
		interleave_compare(found.inventory->memdevs.items, found.inventory->memdevs.items),
		0);
	done(&found);
}

/* --- the plan -----------------------------------------------------------------------------------
 */

static void plan_for(struct found *found, const char *name, struct plan *plan)
{
	const struct device *device = inventory_device(found->inventory, name);
	struct decision decision;

	policy_decide(found->policy, &found->inventory->host, device, &decision);
	assert_int_equal(plan_make_of_sets(found->inventory, device, &decision, &found->sets, plan),
			 0);
}

static void the_first_member_speaks_for_the_set(void **state)
{
	static const unsigned int order[] = {3, 2, 1, 0};
	const struct machine_of machine = {
		.spots = {AT(0, 0), AT(0, 1), AT(1, 0), AT(1, 1)},
		.count = 4,
		.windows = {BOTH(512)},
		.window_count = 1,
		.order = order,
	};
	const struct step_create_region *create;
	struct found found = {0};
	struct plan plan;
	char words[256];

	(void)state;
	find(&machine, "", &found);
	plan_for(&found, "mem3", &plan);
	assert_string_equal(plan.refusal, "");
	assert_string_equal(steps_text(&plan), "create-region mem3; bind; online");
	create = &plan.steps.items[0].create_region;
	assert_int_equal(create->ways, 4);
	assert_int_equal(create->granularity, 512);
	assert_int_equal(create->size, 4096 * MIB);
	assert_string_equal(create->targets[0].memdev, "mem3");
	assert_string_equal(create->targets[1].memdev, "mem1");
	assert_string_equal(create->targets[2].memdev, "mem2");
	assert_string_equal(create->targets[3].memdev, "mem0");
	assert_string_equal(create->targets[3].decoder, "decoder20.0");
	step_text(&plan.steps.items[0], words, sizeof(words));
	assert_string_equal(words, "create a region of 4 GiB on mem3, mem1, mem2, mem0 (4 ways of "
				   "512 bytes, window decoder0.0)");
	plan_release(&plan);
	plan_for(&found, "mem0", &plan);
	assert_int_equal(plan.steps.count, 0);
	assert_contains(plan.note, "it goes into one region with mem3, which speaks for all 4");
	plan_release(&plan);
	done(&found);
}

static void what_has_no_partner_is_refused_with_the_window(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(0, 0)},
		.count = 1,
		.windows = {BOTH(512)},
		.window_count = 1,
	};
	struct found found = {0};
	struct plan plan;

	(void)state;
	find(&machine, "", &found);
	plan_for(&found, "mem0", &plan);
	assert_contains(plan.refusal, "decoder0.0, interleaves over 2 host bridges");
	plan_release(&plan);
	done(&found);
}

/* One that has a partner, but no room for both. */
static void what_has_a_partner_and_no_room_is_refused_with_the_room(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(0, 0), AT(1, 0)},
		.count = 2,
		.windows = {{{0, 1}, 2, 256, 1024, NULL}},
		.window_count = 1,
	};
	struct found found = {0};
	struct plan plan;

	(void)state;
	find(&machine, "", &found);
	assert_int_equal(found.sets.sets.count, 0);
	plan_for(&found, "mem1", &plan);
	assert_contains(plan.refusal, "no free HPA for a region of 2 GiB");
	plan_release(&plan);
	done(&found);
}

/* Ports commit decoders in ascending addresses: what lies lowest goes first, and what is in no set
 * last, as it was found. */
static void sets_take_their_turns_by_address(void **state)
{
	const struct machine_of machine = {
		.spots = {AT(2, 0), AT(0, 0), AT(3, 0), AT(1, 0)},
		.count = 4,
		.windows = {ONE(1), ONE(0)},
		.window_count = 2,
	};
	static const char *const order[] = {"mem3", "mem1", "mem0", "mem2"};
	struct found found = {0};
	turn_list turns = {0};

	(void)state;
	find(&machine, "", &found);
	assert_string_equal(sets_text(&found.sets), "decoder0.0: 1-0--1; decoder0.1: 0-0--1");
	assert_int_equal(turns_find(&found.sets, &turns), 0);
	assert_int_equal(turns.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(
			inventory_device(found.inventory, turns.items[i].identity)->name, order[i]);
	turns_release(&turns);
	done(&found);
}

/* --- many ---------------------------------------------------------------------------------------
 */

static void sixty_four_expanders_make_sixteen_sets(void **state)
{
	struct machine_of machine = {.count = SPOTS_MAX, .window_count = 4};
	struct found found = {0};

	(void)state;
	/* Four pairs of bridges, each with 16 expanders. */
	for (int i = 0; i < SPOTS_MAX; i++)
		machine.spots[i] = (struct spot){i / 8, i % 8, NO_SWITCH, 1024, false};
	for (int i = 0; i < 4; i++)
		machine.windows[i] = (struct window){{2 * i, 2 * i + 1}, 2, 256, 65536, NULL};
	find(&machine, "Interleave=4", &found);
	assert_int_equal(found.sets.sets.count, 16);
	array_foreach(device, &found.inventory->devices) {
		const struct region_set *set = set_of(&found.sets, device);
		bool there = false;

		assert_non_null(set);
		assert_int_equal(set->ways, 4);
		for (unsigned int i = 0; i < set->ways; i++)
			there = there || set->members[i] == device;
		assert_true(there);
	}
	/* No two of them overlap. */
	array_foreach(a, &found.sets.sets)
		array_foreach(b, &found.sets.sets)
			assert_true(a == b || a->place.start >= b->place.start + b->place.size ||
				    b->place.start >= a->place.start + a->place.size);
	done(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expanders_below_one_bridge_go_together),
		cmocka_unit_test(a_window_over_bridges_takes_as_many_below_each),
		cmocka_unit_test(three_bridges_make_sets_of_three),
		cmocka_unit_test(members_spread_over_bridges_then_root_ports_then_switch_ports),
		cmocka_unit_test(the_kernels_numbers_change_nothing),
		cmocka_unit_test(unequal_capacities_do_not_go_together),
		cmocka_unit_test(what_is_left_alone_is_in_no_set),
		cmocka_unit_test(a_set_that_has_no_room_is_narrower_and_says_why),
		cmocka_unit_test(sets_do_not_take_the_same_decoder_of_a_port),
		cmocka_unit_test(what_a_window_cannot_interleave_is_not_chosen),
		cmocka_unit_test(a_window_that_names_a_bridge_twice_is_not_used),
		cmocka_unit_test(a_port_deep_down_limits_the_granularity),
		cmocka_unit_test(an_incomplete_set_waits_as_long_as_it_may),
		cmocka_unit_test(others_that_are_on_their_way_are_waited_for),
		cmocka_unit_test(shorter_paths_come_first),
		cmocka_unit_test(the_first_member_speaks_for_the_set),
		cmocka_unit_test(what_has_no_partner_is_refused_with_the_window),
		cmocka_unit_test(what_has_a_partner_and_no_room_is_refused_with_the_room),
		cmocka_unit_test(sets_take_their_turns_by_address),
		cmocka_unit_test(sixty_four_expanders_make_sixteen_sets),
	};

	return cmocka_run_group_tests_name("plan-sets", tests, NULL, NULL);
}
