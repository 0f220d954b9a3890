// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: from facts to findings. Facts are written down here; gathering them is
 * test_doctor_gather. */
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

static void machine_set_up(struct machine *machine, const char *inventory)
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

static void machine_tear_down(struct machine *machine)
{
	free(machine->findings.items);
	kmemd_inventory_free(machine->inventory);
	kmemd_policy_free(machine->policy);
}

static const struct device *device_called(const struct machine *machine, const char *identity)
{
	const struct device *device = inventory_device(machine->inventory, identity);

	assert_non_null(device);
	return device;
}

static struct finding *seek(const struct machine *machine, const char *id)
{
	array_foreach(finding, &machine->findings)
		if (!strcmp(finding->id, id))
			return finding;
	return NULL;
}

/* A shell understands what is printed as a command; what is none says so by its first word. */
static void assert_cure_is_what_it_claims(const struct finding *finding)
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

static void examine(struct machine *machine)
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
static void assert_found(struct machine *machine, enum severity severity, const char *id,
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

static void assert_not_found(struct machine *machine, const char *id)
{
	examine(machine);
	if (seek(machine, id))
		fail_msg("%s should not be found: %s", id, seek(machine, id)->what);
}

#define HEALTHY "two-expanders-online.json"
#define FRESH	"one-expander-fresh.json"

static void a_healthy_machine_has_no_findings(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	examine(&machine);
	array_foreach(finding, &machine.findings)
		fail_msg("%s: %s", finding->id, finding->what);
	machine_tear_down(&machine);
}

static void a_kernel_without_hotplug(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.has_hotremove = TRISTATE_NO;
	assert_found(&machine, SEVERITY_WARNING, "no-hotremove", "cannot take memory away",
		     "CONFIG_MEMORY_HOTREMOVE");
	machine.facts.has_hotplug = false;
	machine.facts.inventory = NULL;
	assert_found(&machine, SEVERITY_ERROR, "no-hotplug", "no memory hotplug",
		     "CONFIG_MEMORY_HOTPLUG");
	assert_int_equal(machine.findings.count, 1);
	machine_tear_down(&machine);
}

static void the_kernel_onlines_by_itself(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	strcpy(machine.facts.onliners.auto_online, "online");
	assert_found(&machine, SEVERITY_NOTE, "auto-online", "(online)", "echo offline >");
	machine.facts.service.running = false;
	assert_found(&machine, SEVERITY_WARNING, "auto-online", "(online)",
		     "memhp_default_state=offline");
	strcpy(machine.facts.onliners.auto_online, "online_movable");
	assert_found(&machine, SEVERITY_WARNING, "auto-online", "(online_movable)", "echo offline");
	strcpy(machine.facts.onliners.online_policy, "auto-movable");
	assert_found(&machine, SEVERITY_NOTE, "online-policy", "301%", "contig-zones");
	machine_tear_down(&machine);
}

static void the_kernel_may_not_put_the_memmap_on_the_device(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	strcpy(machine.facts.memmap_parameter, "N");
	assert_found(&machine, SEVERITY_WARNING, "memmap-parameter", "may not",
		     "memory_hotplug.memmap_on_memory=on");
	machine.facts.memmap_parameter[0] = '\0';
	assert_found(&machine, SEVERITY_WARNING, "memmap-parameter", "cannot", "5.13");
	strcpy(machine.facts.memmap_parameter, "force");
	assert_not_found(&machine, "memmap-parameter");
	machine_tear_down(&machine);
	machine_set_up(&machine, HEALTHY);
	strcpy(machine.facts.memmap_parameter, "N");
	kmemd_policy_free(machine.policy);
	machine.facts.policy = machine.policy = policy_of(SHIPPED "MemmapOnMemory=no\n");
	assert_found(&machine, SEVERITY_NOTE, "memmap-parameter", "may not", "boot");
	machine_tear_down(&machine);
}

static void udev_rules_with_file_and_line(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.rule = (struct rule_fact){
		.file = (char *)"/usr/lib/udev/rules.d/80-hotplug-cpu-mem.rules",
		.hits = {machine.hits, 1},
	};
	machine.hits[0] = (struct udev_hit){.line = 19, .last_line = 26, .value = "online"};
	machine.hits[1] = (struct udev_hit){.line = 30, .last_line = 30, .value = "online"};
	machine.facts.onliners.onlining.items = &machine.rule;
	machine.facts.onliners.onlining.count = 1;
	assert_found(&machine, SEVERITY_WARNING, "udev-onlines", "(online)",
		     "cp /usr/lib/udev/rules.d/80-hotplug-cpu-mem.rules /etc/udev/rules.d/ && sed "
		     "-i -e '19,26s/^/#/' /etc/udev/rules.d/80-hotplug-cpu-mem.rules && udevadm");
	assert_string_equal(seek(&machine, "udev-onlines")->subject,
			    "/usr/lib/udev/rules.d/80-hotplug-cpu-mem.rules:19");
	machine.rule.file = (char *)"/etc/udev/rules.d/99-x.rules";
	machine.hits[0].conditional = true;
	assert_found(&machine, SEVERITY_WARNING, "udev-onlines", "if a condition holds",
		     "sed -i -e '19,26s/^/#/' /etc/udev/rules.d/99-x.rules && udevadm");
	machine.rule.hits.count = 2;
	assert_found(&machine, SEVERITY_WARNING, "udev-onlines", "udev rules put new",
		     "-e '19,26s/^/#/' -e '30,30s/^/#/' /etc/udev/rules.d/99-x.rules && udevadm");
	machine_tear_down(&machine);
}

static void daxctl_reconfigures_too(void **state)
{
	char *uuids[] = {(char *)"ed93e918-e165-49d8-921d-383d7b9660c5",
			 (char *)"f36d02ff-1d9f-4fb9-a5b9-8ceb10a00fe3"};
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.hits[0] = (struct udev_hit){.line = 1, .last_line = 3};
	machine.rule.hits.items = machine.hits;
	machine.rule.hits.count = 1;
	machine.rule.file = (char *)"/usr/lib/udev/rules.d/90-daxctl-device.rules";
	machine.facts.onliners.daxctl_rules.items = &machine.rule;
	machine.facts.onliners.daxctl_rules.count = 1;
	examine(&machine);
	assert_int_equal(machine.findings.count, 0); /* installed, and nothing for it to do */
	machine.facts.onliners.daxctl_uuids.items = uuids;
	machine.facts.onliners.daxctl_uuids.count = 2;
	assert_found(&machine, SEVERITY_WARNING, "daxctl-reconfigures", "2 namespaces",
		     "sed -i -e '1,3s/^/#/' /etc/udev/rules.d/90-daxctl-device.rules && udevadm "
		     "control --reload && kmemctl policy import --output=/etc/kmemd/policy.d");
	machine.facts.onliners.daxctl_rules.count = 0;
	assert_found(&machine, SEVERITY_NOTE, "daxctl-unused", "2 namespaces", "policy import");
	policy_add(machine.policy, "imported.conf",
		   "[Match]\nUuid=ED93e918-e165-49d8-921d-383d7b9660c5\n[Memory]\nMode=devdax\n");
	assert_found(&machine, SEVERITY_NOTE, "daxctl-unused", "1 namespace that", "policy import");
	machine.facts.onliners.daxctl_uuids.count = 1;
	assert_not_found(&machine, "daxctl-unused");
	machine.facts.onliners.daxctl_rules.count = 1;
	assert_found(&machine, SEVERITY_WARNING, "daxctl-reconfigures", "1 namespace on",
		     "control --reload");
	assert_null(strstr(seek(&machine, "daxctl-reconfigures")->cure, "import"));
	machine.problem = (struct policy_problem){(char *)"/etc/daxctl.conf.d/a.conf", 3,
						  (char *)"mode=x: allowed"};
	machine.facts.onliners.daxctl_problems.items = &machine.problem;
	machine.facts.onliners.daxctl_problems.count = 1;
	assert_found(&machine, SEVERITY_WARNING, "daxctl-config", "mode=x",
		     "by hand: correct it in /etc");
	machine_tear_down(&machine);
}

static void mistakes_in_policy(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	policy_add(machine.policy, "bad.conf", "[Match]\nKind=x\n[Memory]\nMode=devdax\n");
	assert_found(&machine, SEVERITY_WARNING, "policy-mistake", "Kind=x",
		     "kmemctl policy check");
	assert_string_equal(seek(&machine, "policy-mistake")->subject, "bad.conf:2");
	kmemd_policy_free(machine.policy);
	machine.policy = calloc(1, sizeof(*machine.policy));
	machine.facts.policy = machine.policy;
	assert_found(&machine, SEVERITY_NOTE, "no-policy", "no policy file", "kmemd.policy(5)");
	policy_add(machine.policy, "bad.conf", "[Match]\nKind=x\n[Memory]\nMode=devdax\n");
	assert_found(&machine, SEVERITY_ERROR, "policy-mistake", "Kind=x", "kmemctl policy check");
	machine_tear_down(&machine);
}

static void the_service(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.service.enabled = false;
	assert_found(&machine, SEVERITY_NOTE, "service-not-enabled", "not enabled", "enable kmemd");
	machine.facts.service.running = false;
	assert_found(&machine, SEVERITY_WARNING, "service-not-running", "does not run", "--now");
	machine.facts.service.masked = true;
	assert_found(&machine, SEVERITY_WARNING, "service-masked", "masked", "unmask");
	machine.facts.service = (struct service_facts){0};
	assert_found(&machine, SEVERITY_WARNING, "service-not-installed", "not installed",
		     "install");
	machine_tear_down(&machine);
}

static void another_kmem_than_ours(void **state)
{
	struct machine machine;
	struct module_facts *module = &machine.facts.module;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	module->loaded_is_ours = false;
	module->loaded_version[0] = module->loaded_srcversion[0] = '\0';
	assert_found(&machine, SEVERITY_WARNING, "kmem-stock-loaded", "the kernel's own is loaded",
		     "rmmod kmem && modprobe kmem");
	strcpy(module->chosen, "kernel/drivers/dax/kmem.ko.xz");
	assert_found(&machine, SEVERITY_WARNING, "kmem-not-chosen", "modprobe takes", "depmod -a");
	strcpy(machine.ours.release, "6.1.0-1-amd64");
	assert_found(&machine, SEVERITY_WARNING, "kmem-other-kernel", "for Linux 6.1.0-1-amd64",
		     "linux-headers-" LINUX);
	module->installed.count = 0;
	assert_found(&machine, SEVERITY_NOTE, "kmem-stock", "own kmem is in use", "dkms install");
	strcpy(machine.facts.kernel, "6.1.0-1-amd64");
	assert_found(&machine, SEVERITY_WARNING, "kmem-stock", "own kmem is in use",
		     "dkms install");
	assert_contains(seek(&machine, "kmem-stock")->why, "before Linux 6.8");
	module->loaded = false;
	module->chosen_exists = false;
	assert_found(&machine, SEVERITY_ERROR, "kmem-missing", "not there, kernel/drivers/dax",
		     "depmod -a");
	module->chosen[0] = '\0';
	assert_found(&machine, SEVERITY_ERROR, "kmem-missing", "no kmem driver",
		     "CONFIG_DEV_DAX_KMEM");
	module->built_in = true;
	assert_not_found(&machine, "kmem-missing");
	assert_non_null(seek(&machine, "kmem-stock"));
	machine_tear_down(&machine);
}

static void ours_is_refused(void **state)
{
	struct machine machine;
	struct module_facts *module = &machine.facts.module;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	strcpy(module->loaded_srcversion, "CD");
	assert_found(&machine, SEVERITY_NOTE, "kmem-older-loaded", "another build",
		     "modprobe kmem");
	module->loaded = module->loaded_is_ours = false;
	assert_not_found(&machine, "kmem-rejected"); /* it is loaded when it is needed */
	strcpy(machine.facts.log.rejected, "kmem: Unknown symbol x");
	assert_found(&machine, SEVERITY_ERROR, "kmem-rejected", "Unknown symbol x", "dkms install");
	strcpy(machine.facts.lock.lockdown, "integrity");
	assert_found(&machine, SEVERITY_ERROR, "kmem-unsigned", "(integrity)", "mokutil --import");
	machine.ours.is_signed = true;
	assert_not_found(&machine, "kmem-unsigned");
	strcpy(machine.ours.vermagic, LINUX "-rt SMP ");
	assert_found(&machine, SEVERITY_ERROR, "kmem-wrong-kernel", "-rt", "-k " LINUX);
	machine_tear_down(&machine);
}

static void regions_that_cannot_be_committed(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.hypervisor = true;
	assert_not_found(&machine, "cxl-hypervisor"); /* all of it is committed already */
	machine_tear_down(&machine);
	machine_set_up(&machine, FRESH);
	assert_not_found(&machine, "cxl-hypervisor");
	machine.facts.hypervisor = true;
	assert_found(&machine, SEVERITY_ERROR, "cxl-hypervisor", "there is a hypervisor",
		     "hypervisor=off");
	machine.facts.hypervisor = false;
	strcpy(machine.facts.log.cache_sync, "cxl region0: Failed to synchronize");
	assert_found(&machine, SEVERITY_ERROR, "cxl-hypervisor", "could not commit", "firmware");
	machine_tear_down(&machine);
}

static void capacity_that_nobody_uses(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	assert_found(&machine, SEVERITY_WARNING, "cxl-uncommitted", "512 MiB of mem0",
		     "kmemctl apply mem0");
	machine.record = (struct record){.state = RECORD_HELD, .message = "drained by kmemctl"};
	strcpy(machine.record.device, "cxl-ram:0x1234");
	machine.record.instance = device_called(&machine, "cxl-ram:0x1234")->instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_NOTE, "cxl-uncommitted", "512 MiB", "kmemctl apply mem0");
	machine.facts.records.count = 0;
	kmemd_policy_free(machine.policy);
	machine.facts.policy = machine.policy = policy_of(
		"[Match]\nKind=dax\n[Memory]\nMode=ignore\n");
	assert_found(&machine, SEVERITY_NOTE, "cxl-uncommitted", "512 MiB", "Create=yes");
	machine.inventory->memdevs.items[0].enabled = false;
	assert_found(&machine, SEVERITY_WARNING, "cxl-disabled", "not ready", "enable-memdev mem0");
	machine_tear_down(&machine);
}

static void bytes_lost_to_alignment(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = &machine.inventory->dax.items[0];
	dax->ranges.items[0].size += 64 * MIB;
	dax->size += 64 * MIB;
	assert_found(&machine, dax->size / 20 < 64 * MIB ? SEVERITY_WARNING : SEVERITY_NOTE,
		     "alignment", "64 MiB of", "multiples of 128 MiB");
	dax->blocks.count = 0;
	assert_found(&machine, SEVERITY_ERROR, "no-whole-block", "no whole memory block",
		     "multiples of 128 MiB");
	dax->blocks.count = 1;
	dax->ranges.count = 0;
	machine_tear_down(&machine);
}

static void blocks_that_are_not_as_wanted(void **state)
{
	struct machine machine;
	struct memory_block *blocks;
	size_t count;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	blocks = machine.inventory->dax.items[0].blocks.items;
	count = machine.inventory->dax.items[0].blocks.count;
	blocks[0].state = BLOCK_KERNEL;
	assert_found(&machine, SEVERITY_WARNING, "zones-mixed", "1 kernel", "kmemctl apply");
	for (size_t i = 0; i < count; i++)
		blocks[i].state = BLOCK_KERNEL;
	assert_found(&machine, SEVERITY_WARNING, "zone-differs", "(movable)", "kmemctl apply");
	for (size_t i = 0; i < count; i++)
		blocks[i].state = BLOCK_OFFLINE;
	assert_found(&machine, SEVERITY_WARNING, "blocks-offline", "are offline", "kmemctl apply");
	blocks[0].state = BLOCK_ABSENT;
	assert_found(&machine, SEVERITY_WARNING, "blocks-missing", "were not added", "drain");
	machine_tear_down(&machine);
}

static void a_memmap_in_dram_against_the_wish(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = &machine.inventory->dax.items[0];
	dax->memmap_on_memory = TRISTATE_YES;
	dax->has_kmem_numbers = true;
	dax->memmap_dram = 8 * MIB;
	dax->memmap_device = 0;
	assert_found(&machine, SEVERITY_WARNING, "memmap-in-dram", "counted by the driver",
		     "on --rebind");
	machine_tear_down(&machine);
}

static void a_memmap_that_does_not_fit(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	machine.inventory->host.memory_available = 7 * MIB; /* of 8 for 512 MiB */
	assert_not_found(&machine, "memmap-too-large");
	strcpy(machine.facts.memmap_parameter, "N");
	assert_found(&machine, SEVERITY_ERROR, "memmap-too-large", "needs 8 MiB",
		     "memory_hotplug.memmap_on_memory=on");
	machine.inventory->host.memory_available = 8 * MIB;
	assert_not_found(&machine, "memmap-too-large");
	machine_tear_down(&machine);
}

static void more_movable_than_the_kernel_can_live_with(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.movable_zone = 12 * GIB;
	assert_not_found(&machine, "zone-ratio");
	machine.facts.movable_zone++;
	assert_found(&machine, SEVERITY_NOTE, "zone-ratio", "3.0 to 1", "Zone=kernel");
	machine.facts.movable_zone = 64 * GIB;
	assert_found(&machine, SEVERITY_WARNING, "zone-ratio", "16.0 to 1", "Zone=kernel");
	machine.facts.kernel_zone = 0; /* nothing was read */
	assert_not_found(&machine, "zone-ratio");
	machine_tear_down(&machine);
}

static void ranges_that_nobody_owns(void **state)
{
	struct machine machine;
	struct dax_device *dax;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	dax = &machine.inventory->dax.items[0];
	machine.resource = (struct resource){.range = dax->ranges.items[0],
					     .name = "System RAM (kmem)"};
	machine.facts.resources.items = &machine.resource;
	machine.facts.resources.count = 1;
	assert_not_found(&machine, "stuck-range");
	strcpy(dax->driver, "device_dax");
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "belong to no device",
		     "echo offline");
	machine.facts.module.loaded_is_ours = false;
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "belong to no device", "boot");
	strcpy(dax->driver, "kmem");
	strcpy(machine.resource.name, dax->name);
	assert_not_found(&machine, "stuck-range");
	strcpy(machine.resource.name, "dax77.0");
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "\"dax77.0\"", "boot");
	strcpy(machine.resource.name, "System RAM"); /* of the machine itself */
	machine.resource.range.start = 0x1000;
	assert_not_found(&machine, "stuck-range");
	strcpy(machine.resource.name, "dax77.0");
	machine.facts.has_journal = machine.facts.journal_running = true;
	assert_not_found(&machine, "stuck-range"); /* it is being made */
	machine.facts.journal_running = false;
	assert_found(&machine, SEVERITY_ERROR, "stuck-range", "\"dax77.0\"", "boot");
	machine.facts.resources.count = 0;
	strcpy(machine.facts.log.leaked, "kmem dax0.0: mapping0: cannot be hotremoved");
	assert_found(&machine, SEVERITY_WARNING, "leaked", "cannot be hotremoved", "boot");
	machine_tear_down(&machine);
}

static void an_expander_that_was_pulled_out(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.inventory->regions.items[0].lost_blocks = 8;
	assert_found(&machine, SEVERITY_ERROR, "lost", "8 blocks of region", "drain before");
	machine_tear_down(&machine);
}

static void what_jobs_left(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.record = (struct record){.state = RECORD_FAILED, .message = "mem0: no"};
	strcpy(machine.record.device, "cxl-ram:0x1234");
	machine.record.instance = device_called(&machine, "cxl-ram:0x1234")->instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_ERROR, "failed", "mem0: no", "apply mem0");
	machine.record.state = RECORD_REFUSED;
	assert_found(&machine, SEVERITY_WARNING, "refused", "mem0: no", "apply");
	machine.record.state = RECORD_HELD;
	assert_found(&machine, SEVERITY_NOTE, "held", "mem0: no", "apply");
	machine.facts.has_journal = machine.facts.journal_running = true;
	machine.facts.journal = (struct journal){.job = "apply", .device = "x", .pid = 7};
	assert_not_found(&machine, "cut-short");
	machine.facts.journal_running = false;
	assert_found(&machine, SEVERITY_WARNING, "cut-short", "(apply, pid 7)", "kmemctl apply");
	machine_tear_down(&machine);
}

static void the_gravest_come_first(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	strcpy(machine.facts.onliners.auto_online, "online");
	strcpy(machine.facts.memmap_parameter, "N");
	machine.facts.hypervisor = true;
	examine(&machine);
	assert_true(machine.findings.count >= 4);
	for (size_t i = 1; i < machine.findings.count; i++)
		assert_true(machine.findings.items[i - 1].severity >=
			    machine.findings.items[i].severity);
	assert_string_equal(machine.findings.items[0].id, "cxl-hypervisor");
	machine_tear_down(&machine);
}

static void without_an_inventory_the_rest_is_found(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.inventory = NULL;
	machine.facts.policy = NULL;
	strcpy(machine.facts.inventory_error, "only root may");
	strcpy(machine.facts.onliners.auto_online, "online");
	assert_found(&machine, SEVERITY_WARNING, "not-all-seen",
		     "the devices and their memory; only root may", "none: root");
	machine.facts.is_root = false;
	assert_found(&machine, SEVERITY_WARNING, "not-all-seen", "only root may",
		     "sudo kmemctl doctor");
	assert_non_null(seek(&machine, "auto-online"));
	machine_tear_down(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_machine_has_no_findings),
		cmocka_unit_test(a_kernel_without_hotplug),
		cmocka_unit_test(the_kernel_onlines_by_itself),
		cmocka_unit_test(the_kernel_may_not_put_the_memmap_on_the_device),
		cmocka_unit_test(udev_rules_with_file_and_line),
		cmocka_unit_test(daxctl_reconfigures_too),
		cmocka_unit_test(mistakes_in_policy),
		cmocka_unit_test(the_service),
		cmocka_unit_test(another_kmem_than_ours),
		cmocka_unit_test(ours_is_refused),
		cmocka_unit_test(regions_that_cannot_be_committed),
		cmocka_unit_test(capacity_that_nobody_uses),
		cmocka_unit_test(bytes_lost_to_alignment),
		cmocka_unit_test(blocks_that_are_not_as_wanted),
		cmocka_unit_test(a_memmap_in_dram_against_the_wish),
		cmocka_unit_test(a_memmap_that_does_not_fit),
		cmocka_unit_test(more_movable_than_the_kernel_can_live_with),
		cmocka_unit_test(ranges_that_nobody_owns),
		cmocka_unit_test(an_expander_that_was_pulled_out),
		cmocka_unit_test(what_jobs_left),
		cmocka_unit_test(the_gravest_come_first),
		cmocka_unit_test(without_an_inventory_the_rest_is_found),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
