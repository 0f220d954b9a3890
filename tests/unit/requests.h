/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_REQUESTS_H
#define KMEMD_TEST_REQUESTS_H
/*
 * Requests by hand on the fake kernel, whose dax region hmem.2 has HMEM_BLOCKS blocks. Include this
 * once in a test program, in place of fake-kernel.h.
 */
#include "faulty-job.h"

#include "fake-dax-region.h"

#include "job/request-job.h"
#include "json/status-json.h"

#define HMEM_POLICY                                                                                \
	"[Match]\nKind=hmem\n[Lifecycle]\nDrainTimeoutSec=1\n[Memory]\nMode=system-ram\n"
#define FIRST	 (HMEM_START / BLOCK)
#define OFFLINED "Normal Movable"

static struct kmemd_job job = {.event = on_event, .cancelled = is_cancelled, .timeout_sec = 1};

/* With so many bytes of the dax region in dax2.0. */
static struct machine boot_with(const char *folder, const char *auto_online, uint64_t used)
{
	clear_folder(folder);
	kernel_boot(folder, "online_movable\n");
	write_text(at(folder, "proc/meminfo"),
		   "MemTotal: 2097152 kB\nMemFree: 1048576 kB\nMemAvailable: 1048576 kB\n");
	write_text(at(folder, "sys/devices/system/node/node0/meminfo"),
		   "Node 0 MemTotal: 2097152 kB\nNode 0 MemFree: 1048576 kB\n");
	add_dax_region(used);
	write_text(sysfs("devices/system/memory/auto_online_blocks"), auto_online);
	return start_kmemd(folder, HMEM_POLICY);
}

static inline struct machine boot(const char *folder, const char *auto_online)
{
	struct machine machine = boot_with(folder, auto_online, HMEM_SIZE);

	take_picture(&machine);
	return machine;
}

static int ask_all(struct machine *machine, struct kmemd_request request, char *const *names)
{
	memset(&machine->error, 0, sizeof(machine->error));
	json_object_put(machine->results);
	machine->results = NULL;
	messages[0] = '\0';
	request.devices = names;
	return kmemd_request(machine->kmemd, machine->policy, &request, &job, &machine->results,
			     &machine->error);
}

static int ask(struct machine *machine, struct kmemd_request request, const char *name)
{
	char *names[] = {(char *)name, NULL};

	return ask_all(machine, request, name ? names : NULL);
}

static void assert_done(const struct machine *machine, int r)
{
	if (r < 0)
		fail_msg("%s\n%s", machine->error.message, messages);
}

/* Bound, and without a block, as somebody wrote it to the device's state. */
static void unplug(struct machine *machine)
{
	const char *path = sysfs("bus/dax/devices/dax2.0/state");

	write_text(path, "online_movable");
	assert_int_equal(kernel_write(path, "unplugged"), 0);
	assert_false(exists(sysfs("devices/system/memory/memory%llu", (long long)FIRST)));
	take_picture(machine);
}

static const struct kmemd_request online = {.verb = KMEMD_ONLINE_MEMORY};
static const struct kmemd_request offline = {.verb = KMEMD_OFFLINE_MEMORY};
static const struct kmemd_request to_kernel_zone = {
	.verb = KMEMD_ONLINE_MEMORY,
	.no_movable = true,
};
static const struct kmemd_request to_ram = {
	.verb = KMEMD_RECONFIGURE_DEVICE,
	.mode = KMEMD_MODE_SYSTEM_RAM,
};
static const struct kmemd_request to_devdax = {
	.verb = KMEMD_RECONFIGURE_DEVICE,
	.mode = KMEMD_MODE_DEVDAX,
	.force = true,
};
static const struct kmemd_request disable = {.verb = KMEMD_DISABLE_DEVICE};
static const struct kmemd_request create = {.verb = KMEMD_CREATE_DEVICE};
static const struct kmemd_request destroy = {.verb = KMEMD_DESTROY_DEVICE, .force = true};

/* --- one of every kind
 * ---------------------------------------------------------------------------------------
 */

static const struct kmemd_range mappings[] = {
	{HMEM_START + BLOCK, HMEM_START + 2 * BLOCK - 1},
	{HMEM_START + HMEM_SIZE - BLOCK, HMEM_START + HMEM_SIZE - 1},
};

struct trial {
	const char *title;
	const char *names[3]; /* none: all regions */
	struct kmemd_request request;
	const struct kmemd_request *first; /* what is asked of the first device before */
	bool room;			   /* dax2.0 has but one block of its region */
	bool unplugged;
};

static const struct trial trials[] = {
	{.title = "offline-memory", {"dax2.0"}, {.verb = KMEMD_OFFLINE_MEMORY}},
	{.title = "offline-memory --keep",
	 {"dax2.0"},
	 {.verb = KMEMD_OFFLINE_MEMORY, .keep = true}},
	{.title = "online-memory, into another zone",
	 {"dax2.0"},
	 {.verb = KMEMD_ONLINE_MEMORY, .no_movable = true}},
	{.title = "online-memory of what was taken offline",
	 {"dax2.0"},
	 {.verb = KMEMD_ONLINE_MEMORY},
	 .first = &offline},
	{.title = "online-memory of what is unplugged",
	 {"dax2.0"},
	 {.verb = KMEMD_ONLINE_MEMORY},
	 .unplugged = true},
	{.title = "reconfigure-device to devdax",
	 {"dax2.0"},
	 {.verb = KMEMD_RECONFIGURE_DEVICE, .mode = KMEMD_MODE_DEVDAX, .force = true}},
	{.title = "reconfigure-device to system-ram",
	 {"dax1.0"},
	 {.verb = KMEMD_RECONFIGURE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM}},
	{.title = "reconfigure-device to system-ram, offline",
	 {"dax1.0"},
	 {.verb = KMEMD_RECONFIGURE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM, .no_online = true}},
	{.title = "reconfigure-device to system-ram, in the kernel zone",
	 {"dax2.0"},
	 {.verb = KMEMD_RECONFIGURE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM, .no_movable = true},
	 .first = &to_devdax},
	{.title = "disable-device of two devices",
	 {"dax2.0", "dax1.0"},
	 {.verb = KMEMD_DISABLE_DEVICE},
	 .first = &to_devdax},
	{.title = "reconfigure-device to a smaller size and another alignment",
	 {"dax2.0"},
	 {.verb = KMEMD_RECONFIGURE_DEVICE,
	  .has_size = true,
	  .size = BLOCK,
	  .align = 4096,
	  .force = true}},
	{.title = "reconfigure-device to a larger size",
	 {"dax2.0"},
	 {.verb = KMEMD_RECONFIGURE_DEVICE,
	  .mode = KMEMD_MODE_DEVDAX,
	  .has_size = true,
	  .size = HMEM_SIZE,
	  .force = true},
	 .room = true},
	{.title = "destroy-device", {"dax2.0"}, {.verb = KMEMD_DESTROY_DEVICE, .force = true}},
	{.title = "disable-device", {"dax1.0"}, {.verb = KMEMD_DISABLE_DEVICE}},
	{.title = "enable-device", {"dax1.0"}, {.verb = KMEMD_ENABLE_DEVICE}, .first = &disable},
	{.title = "create-device", {NULL}, {.verb = KMEMD_CREATE_DEVICE}, .room = true},
	{.title = "create-device as system-ram",
	 {NULL},
	 {.verb = KMEMD_CREATE_DEVICE, .mode = KMEMD_MODE_SYSTEM_RAM, .region = "2"},
	 .room = true},
	{.title = "create-device of mappings, offline",
	 {NULL},
	 {.verb = KMEMD_CREATE_DEVICE,
	  .mode = KMEMD_MODE_SYSTEM_RAM,
	  .no_online = true,
	  .mappings = mappings,
	  .mapping_count = array_size(mappings)},
	 .room = true},
};

/* Brings a machine to where the request begins. */
static inline struct machine boot_for(const char *folder, const void *data)
{
	const struct trial *trial = data;
	struct machine machine = boot_with(folder, "online\n", trial->room ? BLOCK : HMEM_SIZE);

	if (trial->first)
		assert_done(&machine, ask(&machine, *trial->first, trial->names[0]));
	if (trial->unplugged)
		unplug(&machine);
	return machine;
}

static inline int ask_trial(struct machine *machine, const void *data)
{
	const struct trial *trial = data;

	return ask_all(machine, trial->request,
		       trial->names[0] ? (char *const *)trial->names : NULL);
}

#endif
