/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_PLAN_FIXTURE_H
#define KMEMD_TEST_PLAN_FIXTURE_H
/* Small machines as text, and what a plan for one of their devices says. */
#include "fixture.h"

#include "plan/plan-device.h"

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
static inline struct kmemd_inventory *build(const struct machine *machine)
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

static inline struct planned make(const struct machine *machine, const char *policy,
				  const char *device, enum goal goal)
{
	struct planned planned = {.inventory = build(machine), .policy = policy_of(policy)};
	const struct device *found = inventory_device(planned.inventory, device);
	struct decision decision;

	if (!found)
		fail_msg("no device %s", device);
	policy_decide(planned.policy, &planned.inventory->host, found, &decision);
	assert_int_equal(plan_make(planned.inventory, found, &decision, goal, &planned.plan), 0);
	return planned;
}

static inline void release(struct planned *planned)
{
	plan_release(&planned->plan);
	kmemd_inventory_free(planned->inventory);
	kmemd_policy_free(planned->policy);
}

/* The steps as one line each: "create-region mem0; bind; online". */
static inline const char *steps_text(const struct plan *plan)
{
	static char text[1024];
	size_t used = 0;

	text[0] = '\0';
	array_foreach(step, &plan->steps)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
					 used ? "; " : "", step_operations(step->type)->name,
					 step->target.name[0] ? " " : "", step->target.name);
	return text;
}

static inline void assert_plan(const struct machine *machine, const char *policy,
			       const char *device, enum goal goal, const char *steps)
{
	struct planned planned = make(machine, policy, device, goal);

	if (planned.plan.refusal[0])
		fail_msg("refused: %s", planned.plan.refusal);
	assert_string_equal(steps_text(&planned.plan), steps);
	release(&planned);
}

static inline void assert_refused(const struct machine *machine, const char *policy,
				  const char *device, const char *why)
{
	struct planned planned = make(machine, policy, device, GOAL_POLICY);

	assert_contains(planned.plan.refusal, why);
	assert_string_equal(steps_text(&planned.plan), "");
	release(&planned);
}

static inline void assert_note(const struct machine *machine, const char *policy,
			       const char *device, const char *note)
{
	struct planned planned = make(machine, policy, device, GOAL_POLICY);

	assert_contains(planned.plan.note, note);
	assert_string_equal(planned.plan.refusal, "");
	release(&planned);
}

/* --- parts of machines
 * ------------------------------------------------------------------------------------------ */

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

#endif
