// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plans over recorded machines: what a plan changes is done to the snapshot, and then there is
 * nothing left to plan, nothing for verification to find, and a drain leads back to free regions.
 */
#include "fixture.h"

#include "base/error.h"
#include "inventory/inventory.h"
#include "inventory/load-inventory.h"
#include "plan/plan-device.h"
#include "plan/verify-policy.h"
#include "policy/decide.h"
#include "policy/policy.h"
#include "json/inventory-json.h"

#include <dirent.h>
#include <inttypes.h>

static struct dax_device *dax_by_name(struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(dax, &inventory->dax)
		if (!strcmp(dax->name, name))
			return dax;
	fail_msg("no dax device %s", name);
	return NULL;
}

static struct memdev *memdev_by_name(struct kmemd_inventory *inventory, const char *name)
{
	array_foreach(memdev, &inventory->memdevs)
		if (!strcmp(memdev->name, name))
			return memdev;
	fail_msg("no memdev %s", name);
	return NULL;
}

/* What the kernel does when a region is made: its dax device comes in kmem, offline. */
static void create_region(struct kmemd_inventory *inventory, const struct step *step,
			  char *dax_name)
{
	struct region *region = array_add(&inventory->regions);
	struct dax_device *dax = array_add(&inventory->dax);
	struct region_target *target;
	uint64_t start = 0;

	array_foreach(decoder, &inventory->root_decoders) {
		if (strcmp(decoder->name, step->create_region.root_decoder))
			continue;
		assert_true(decoder->largest_free >= step->create_region.size);
		start = decoder->start + decoder->size - decoder->largest_free;
		decoder->largest_free -= step->create_region.size;
	}
	assert_true(start > 0);
	snprintf(region->name, sizeof(region->name), "region%zu", 90 + inventory->regions.count);
	memcpy(region->root_decoder, step->create_region.root_decoder,
	       sizeof(region->root_decoder));
	region->start = start;
	region->size = step->create_region.size;
	region->ways = 1;
	region->committed = region->enabled = true;
	target = array_add(&region->targets);
	memcpy(target->memdev, step->target.name, sizeof(target->memdev));
	memcpy(target->decoder, step->create_region.targets[0].decoder, sizeof(target->decoder));
	memdev_by_name(inventory, step->target.name)->ram_allocated += step->create_region.size;

	snprintf(dax->name, sizeof(dax->name), "dax%zu.0", 90 + inventory->regions.count);
	memcpy(dax->origin, region->name, sizeof(dax->origin));
	dax->parent = DAX_PARENT_CXL;
	dax->size = step->create_region.size;
	dax->target_node = 1;
	strcpy(dax->driver, "kmem");
	dax->memmap_on_memory = TRISTATE_YES;
	*(struct range *)array_add(&dax->ranges) = (struct range){start, step->create_region.size};
	for (uint64_t at = start; at < start + step->create_region.size;
	     at += inventory->host.block_size)
		*(struct memory_block *)array_add(&dax->blocks) = (struct memory_block){
			at / inventory->host.block_size, BLOCK_OFFLINE};
	strcpy(dax_name, dax->name);
}

static void destroy_region(struct kmemd_inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->regions.count; i++) {
		struct region *region = &inventory->regions.items[i];

		if (strcmp(region->name, name))
			continue;
		array_foreach(target, &region->targets)
			memdev_by_name(inventory, target->memdev)->ram_allocated -= region->size /
										    region->ways;
		free(region->targets.items);
		*region = inventory->regions.items[--inventory->regions.count];
		break;
	}
	for (size_t i = 0; i < inventory->dax.count; i++) {
		struct dax_device *dax = &inventory->dax.items[i];

		if (strcmp(dax->origin, name))
			continue;
		array_foreach(block, &dax->blocks)
			assert_false(block_is_online(block->state));
		dax_release(dax);
		*dax = inventory->dax.items[--inventory->dax.count];
		break;
	}
}

static void set_blocks(struct dax_device *dax, enum block_state state, bool absent_too)
{
	array_foreach(block, &dax->blocks)
		if (absent_too || block->state != BLOCK_ABSENT)
			block->state = state;
}

static void bind(struct dax_device *dax, const struct step *step)
{
	uint64_t bytes = memmap_bytes(dax->blocks.count * BLOCK);
	bool is_kmem = !strcmp(step->bind.driver, "kmem");

	array_foreach(block, &dax->blocks)
		assert_false(block_is_online(block->state));
	snprintf(dax->driver, sizeof(dax->driver), "%s", step->bind.driver);
	if (step->bind.memmap != TRISTATE_UNKNOWN)
		dax->memmap_on_memory = step->bind.memmap;
	set_blocks(dax, is_kmem ? BLOCK_OFFLINE : BLOCK_ABSENT, true);
	dax->has_kmem_numbers = is_kmem;
	dax->memmap_device = is_kmem && dax->memmap_on_memory == TRISTATE_YES ? bytes : 0;
	dax->memmap_dram = is_kmem ? bytes - dax->memmap_device : 0;
}

/* The effect of one step; made is the name of the dax device that a created region got. */
static void do_step(struct kmemd_inventory *inventory, const struct step *step, char *made)
{
	const char *name = step->target.name[0] ? step->target.name : made;

	switch (step->type) {
	case STEP_CREATE_REGION:
		create_region(inventory, step, made);
		break;
	case STEP_ENABLE_REGION:
		array_foreach(region, &inventory->regions)
			if (!strcmp(region->name, name))
				region->enabled = true;
		break;
	case STEP_OFFLINE:
		set_blocks(dax_by_name(inventory, name), BLOCK_OFFLINE, false);
		break;
	case STEP_BIND:
		bind(dax_by_name(inventory, name), step);
		break;
	case STEP_UNBIND:
		set_blocks(dax_by_name(inventory, name), BLOCK_ABSENT, true);
		dax_by_name(inventory, name)->driver[0] = '\0';
		break;
	case STEP_ONLINE:
		set_blocks(dax_by_name(inventory, name),
			   step->blocks.zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL, false);
		break;
	case STEP_DESTROY_REGION:
		destroy_region(inventory, name);
		break;
	case STEP_COUNT:
	default:
		fail_msg("step %d", step->type);
	}
}

/* The snapshot after a plan: its devices are found again. */
static struct kmemd_inventory *after_plan(struct kmemd_inventory *inventory,
					  const struct plan *plan)
{
	struct kmemd_inventory *after = NULL;
	char made[DEVICE_NAME_MAX] = "";
	struct json_object *json;

	array_foreach(step, &plan->steps)
		do_step(inventory, step, made);
	json = kmemd_inventory_to_json(inventory);
	assert_int_equal(kmemd_inventory_from_json(json, &after, NULL), 0);
	json_object_put(json);
	return after;
}

/* A policy that names everything the machine has, persistent memory too. */
static struct kmemd_policy *policy_naming_all(const struct kmemd_inventory *inventory,
					      const char *memory)
{
	char text[2048], uuids[1024] = "";

	array_foreach(namespace, &inventory->namespaces) {
		if (!namespace->uuid[0])
			continue;
		strcat(uuids, " ");
		strcat(uuids, namespace->uuid);
	}
	snprintf(text, sizeof(text),
		 "[Match]\nKind=cxl-ram hmem dax\n[Region]\nCreate=yes\n[Memory]\n%s", memory);
	if (uuids[0]) {
		struct kmemd_policy *policy = policy_of(text);

		snprintf(text, sizeof(text), "[Match]\nUuid=%s\n[Memory]\n%s", uuids, memory);
		policy_add(policy, "uuids", text);
		return policy;
	}
	return policy_of(text);
}

static void plan_for(const struct kmemd_inventory *inventory, const struct kmemd_policy *policy,
		     size_t index, enum goal goal, struct plan *ret)
{
	struct decision decision;

	policy_decide(policy, &inventory->host, &inventory->devices.items[index], &decision);
	assert_int_equal(
		plan_make(inventory, &inventory->devices.items[index], &decision, goal, ret), 0);
	if (ret->refusal[0])
		assert_int_equal(ret->steps.count, 0);
}

static int verify_all(const struct kmemd_inventory *after, const char *identity,
		      const struct decision *decision, enum goal goal, struct kmemd_error *error)
{
	const struct device *device = inventory_device(after, identity);
	char names[32][DEVICE_NAME_MAX];
	struct verify_scope scope = {.names = names, .capacity = true};

	array_foreach(region, &device->regions)
		copy_name(names[scope.count++], (*region)->name);
	array_foreach(dax, &device->dax)
		copy_name(names[scope.count++], (*dax)->name);
	return verify_policy(after, identity, decision, goal, &scope, error);
}

/* Carries out the plan of each device, one after the other; then no device has anything left to do.
 */
static unsigned int assert_plans_settle(const char *name, const char *memory, enum goal goal)
{
	struct kmemd_inventory *inventory = inventory_recorded(name);
	struct kmemd_policy *policy = policy_naming_all(inventory, memory);
	unsigned int steps = 0;
	struct plan plan;

	for (size_t i = 0; i < inventory->devices.count; i++) {
		struct kmemd_inventory *after;
		struct kmemd_error error = {0};
		char identity[128];

		plan_for(inventory, policy, i, goal, &plan);
		if (plan.refusal[0]) {
			plan_release(&plan);
			continue;
		}
		steps += (unsigned int)plan.steps.count;
		snprintf(identity, sizeof(identity), "%s", plan.device->identity);
		after = after_plan(inventory, &plan);
		if (plan.steps.count &&
		    verify_all(after, identity, &plan.decision, goal, &error) < 0)
			fail_msg("%s: %s: %s", name, identity, error.message);
		plan_release(&plan);
		kmemd_inventory_free(inventory);
		inventory = after;
	}
	for (size_t i = 0; i < inventory->devices.count; i++) {
		plan_for(inventory, policy, i, goal, &plan);
		if (plan.steps.count)
			fail_msg("%s with %s: %s still has %zu steps, the first is %s", name,
				 memory, plan.device->identity, plan.steps.count,
				 step_operations(plan.steps.items[0].type)->name);
		plan_release(&plan);
	}
	kmemd_inventory_free(inventory);
	kmemd_policy_free(policy);
	return steps;
}

static const char *const memories[] = {
	"Mode=system-ram\n",
	"Mode=system-ram\nZone=kernel\n",
	"Mode=system-ram\nMemmapOnMemory=no\n",
	"Mode=system-ram\nMemmapOnMemory=yes\n",
	"Mode=devdax\n",
	"Mode=ignore\n",
};

static void a_plan_that_is_done_leaves_nothing_to_plan(void **state)
{
	_cleanup_dir_ DIR *directory = opendir(INVENTORIES);
	unsigned int machines = 0, steps = 0;
	struct dirent *entry;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		if (!strstr(entry->d_name, ".json"))
			continue;
		machines++;
		for (size_t i = 0; i < array_size(memories); i++) {
			steps += assert_plans_settle(entry->d_name, memories[i], GOAL_POLICY);
			steps += assert_plans_settle(entry->d_name, memories[i], GOAL_DRAIN);
		}
	}
	assert_true(machines >= 8);
	assert_true(steps >= 100); /* the machines give something to do */
}

/* The plan of a machine as it was recorded, device by device. */
static void assert_recorded(const char *name, const char *memory, const char *const *wanted)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		name);
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = policy_naming_all(inventory,
										      memory);
	struct plan plan;

	for (size_t i = 0; i < inventory->devices.count; i++) {
		char text[512];
		size_t used;

		plan_for(inventory, policy, i, GOAL_POLICY, &plan);
		used = (size_t)snprintf(text, sizeof(text), "%s:%s", plan.device->name,
					plan.refusal[0] ? " refused" : "");
		array_foreach(step, &plan.steps)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
						 step_operations(step->type)->name);
		if (!wanted[i])
			fail_msg("%s: one device too many: %s", name, text);
		assert_string_equal(text, wanted[i]);
		plan_release(&plan);
	}
	assert_null(wanted[inventory->devices.count]);
}

static void recorded_machines_have_the_plans_they_should(void **state)
{
	static const char ram[] = "Mode=system-ram\n";

	(void)state;
	assert_recorded("one-expander-fresh.json", ram,
			(const char *const[]){"mem0: create-region bind online", NULL});
	assert_recorded("one-expander-stock.json", ram, (const char *const[]){"mem0:", NULL});
	assert_recorded("two-expanders-fresh.json", ram,
			(const char *const[]){"mem0: create-region bind online",
					      "mem1: create-region bind online",
					      "namespace1.0:", "namespace2.0:", NULL});
	assert_recorded("two-expanders-one-drained.json", ram,
			(const char *const[]){"mem0:", "mem1: create-region bind online",
					      "namespace1.0:", "namespace2.0:", NULL});
	assert_recorded("linux61-fresh.json", ram,
			(const char *const[]){"mem0: refused", "namespace1.0:", NULL});
	assert_recorded("linux61-devdax.json", ram,
			(const char *const[]){"mem0: refused", "namespace1.0: bind online", NULL});
	assert_recorded("nvdimm-devdax-fsdax.json", ram,
			(const char *const[]){"mem0:", "mem1: create-region bind online",
					      "namespace1.0: bind online", "namespace2.0: refused",
					      NULL});
	assert_recorded("nvdimm-system-ram-offline.json", "Mode=devdax\n",
			(const char *const[]){"mem0: offline bind", "mem1: create-region bind",
					      "namespace1.0: bind", "namespace2.0:", NULL});
	assert_recorded("hmem.json", ram, (const char *const[]){"dax0.0: online", NULL});
	assert_recorded("interleaved.json", ram,
			(const char *const[]){"mem0: online", "mem1:", NULL});
	assert_recorded("ten-thousand-blocks.json", ram,
			(const char *const[]){"mem0: online", NULL});
}

/* The shipped policy never plans anything for persistent memory, on no machine. */
static void the_shipped_policy_leaves_persistent_memory_alone(void **state)
{
	_cleanup_dir_ DIR *directory = opendir(INVENTORIES);
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	unsigned int persistent = 0;
	struct dirent *entry;

	(void)state;
	policy_add(policy, "50-cxl-ram.conf", text_of("policy/50-cxl-ram.conf"));
	assert_int_equal(policy->files.count, 1);
	while ((entry = readdir(directory))) {
		_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;

		if (!strstr(entry->d_name, ".json"))
			continue;
		inventory = inventory_recorded(entry->d_name);
		for (size_t i = 0; i < inventory->devices.count; i++) {
			struct plan plan;

			if (inventory->devices.items[i].kind == KIND_CXL_RAM)
				continue;
			persistent += inventory->devices.items[i].persistent;
			plan_for(inventory, policy, i, GOAL_POLICY, &plan);
			assert_int_equal(plan.steps.count, 0);
			assert_string_equal(plan.refusal, "");
			plan_release(&plan);
		}
	}
	assert_true(persistent >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_that_is_done_leaves_nothing_to_plan),
		cmocka_unit_test(recorded_machines_have_the_plans_they_should),
		cmocka_unit_test(the_shipped_policy_leaves_persistent_memory_alone),
	};

	return cmocka_run_group_tests_name("plan_recorded", tests, NULL, NULL);
}
