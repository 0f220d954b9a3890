/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_DOCTOR_FIXTURE_H
#define KMEMD_DOCTOR_FIXTURE_H
/* A machine on which doctor finds nothing, for tests that spoil one thing of it. */
#include "fixture.h"

#include "doctor/judge.h"
#include "inventory/inventory.h"
#include "job/journal.h"
#include "job/records.h"
#include "policy/policy.h"

#define SHIPPED                                                                                    \
	"[Match]\nKind=cxl-ram\n[Region]\nCreate=yes\n[Memory]\nMode=system-ram\nZone=movable\n"
#define LINUX "6.12.90+deb13-amd64"

/* A machine on which nothing is wrong; a test spoils one thing. */
struct machine {
	struct facts facts;
	struct installed_kmem ours;
	struct rule_fact rule;
	struct udev_hit hits[2];
	struct resource resource;
	struct record record;
	struct policy_problem problem;
	struct kmemd_inventory *inventory;
	struct kmemd_policy *policy;
	finding_list findings;
};

static inline void machine_set_up(struct machine *machine, const char *inventory)
{
	*machine = (struct machine){
		.facts =
			{
				.is_root = true,
				.kernel = LINUX,
				.has_hotplug = true,
				.has_hotremove = TRISTATE_YES,
				.shows_addresses = true,
				.shows_records = true,
				.onliners = {.auto_online = "offline",
					     .online_policy = "contig-zones"},
				.auto_movable_ratio = "301",
				.memmap_parameter = "Y",
				.kernel_zone = 4 * GIB,
				.movable_zone = GIB,
				.module = {.loaded = true,
					   .loaded_is_ours = true,
					   .loaded_version = "0.1.0-kmemd",
					   .loaded_srcversion = "AB",
					   .chosen = "updates/dkms/kmem.ko.xz",
					   .chosen_exists = true,
					   .has_dkms = true,
					   .has_source = true},
				.lock = {.secure_boot = TRISTATE_NO, .lockdown = "none"},
				.log = {.readable = true},
				.service = {.installed = true, .enabled = true, .running = true},
			},
		.ours = {.release = LINUX,
			 .path = (char *)"/lib/modules/x/updates/dkms/kmem.ko",
			 .version = "0.1.0-kmemd",
			 .srcversion = "AB",
			 .vermagic = LINUX " SMP preempt mod_unload modversions "},
	};
	machine->facts.module.installed.items = &machine->ours;
	machine->facts.module.installed.count = 1;
	machine->inventory = inventory_recorded(inventory);
	machine->policy = policy_of(SHIPPED);
	machine->facts.inventory = machine->inventory;
	machine->facts.policy = machine->policy;
}

static inline void machine_tear_down(struct machine *machine)
{
	free(machine->findings.items);
	kmemd_inventory_free(machine->inventory);
	kmemd_policy_free(machine->policy);
}

static inline const struct device *device_called(const struct machine *machine,
						 const char *identity)
{
	const struct device *device = inventory_device(machine->inventory, identity);

	assert_non_null(device);
	return device;
}

__attribute__((noinline, unused)) static struct finding *seek(const struct machine *machine,
							      const char *id)
{
	array_foreach(finding, &machine->findings)
		if (!strcmp(finding->id, id))
			return finding;
	return NULL;
}

/* A shell understands what is printed as a command; what is none says so by its first word. */
static inline void assert_cure_is_what_it_claims(const struct finding *finding)
{
	static const char *const starts[CURE_TYPE_COUNT] = {
		[CURE_NONE] = "none: ", [CURE_BY_HAND] = "by hand: ", [CURE_COMMAND] = ""};
	const char *start = starts[finding->cure_type];
	FILE *shell;

	if (strncmp(finding->cure, start, strlen(start)))
		fail_msg("%s: %s", finding->id, finding->cure);
	if (strlen(finding->cure) >= sizeof(finding->cure) - 1)
		fail_msg("%s: cut off: %s", finding->id, finding->cure);
	if (finding->cure_type != CURE_COMMAND)
		return;
	assert_int_not_equal(strncmp(finding->cure, "none: ", 6), 0);
	assert_int_not_equal(strncmp(finding->cure, "by hand: ", 9), 0);
	shell = popen("sh -n", "w");
	assert_non_null(shell);
	fputs(finding->cure, shell);
	if (pclose(shell) != 0)
		fail_msg("%s: no shell takes %s", finding->id, finding->cure);
}

static inline void examine(struct machine *machine)
{
	machine->findings.count = 0;
	free(machine->findings.items);
	machine->findings.items = NULL;
	assert_int_equal(judge(&machine->facts, &machine->findings), 0);
	array_foreach(finding, &machine->findings) {
		if (!finding->what[0] || !finding->why[0] || !finding->cure[0])
			fail_msg("%s: something is not said", finding->id);
		assert_cure_is_what_it_claims(finding);
	}
}

/* The finding is there, of that severity, and says that. */
static inline void assert_found(struct machine *machine, enum severity severity, const char *id,
				const char *what, const char *cure)
{
	struct finding *finding;

	examine(machine);
	finding = seek(machine, id);
	if (!finding) {
		array_foreach(other, &machine->findings)
			print_message("found: %s: %s\n", other->id, other->what);
		fail_msg("%s was not found", id);
	}
	assert_string_equal(severity_names[finding->severity], severity_names[severity]);
	assert_contains(finding->what, what);
	assert_contains(finding->cure, cure);
}

static inline void assert_not_found(struct machine *machine, const char *id)
{
	examine(machine);
	if (seek(machine, id))
		fail_msg("%s should not be found: %s", id, seek(machine, id)->what);
}

#define HEALTHY "two-expanders-online.json"
#define FRESH	"one-expander-fresh.json"

#endif
