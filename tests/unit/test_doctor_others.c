// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: from facts to findings: drivers, and others who put memory online. */
#include "doctor-fixture.h"

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
	assert_int_equal(machine.findings.count, 1); /* one reason is enough */
	strcpy(machine.facts.lock.lockdown, "integrity");
	assert_found(&machine, SEVERITY_ERROR, "kmem-unsigned", "(integrity)", "mokutil --import");
	assert_int_equal(machine.findings.count, 1);
	machine.ours.is_signed = true;
	assert_not_found(&machine, "kmem-unsigned");
	strcpy(machine.ours.vermagic, LINUX "-rt SMP ");
	assert_found(&machine, SEVERITY_ERROR, "kmem-wrong-kernel", "-rt", "-k " LINUX);
	assert_int_equal(machine.findings.count, 1);
	machine_tear_down(&machine);
}

static void kdump_and_the_daemon_of_gpus(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.rule = (struct rule_fact){(char *)"/usr/lib/udev/rules.d/98-kexec.rules",
					  {machine.hits, 1}};
	machine.hits[0] = (struct udev_hit){.line = 14, .last_line = 14};
	machine.facts.onliners.kdump_rules.items = &machine.rule;
	machine.facts.onliners.kdump_rules.count = 1;
	assert_found(&machine, SEVERITY_NOTE, "kdump-reloads", "every memory block",
		     "sed -i -e '14,14s/^/#/' /etc/udev/rules.d/98-kexec.rules && udevadm control "
		     "--reload # and load kdump again");
	machine.facts.onliners.nvidia_persistenced = true;
	assert_found(&machine, SEVERITY_NOTE, "nvidia-onlines", "memory of GPUs", "none: ");
	machine_tear_down(&machine);
}

static void too_many_rules_for_one_command(void **state)
{
	struct udev_hit hits[60];
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	for (unsigned int i = 0; i < array_size(hits); i++)
		hits[i] = (struct udev_hit){.line = 1000 + i, .last_line = 1000 + i};
	machine.rule = (struct rule_fact){(char *)"/usr/lib/udev/rules.d/1.rules", {hits, 27}};
	machine.facts.onliners.onlining.items = &machine.rule;
	machine.facts.onliners.onlining.count = 1;
	assert_found(&machine, SEVERITY_WARNING, "udev-onlines", "udev rules",
		     "-e '1026,1026s/^/#/' /etc/udev/rules.d/1.rules && udevadm");
	machine.rule.hits.count = 60;
	assert_found(&machine, SEVERITY_WARNING, "udev-onlines", "udev rules",
		     "by hand: edit a copy of /usr/lib/udev/rules.d/1.rules in /etc/udev/rules.d");
	machine_tear_down(&machine);
}

static void every_file_that_starts_daxctl(void **state)
{
	struct rule_fact rules[2];
	char *uuid = (char *)"ed93e918-e165-49d8-921d-383d7b9660c5";
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.hits[0] = (struct udev_hit){.line = 1, .last_line = 3};
	rules[0] = (struct rule_fact){(char *)"/etc/udev/rules.d/1.rules", {machine.hits, 1}};
	rules[1] = (struct rule_fact){(char *)"/etc/udev/rules.d/2.rules", {machine.hits, 1}};
	machine.facts.onliners.daxctl_rules.items = rules;
	machine.facts.onliners.daxctl_rules.count = 2;
	machine.facts.onliners.daxctl_uuids.items = &uuid;
	machine.facts.onliners.daxctl_uuids.count = 1;
	examine(&machine);
	assert_int_equal(machine.findings.count, 2);
	assert_string_equal(machine.findings.items[1].subject, "/etc/udev/rules.d/2.rules:1");
	machine_tear_down(&machine);
}

static void the_setting_comes_from_the_command_line(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	strcpy(machine.facts.onliners.auto_online, "online");
	examine(&machine);
	assert_null(strstr(seek(&machine, "auto-online")->cure, "in place of"));
	assert_contains(seek(&machine, "auto-online")->why, "a kernel zone");
	strcpy(machine.facts.command_line, "quiet memhp_default_state=online");
	assert_found(&machine, SEVERITY_NOTE, "auto-online", "(online)",
		     "in place of what it says");
	machine_tear_down(&machine);
}

static void a_driver_that_may_not_be_loaded(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.rule = (struct rule_fact){(char *)"/etc/modprobe.d/x.conf", {machine.hits, 2}};
	machine.hits[0] = (struct udev_hit){.line = 3, .last_line = 3, .value = "blacklist kmem"};
	machine.hits[1] = (struct udev_hit){.line = 5, .last_line = 5};
	machine.facts.module.bans.items = &machine.rule;
	machine.facts.module.bans.count = 1;
	assert_found(
		&machine, SEVERITY_ERROR, "kmem-blacklisted", "blacklist kmem",
		"sed -i -e '3,3s/^/#/' -e '5,5s/^/#/' /etc/modprobe.d/x.conf && modprobe kmem");
	assert_string_equal(seek(&machine, "kmem-blacklisted")->subject,
			    "/etc/modprobe.d/x.conf:3");
	machine.facts.inventory = NULL; /* nothing that needs it */
	assert_found(&machine, SEVERITY_WARNING, "kmem-blacklisted", "blacklist kmem", "sed");
	machine.facts.module.bans.count = 0;
	strcpy(machine.facts.command_line, "a module_blacklist=kmem b");
	assert_found(&machine, SEVERITY_ERROR, "kmem-blacklisted", "module_blacklist=kmem",
		     "by hand: take module_blacklist=kmem off");
	machine.facts.has_hotplug = false; /* worse */
	assert_not_found(&machine, "kmem-blacklisted");
	machine_tear_down(&machine);
}

static void a_driver_is_only_exchanged_with_no_memory_in_use(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.module.loaded_is_ours = false;
	assert_found(&machine, SEVERITY_WARNING, "kmem-stock-loaded", "own is loaded",
		     "by hand: update-initramfs");
	array_foreach(dax, &machine.inventory->dax)
		array_foreach(block, &dax->blocks)
			block->state = BLOCK_OFFLINE;
	assert_found(&machine, SEVERITY_WARNING, "kmem-stock-loaded", "own is loaded",
		     "rmmod kmem && modprobe kmem #");
	machine.facts.inventory = NULL;
	assert_found(&machine, SEVERITY_WARNING, "kmem-stock-loaded", "own is loaded", "by hand");
	machine_tear_down(&machine);
}

static void of_several_of_ours_the_one_that_is_taken(void **state)
{
	struct installed_kmem both[2];
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.module.loaded = machine.facts.module.loaded_is_ours = false;
	both[0] = both[1] = machine.ours;
	both[0].path = (char *)"/lib/modules/x/updates/kmem.ko";
	both[1].path = (char *)"/lib/modules/x/updates/dkms/kmem.ko.xz";
	strcpy(both[0].vermagic, "6.1.0 SMP");
	machine.facts.module.installed.items = both;
	machine.facts.module.installed.count = 2;
	assert_not_found(&machine, "kmem-wrong-kernel");
	strcpy(machine.facts.module.chosen, "updates/kmem.ko");
	assert_found(&machine, SEVERITY_ERROR, "kmem-wrong-kernel", "(6.1.0 SMP)",
		     "dkms install --force kmemd-kmem/");
	machine.facts.module.has_dkms = false;
	assert_found(&machine, SEVERITY_ERROR, "kmem-wrong-kernel", "(6.1.0 SMP)",
		     "by hand: install DKMS");
	machine_tear_down(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_onlines_by_itself),
		cmocka_unit_test(udev_rules_with_file_and_line),
		cmocka_unit_test(daxctl_reconfigures_too),
		cmocka_unit_test(another_kmem_than_ours),
		cmocka_unit_test(ours_is_refused),
		cmocka_unit_test(kdump_and_the_daemon_of_gpus),
		cmocka_unit_test(too_many_rules_for_one_command),
		cmocka_unit_test(every_file_that_starts_daxctl),
		cmocka_unit_test(the_setting_comes_from_the_command_line),
		cmocka_unit_test(a_driver_that_may_not_be_loaded),
		cmocka_unit_test(a_driver_is_only_exchanged_with_no_memory_in_use),
		cmocka_unit_test(of_several_of_ours_the_one_that_is_taken),
	};

	return cmocka_run_group_tests_name("doctor_others", tests, NULL, NULL);
}
