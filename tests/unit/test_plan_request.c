// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for what is asked for by hand: which steps, which refusals, and what "all" leaves alone. */
#include "plan-fixture.h"

#include "inventory/memory-block.h"
#include "plan/plan-request.h"
#include "policy/keys.h"

enum source {
	SOURCE_HMEM,
	SOURCE_NVDIMM,
};

/* A machine with one dax device of 512 MiB (4 blocks) in a dax region that has 1 GiB left. */
struct setup {
	enum source source;
	const char *driver;
	enum block_state blocks[4];
	bool not_named, not_counted, unplugged;
	struct kmemd_request request;
};

struct outcome {
	const char *steps;
	const char *refusal; /* a part of it */
	const char *note;
};

static struct dax_region region = {
	.id = 0,
	.path = "devices/hmem.0",
	.has_size = true,
	.has_align = true,
	.size = GIB + 512 * MIB,
	.align = 2 * MIB,
	.available = GIB,
};

struct made {
	struct kmemd_inventory inventory;
	struct device device;
	struct plan plan;
};

static struct dax_device *add_dax(struct kmemd_inventory *inventory, const struct setup *setup)
{
	struct dax_device *dax = array_add(&inventory->dax);

	strcpy(dax->name, "dax0.0");
	strcpy(dax->driver, setup->driver);
	strcpy(dax->origin, setup->source == SOURCE_NVDIMM ? "namespace0.0" : "hmem.0");
	dax->parent = setup->source == SOURCE_NVDIMM ? DAX_PARENT_NVDIMM : DAX_PARENT_HMEM;
	dax->size = 512 * MIB;
	dax->align = 2 * MIB;
	dax->target_node = 1;
	strcpy(dax->hotplug_state, setup->unplugged ? "unplugged" : "");
	dax->memmap_on_memory = TRISTATE_NO;
	*(struct range *)array_add(&dax->ranges) = (struct range){4 * GIB, 512 * MIB};
	if (setup->not_counted)
		return dax;
	assert_int_equal(blocks_find(dax, BLOCK), 0);
	for (size_t i = 0; i < 4; i++)
		dax->blocks.items[i].state = setup->blocks[i];
	return dax;
}

static struct made *make_plan(const struct setup *setup)
{
	struct made *made = calloc(1, sizeof(*made));
	struct request_target target = {
		.device = &made->device,
		.region = &region,
		.named = !setup->not_named,
		.counted = !setup->not_counted,
	};

	made->inventory.host.block_size = BLOCK;
	made->inventory.host.memory_available = GIB;
	made->inventory.host.memmap_parameter = TRISTATE_YES;
	made->device.identity = "nvdimm:" UUID;
	made->device.persistent = setup->source == SOURCE_NVDIMM;
	strcpy(made->device.name, "dax0.0");
	if (setup->request.verb != KMEMD_CREATE_DEVICE)
		target.dax = add_dax(&made->inventory, setup);
	assert_int_equal(plan_request(&made->inventory, &target, &setup->request, &made->plan), 0);
	return made;
}

static void release_made(struct made *made)
{
	plan_release(&made->plan);
	array_foreach(dax, &made->inventory.dax) {
		free(dax->ranges.items);
		free(dax->blocks.items);
	}
	free(made->inventory.dax.items);
	free(made);
}

static void assert_outcome(const struct setup *setup, const struct outcome *outcome)
{
	struct made *made = make_plan(setup);

	if (!outcome->refusal && made->plan.refusal[0])
		fail_msg("refused: %s", made->plan.refusal);
	assert_string_equal(steps_text(&made->plan), outcome->steps ? outcome->steps : "");
	if (outcome->refusal)
		assert_contains(made->plan.refusal, outcome->refusal);
	if (outcome->note)
		assert_contains(made->plan.note, outcome->note);
	else
		assert_string_equal(made->plan.note, "");
	release_made(made);
}

#define STEPS(text)                                                                                \
	{                                                                                          \
		.steps = text                                                                      \
	}
#define REFUSED(why)                                                                               \
	{                                                                                          \
		.refusal = why                                                                     \
	}
#define ALL(state)                                                                                 \
	{                                                                                          \
		state, state, state, state                                                         \
	}
#define RECONFIGURE(what, ...)                                                                     \
	{                                                                                          \
		.verb = KMEMD_RECONFIGURE_DEVICE, .mode = what, ##__VA_ARGS__                      \
	}
#define TO_RAM(...)    RECONFIGURE(KMEMD_MODE_SYSTEM_RAM, ##__VA_ARGS__)
#define TO_DEVDAX(...) RECONFIGURE(KMEMD_MODE_DEVDAX, ##__VA_ARGS__)
#define ASK(what, ...)                                                                             \
	{                                                                                          \
		.verb = what, ##__VA_ARGS__                                                        \
	}

static void a_mode_is_changed(void **state)
{
	static const struct {
		struct setup setup;
		struct outcome outcome;
	} cases[] = {
		{{.driver = "device_dax", .request = TO_RAM()},
		 STEPS("bind dax0.0; online dax0.0")},
		{{.driver = "", .request = TO_RAM()}, STEPS("bind dax0.0; online dax0.0")},
		{{.driver = "device_dax", .request = TO_RAM(.no_online = true)},
		 STEPS("bind dax0.0")},
		{{.driver = "kmem", .blocks = ALL(BLOCK_OFFLINE), .request = TO_RAM()},
		 STEPS("online dax0.0")},
		{{.driver = "kmem", .blocks = ALL(BLOCK_MOVABLE), .request = TO_RAM()}, STEPS("")},
		{{.driver = "kmem",
		  .blocks = {BLOCK_MOVABLE, BLOCK_ABSENT, BLOCK_MOVABLE, BLOCK_MOVABLE},
		  .request = TO_RAM()},
		 STEPS("")},
		{{.driver = "kmem",
		  .blocks = {BLOCK_MOVABLE, BLOCK_MIXED, BLOCK_MOVABLE, BLOCK_MOVABLE},
		  .request = TO_RAM()},
		 STEPS("online dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_MOVABLE),
		  .request = TO_RAM(.no_movable = true)},
		 STEPS("online dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_MOVABLE),
		  .request = TO_RAM(.no_online = true)},
		 STEPS("")},
		{{.driver = "device_dax", .request = TO_DEVDAX()}, STEPS("")},
		{{.driver = "", .request = TO_DEVDAX()}, STEPS("bind dax0.0")},
		{{.driver = "kmem", .blocks = ALL(BLOCK_OFFLINE), .request = TO_DEVDAX()},
		 STEPS("bind dax0.0")},
		{{.driver = "kmem",
		  .blocks = {BLOCK_OFFLINE, BLOCK_MOVABLE, BLOCK_OFFLINE, BLOCK_OFFLINE},
		  .request = TO_DEVDAX()},
		 REFUSED("1 of 4 memory blocks of dax0.0 are online")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_KERNEL),
		  .request = TO_DEVDAX(.force = true)},
		 STEPS("offline dax0.0; bind dax0.0")},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_outcome(&cases[i].setup, &cases[i].outcome);
}

static void persistent_memory_has_to_be_named(void **state)
{
	static const struct setup named = {
		.source = SOURCE_NVDIMM, .driver = "device_dax", .request = TO_RAM()};
	static const struct setup all = {.source = SOURCE_NVDIMM,
					 .driver = "device_dax",
					 .not_named = true,
					 .request = TO_RAM()};
	static const struct setup is_ram = {.source = SOURCE_NVDIMM,
					    .driver = "kmem",
					    .blocks = ALL(BLOCK_OFFLINE),
					    .not_named = true,
					    .request = TO_RAM()};
	static const struct setup devdax = {.source = SOURCE_NVDIMM,
					    .driver = "kmem",
					    .blocks = ALL(BLOCK_OFFLINE),
					    .not_named = true,
					    .request = TO_DEVDAX()};

	(void)state;
	assert_outcome(&named, &(struct outcome){"bind dax0.0; online dax0.0",
						 .note = "what is on it is overwritten"});
	assert_outcome(&all, &(struct outcome){"", .note = "left alone, as nobody has named it"});
	assert_outcome(&is_ram, &(struct outcome)STEPS("online dax0.0"));
	assert_outcome(&devdax, &(struct outcome)STEPS("bind dax0.0"));
}

static void memory_goes_online_and_offline(void **state)
{
	static const struct {
		struct setup setup;
		struct outcome outcome;
	} cases[] = {
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_OFFLINE),
		  .request = ASK(KMEMD_ONLINE_MEMORY)},
		 STEPS("online dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_MOVABLE),
		  .request = ASK(KMEMD_ONLINE_MEMORY)},
		 STEPS("")},
		{{.driver = "kmem", .not_counted = true, .request = ASK(KMEMD_ONLINE_MEMORY)},
		 STEPS("online dax0.0")},
		{{.driver = "kmem", .not_counted = true, .request = ASK(KMEMD_OFFLINE_MEMORY)},
		 STEPS("offline dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_OFFLINE),
		  .request = ASK(KMEMD_OFFLINE_MEMORY)},
		 STEPS("")},
		{{.driver = "device_dax", .request = ASK(KMEMD_ONLINE_MEMORY)},
		 REFUSED("dax0.0 is not system RAM (devdax mode)")},
		{{.driver = "", .request = ASK(KMEMD_OFFLINE_MEMORY)},
		 REFUSED("dax0.0 is not system RAM (disabled)")},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_outcome(&cases[i].setup, &cases[i].outcome);
}

/* Somebody wrote "unplugged" to its state: it is bound, and has no block. */
static void an_unplugged_device_gets_its_blocks_back(void **state)
{
#define UNPLUGGED .driver = "kmem", .unplugged = true
	static const struct {
		struct setup setup;
		struct outcome outcome;
	} cases[] = {
		{{UNPLUGGED, .request = ASK(KMEMD_ONLINE_MEMORY)}, STEPS("plug dax0.0")},
		{{UNPLUGGED, .not_counted = true, .request = ASK(KMEMD_ONLINE_MEMORY)},
		 STEPS("plug dax0.0")},
		{{UNPLUGGED, .request = TO_RAM()}, STEPS("plug dax0.0")},
		{{UNPLUGGED, .request = TO_RAM(.no_online = true)}, STEPS("")},
		{{UNPLUGGED, .not_counted = true, .request = ASK(KMEMD_OFFLINE_MEMORY)}, STEPS("")},
		{{UNPLUGGED, .request = TO_DEVDAX()}, STEPS("bind dax0.0")},
		{{UNPLUGGED, .request = ASK(KMEMD_DISABLE_DEVICE)}, STEPS("unbind dax0.0")},
		/* What is bound to something else has no state, whatever was read. */
		{{.driver = "device_dax", .unplugged = true, .request = TO_RAM()},
		 STEPS("bind dax0.0; online dax0.0")},
	};
	struct setup into_kernel = {UNPLUGGED, .request = TO_RAM(.no_movable = true)};
	struct made *made = make_plan(&into_kernel);
	char text[128];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_outcome(&cases[i].setup, &cases[i].outcome);
	step_text(made->plan.steps.items, text, sizeof(text));
	assert_string_equal(text, "plug the 4 memory blocks of dax0.0 in again, online in the "
				  "kernel zone");
	assert_int_equal(made->plan.steps.items[0].dram_bytes, 8 * MIB);
	release_made(made);
}

static void a_device_is_enabled_disabled_and_destroyed(void **state)
{
	static const struct {
		struct setup setup;
		struct outcome outcome;
	} cases[] = {
		{{.driver = "", .request = ASK(KMEMD_ENABLE_DEVICE)}, STEPS("bind dax0.0")},
		{{.driver = "device_dax", .request = ASK(KMEMD_ENABLE_DEVICE)}, STEPS("")},
		{{.driver = "kmem", .request = ASK(KMEMD_ENABLE_DEVICE)},
		 REFUSED("is enabled as system RAM")},
		{{.driver = "", .request = ASK(KMEMD_DISABLE_DEVICE)}, STEPS("")},
		{{.driver = "device_dax", .request = ASK(KMEMD_DISABLE_DEVICE)},
		 STEPS("unbind dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_OFFLINE),
		  .request = ASK(KMEMD_DISABLE_DEVICE)},
		 STEPS("unbind dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_MOVABLE),
		  .request = ASK(KMEMD_DISABLE_DEVICE)},
		 REFUSED("4 of 4 memory blocks of dax0.0 are online")},
		{{.driver = "", .request = ASK(KMEMD_DESTROY_DEVICE)},
		 STEPS("destroy-device dax0.0")},
		{{.driver = "device_dax", .request = ASK(KMEMD_DESTROY_DEVICE)},
		 REFUSED("dax0.0 is active (devdax)")},
		{{.driver = "device_dax", .request = ASK(KMEMD_DESTROY_DEVICE, .force = true)},
		 STEPS("unbind dax0.0; destroy-device dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_MOVABLE),
		  .request = ASK(KMEMD_DESTROY_DEVICE, .force = true)},
		 STEPS("offline dax0.0; unbind dax0.0; destroy-device dax0.0")},
		{{.source = SOURCE_NVDIMM,
		  .driver = "",
		  .request = ASK(KMEMD_DESTROY_DEVICE, .force = true)},
		 REFUSED("ndctl destroy-namespace -f namespace0.0")},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_outcome(&cases[i].setup, &cases[i].outcome);
}

static void a_device_is_cut_again(void **state)
{
#define SIZED(bytes, ...)                                                                          \
	RECONFIGURE(KMEMD_MODE_UNCHANGED, .has_size = true, .size = bytes, ##__VA_ARGS__)
	static const struct {
		struct setup setup;
		struct outcome outcome;
	} cases[] = {
		{{.driver = "", .request = SIZED(GIB)}, STEPS("resize dax0.0")},
		{{.driver = "", .request = SIZED(512 * MIB)}, STEPS("")},
		{{.driver = "", .request = SIZED(256 * MIB)}, STEPS("resize dax0.0")},
		{{.driver = "", .request = SIZED(GIB + 512 * MIB)}, STEPS("resize dax0.0")},
		{{.driver = "", .request = SIZED(2 * GIB)},
		 REFUSED("1.5 GiB more is not there: the dax region has 1 GiB left")},
		{{.driver = "device_dax", .request = SIZED(GIB)},
		 REFUSED("dax0.0 is in use by device_dax")},
		{{.driver = "device_dax", .request = SIZED(GIB, .force = true)},
		 STEPS("unbind dax0.0; resize dax0.0; bind dax0.0")},
		{{.driver = "kmem",
		  .blocks = ALL(BLOCK_MOVABLE),
		  .request = SIZED(GIB, .force = true)},
		 STEPS("offline dax0.0; unbind dax0.0; resize dax0.0; bind dax0.0; online dax0.0")},
		{{.driver = "", .request = TO_RAM(.has_size = true, .size = GIB)},
		 STEPS("resize dax0.0; bind dax0.0; online dax0.0")},
		{{.driver = "", .request = RECONFIGURE(KMEMD_MODE_UNCHANGED, .align = GIB)},
		 REFUSED("512 MiB is no multiple of the alignment of dax0.0 (1 GiB)")},
		{{.driver = "", .request = RECONFIGURE(KMEMD_MODE_UNCHANGED, .align = 4096)},
		 STEPS("resize dax0.0")},
		{{.driver = "", .request = RECONFIGURE(KMEMD_MODE_UNCHANGED, .align = 2 * MIB)},
		 STEPS("")},
		{{.driver = "", .request = TO_RAM(.has_size = true, .size = 64 * MIB)},
		 REFUSED("dax0.0 (64 MiB) holds no whole memory block of 128 MiB")},
		{{.source = SOURCE_NVDIMM, .driver = "", .request = SIZED(GIB)},
		 REFUSED("ndctl create-namespace -f -e namespace0.0")},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_outcome(&cases[i].setup, &cases[i].outcome);
}

static void a_device_is_created(void **state)
{
	static const struct kmemd_range mapping = {4 * GIB, 4 * GIB + 256 * MIB - 1};
	static const struct {
		struct setup setup;
		struct outcome outcome;
	} cases[] = {
		{{.request = ASK(KMEMD_CREATE_DEVICE)}, STEPS("create-device 0; bind")},
		{{.request = ASK(KMEMD_CREATE_DEVICE, .has_size = true, .size = 2 * GIB)},
		 REFUSED("2 GiB are not there: the dax region 0 has 1 GiB left")},
		{{.request = ASK(KMEMD_CREATE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM)},
		 STEPS("create-device 0; bind; online")},
		{{.request = ASK(KMEMD_CREATE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM,
				 .no_online = true)},
		 STEPS("create-device 0; bind")},
		{{.request = ASK(KMEMD_CREATE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM,
				 .has_size = true, .size = 64 * MIB)},
		 REFUSED("less than a memory block of 128 MiB")},
		{{.request = ASK(KMEMD_CREATE_DEVICE, .mappings = &mapping, .mapping_count = 1)},
		 STEPS("create-device 0; bind")},
		{{.request = ASK(KMEMD_CREATE_DEVICE, .mappings = &mapping, .mapping_count = 1,
				 .has_size = true, .size = GIB)},
		 REFUSED("the mappings make 256 MiB and the size says 1 GiB")},
	};
	struct made *made;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_outcome(&cases[i].setup, &cases[i].outcome);
	made = make_plan(&cases[0].setup);
	assert_int_equal(made->plan.steps.items[0].shape.size, GIB); /* all that is left */
	release_made(made);
	region.available = 0;
	assert_outcome(&cases[0].setup, &(struct outcome)REFUSED("nothing can be cut"));
	region.available = MIB; /* less than a unit */
	assert_outcome(&cases[0].setup, &(struct outcome)REFUSED("nothing can be cut"));
	region.available = GIB;
}

/* In the alignment that is asked for, or the region's own, and never in less than 2 MiB. */
static void a_new_device_is_cut_in_whole_units(void **state)
{
	static const struct {
		uint64_t region_align, available, align, asked, size;
	} cases[] = {
		{2 * MIB, GIB + MIB, 0, 0, GIB},	 {GIB, GIB + 512 * MIB, 0, 0, GIB},
		{2 * MIB, GIB + 512 * MIB, GIB, 0, GIB}, {4096, GIB + MIB, 0, 0, GIB},
		{2 * MIB, GIB, 0, 512 * MIB, 512 * MIB}, {GIB, GIB, 0, 512 * MIB, 0},
		{2 * MIB, GIB, GIB, 512 * MIB, 0},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct setup setup = {.request = ASK(KMEMD_CREATE_DEVICE, .align = cases[i].align,
						     .has_size = cases[i].asked != 0,
						     .size = cases[i].asked)};
		struct made *made;

		region.available = cases[i].available;
		region.align = cases[i].region_align;
		made = make_plan(&setup);
		if (cases[i].size)
			assert_int_equal(made->plan.steps.items[0].shape.size, cases[i].size);
		else
			assert_contains(made->plan.refusal,
					"512 MiB is no multiple of the alignment (1 GiB)");
		release_made(made);
	}
	region.available = GIB;
	region.align = 2 * MIB;
}

static void what_makes_no_sense_is_told(void **state)
{
	static const struct kmemd_range backwards = {8 * MIB, 6 * MIB - 1};
	static const struct kmemd_range odd_start = {MIB, 4 * MIB - 1};
	static const struct kmemd_range odd_end = {2 * MIB, 5 * MIB - 1};
	static const struct {
		struct kmemd_request request;
		const char *mistake;
	} cases[] = {
		{RECONFIGURE(KMEMD_MODE_UNCHANGED), "a mode, a size or an alignment is needed"},
		{TO_DEVDAX(.no_online = true), "devdax mode"},
		{TO_DEVDAX(.no_movable = true), "devdax mode"},
		{TO_RAM(.no_movable = true, .no_online = true), "into no zone"},
		{RECONFIGURE(KMEMD_MODE_UNCHANGED, .align = 8192), "4K, 2M or 1G"},
		{SIZED(3 * MIB), "no multiple"},
		{SIZED(512 * MIB, .align = GIB), "no multiple"},
		{SIZED(0), "destroy-device"},
		{ASK(KMEMD_CREATE_DEVICE, .mappings = &backwards, .mapping_count = 1),
		 "no range of whole units"},
		{ASK(KMEMD_CREATE_DEVICE, .mappings = &odd_start, .mapping_count = 1),
		 "no range of whole units"},
		{ASK(KMEMD_CREATE_DEVICE, .mappings = &odd_end, .mapping_count = 1),
		 "no range of whole units"},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_non_null(request_mistake(&cases[i].request));
		assert_contains(request_mistake(&cases[i].request), cases[i].mistake);
	}
}

static void what_makes_sense_is_no_mistake(void **state)
{
	static const struct kmemd_range mapping = {2 * MIB, 4 * MIB - 1};
	static const struct kmemd_request requests[] = {
		TO_RAM(),
		TO_RAM(.no_online = true),
		TO_RAM(.no_movable = true),
		TO_DEVDAX(),
		SIZED(2 * MIB),
		SIZED(GIB, .align = GIB),
		RECONFIGURE(KMEMD_MODE_UNCHANGED, .align = 4096),
		RECONFIGURE(KMEMD_MODE_UNCHANGED, .align = 2 * MIB),
		ASK(KMEMD_CREATE_DEVICE, .mappings = &mapping, .mapping_count = 1),
		ASK(KMEMD_ONLINE_MEMORY),
	};

	(void)state;
	for (size_t i = 0; i < array_size(requests); i++)
		if (request_mistake(&requests[i]))
			fail_msg("%zu: %s", i, request_mistake(&requests[i]));
}

/* Another driver may have a file system on it: it is taken away by force only. */
static void a_device_of_somebody_elses_is_left_alone(void **state)
{
	static const struct setup asked = {.driver = "fsdev_dax", .request = TO_DEVDAX()};
	static const struct setup forced = {.driver = "fsdev_dax",
					    .request = ASK(KMEMD_DISABLE_DEVICE, .force = true)};
	struct made *made = make_plan(&forced);

	(void)state;
	assert_outcome(&asked, &(struct outcome)REFUSED("dax0.0 is held by the driver fsdev_dax"));
	assert_string_equal(steps_text(&made->plan), "unbind dax0.0");
	assert_string_equal(made->plan.steps.items[0].unbind.driver, "fsdev_dax");
	assert_true(made->plan.steps.items[0].unbind.force);
	release_made(made);
}

/* Where the kernel puts blocks that appear meanwhile, whatever the machine's own setting is. */
static void the_kernels_own_onlining_is_held(void **state)
{
	static const struct {
		struct kmemd_request request;
		const char *word;
	} cases[] = {
		{TO_RAM(), "online_movable"},
		{TO_RAM(.no_movable = true), "online_kernel"},
		{TO_RAM(.no_online = true), "offline"},
		{TO_DEVDAX(), "offline"},
		{SIZED(GIB, .force = true), "offline"},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct setup setup = {.driver = "device_dax", .request = cases[i].request};
		struct made *made = make_plan(&setup);

		assert_string_equal(made->plan.auto_online, cases[i].word);
		release_made(made);
	}
}

/* Many blocks are put online in a good order, unless the driver does that itself. */
static void many_blocks_of_the_kernels_own_driver_stay_offline_first(void **state)
{
	static const struct {
		enum kmem_module kmem;
		unsigned int blocks;
		const char *word;
	} cases[] = {
		{KMEM_IN_TREE, 63, "online_movable"},
		{KMEM_IN_TREE, 64, "offline"},
		{KMEM_ABSENT, 503, "offline"},
		{KMEM_DROP_IN, 503, "online_movable"},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct host host = {.kmem = cases[i].kmem};
		const struct device device = {.name = "dax0.0"};
		struct plan plan = {.device = &device, .auto_online = "online_movable"};

		plan_add_step(&plan, STEP_BIND, "dax0.0", KEY_COUNT)->bind.driver = "kmem";
		plan_add_step(&plan, STEP_ONLINE, "dax0.0", KEY_COUNT)->blocks.count =
			cases[i].blocks;
		plan_hold_many_blocks(&plan, &host);
		assert_string_equal(plan.auto_online, cases[i].word);
		plan_release(&plan);
	}
}

static void what_policy_would_undo_is_held_against_it(void **state)
{
	static const struct policy_file file;
	struct decision none = {.settings = default_settings};
	struct decision movable = {.file = &file, .settings = default_settings};
	struct decision kernel = movable, devdax = movable;
	const struct kmemd_request online = ASK(KMEMD_ONLINE_MEMORY);
	const struct kmemd_request normal = ASK(KMEMD_ONLINE_MEMORY, .no_movable = true);
	const struct kmemd_request ram = TO_RAM();
	const struct kmemd_request not_online = TO_RAM(.no_online = true);
	const struct kmemd_request offline = ASK(KMEMD_OFFLINE_MEMORY);

	(void)state;
	movable.settings.mode = kernel.settings.mode = MODE_SYSTEM_RAM;
	devdax.settings.mode = MODE_DEVDAX;
	kernel.settings.zone = ZONE_KERNEL;
	assert_false(request_needs_hold(&online, &none));
	assert_false(request_needs_hold(&online, &movable));
	assert_false(request_needs_hold(&ram, &movable));
	assert_true(request_needs_hold(&online, &kernel));
	assert_true(request_needs_hold(&online, &devdax));
	assert_false(request_needs_hold(&normal, &kernel));
	assert_true(request_needs_hold(&normal, &movable));
	assert_true(request_needs_hold(&not_online, &movable));
	assert_true(request_needs_hold(&offline, &none));
}

/* What --dry-run shows of it. */
static void costs_are_told(void **state)
{
	const struct setup setup = {.driver = "device_dax", .request = TO_RAM()};
	struct made *made = make_plan(&setup);

	(void)state;
	assert_int_equal(made->plan.steps.items[0].dram_bytes, 8 * MIB);
	assert_int_equal(made->plan.steps.items[0].lost_bytes, 0);
	assert_int_equal(made->plan.steps.items[1].blocks.count, 4);
	release_made(made);
}

/* By hand the switch is changed by the command memmap, and by nothing else. */
static void the_switch_of_the_memmap_is_left_alone(void **state)
{
	const struct setup setup = {.driver = "device_dax", .request = TO_RAM()};
	struct made *made = make_plan(&setup);

	(void)state;
	assert_int_equal(made->plan.steps.items[0].bind.memmap, TRISTATE_UNKNOWN);
	release_made(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mode_is_changed),
		cmocka_unit_test(persistent_memory_has_to_be_named),
		cmocka_unit_test(memory_goes_online_and_offline),
		cmocka_unit_test(an_unplugged_device_gets_its_blocks_back),
		cmocka_unit_test(a_device_is_enabled_disabled_and_destroyed),
		cmocka_unit_test(a_device_is_cut_again),
		cmocka_unit_test(a_device_is_created),
		cmocka_unit_test(what_makes_no_sense_is_told),
		cmocka_unit_test(the_kernels_own_onlining_is_held),
		cmocka_unit_test(many_blocks_of_the_kernels_own_driver_stay_offline_first),
		cmocka_unit_test(what_policy_would_undo_is_held_against_it),
		cmocka_unit_test(costs_are_told),
		cmocka_unit_test(the_switch_of_the_memmap_is_left_alone),
		cmocka_unit_test(what_makes_sense_is_no_mistake),
		cmocka_unit_test(a_device_of_somebody_elses_is_left_alone),
		cmocka_unit_test(a_new_device_is_cut_in_whole_units),
	};

	return cmocka_run_group_tests_name("plan_request", tests, NULL, NULL);
}
