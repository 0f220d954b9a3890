/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Powering off the slot of a drained memdev: planned last, and only when nothing of it stays. */
#include "plan-fixture.h"

#define IN_SLOT "'slot': '5', "
#define DECODER(number, rest)                                                                      \
	"{'decoder': 'decoder2." #number "', 'id': " #number ", 'mode': 'ram', 'dpa_size': "       \
	"536870912" rest "}"
#define MEMDEV_WITH(slot, decoders)                                                                \
	"{" slot MEMDEV_TEXT ", 'ram_size': 1073741824, 'ram_allocated': 536870912, "              \
	"'decoders': [" decoders "]}"
#define OF_REGION ", 'region': 'region0'"

static void the_slot_comes_last(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV_WITH(IN_SLOT, DECODER(0, OF_REGION)),
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'kmem', " BLOCKS("movable", "movable", "offline",
								  "offline") "}",
	};
	struct planned planned = make(&machine, RAM_POLICY, "mem0", GOAL_EJECT);
	const struct plan_part *last = &planned.plan.parts.items[planned.plan.parts.count - 1];
	char text[192];

	(void)state;
	assert_string_equal(planned.plan.refusal, "");
	assert_string_equal(steps_text(&planned.plan),
			    "offline dax0.0; unbind dax0.0; destroy-region region0; "
			    "power-off-slot 5");
	assert_true(last->after_all && last->count == 1);
	step_text(&planned.plan.steps.items[last->first], text, sizeof(text));
	assert_string_equal(text, "power off PCI slot 5, which mem0 is in");
	release(&planned);
	/* A drain alone leaves it on. */
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_DRAIN,
		    "offline dax0.0; unbind dax0.0; destroy-region region0");
}

static void a_drained_memdev_can_still_be_ejected(void **state)
{
	struct machine machine = {.memdevs = MEMDEV_WITH(IN_SLOT, "")};

	(void)state;
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_EJECT, "power-off-slot 5");
	machine.memdevs = MEMDEV_WITH(IN_SLOT, DECODER(0, ""));
	assert_plan(&machine, RAM_POLICY, "mem0", GOAL_EJECT,
		    "free-decoder decoder2.0; power-off-slot 5");
}

static void assert_kept(const struct machine *machine, const char *device, const char *why)
{
	struct planned planned = make(machine, RAM_POLICY, device, GOAL_EJECT);

	assert_contains(planned.plan.refusal, why);
	array_foreach(step, &planned.plan.steps)
		assert_int_not_equal(step->type, STEP_POWER_OFF_SLOT);
	release(&planned);
}

static void a_slot_that_has_to_stay_on_is_refused(void **state)
{
	(void)state;
	assert_kept(&(struct machine){.memdevs = MEMDEV_WITH("", "")}, "mem0",
		    "mem0 (0000:0d:00.0) is in no PCI slot that the kernel can power off");
	assert_kept(&(struct machine){.memdevs = MEMDEV_WITH(IN_SLOT "'slot_shared': true, ", "")},
		    "mem0", "PCI slot 5 has other functions besides mem0");
	assert_kept(&(struct machine){.memdevs = MEMDEV_WITH(IN_SLOT,
							     DECODER(0, ", 'region': 'region7'"))},
		    "mem0", "region7 holds capacity of mem0 and stays");
	assert_kept(
		&(struct machine){.memdevs = MEMDEV_WITH(IN_SLOT, DECODER(0, ", 'locked': true"))},
		"mem0", "decoder2.0 holds capacity of mem0 and stays");
	/* That another one is freed is not enough. */
	assert_kept(
		&(struct machine){.memdevs = MEMDEV_WITH(IN_SLOT, DECODER(0, "") ", " DECODER(
									  1, ", 'locked': true"))},
		"mem0", "decoder2.1 holds capacity of mem0 and stays");
	assert_kept(
		&(struct machine){.memdevs = MEMDEV_WITH(
					  IN_SLOT, DECODER(0, ", 'region': 'region7'") ", " DECODER(
							   1, OF_REGION)),
				  .regions = REGION,
				  .dax = "{" DAX_TEXT ", 'driver': '', " ABSENT "}"},
		"mem0", "region7 holds capacity of mem0 and stays");
	assert_kept(&(struct machine){.dax = "{'dax': 'dax2.0', 'parent': 'hmem', 'origin': "
					     "'hmem.0', 'size': 536870912, 'driver': "
					     "'device_dax', 'target_node': 1}"},
		    "dax2.0", "dax2.0 is no CXL memdev");
}

static void a_drain_that_is_refused_ejects_nothing(void **state)
{
	struct machine machine = {
		.memdevs = MEMDEV_WITH(IN_SLOT, DECODER(0, OF_REGION)),
		.regions = REGION,
		.dax = "{" DAX_TEXT ", 'driver': 'fsdev_dax'}",
	};

	(void)state;
	assert_kept(&machine, "mem0", "held by the driver fsdev_dax");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_slot_comes_last),
		cmocka_unit_test(a_drained_memdev_can_still_be_ejected),
		cmocka_unit_test(a_slot_that_has_to_stay_on_is_refused),
		cmocka_unit_test(a_drain_that_is_refused_ejects_nothing),
	};

	return cmocka_run_group_tests_name("plan_eject", tests, NULL, NULL);
}
