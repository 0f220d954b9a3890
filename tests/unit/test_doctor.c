// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: from facts to findings: the host, the service, what jobs left. */
#include "doctor-fixture.h"

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
	assert_found(&machine, SEVERITY_ERROR, "failed", "mem0: no", "apply cxl-ram:0x1234");
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

static void what_could_not_be_looked_at(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.shows_addresses = false;
	assert_found(&machine, SEVERITY_WARNING, "not-all-seen",
		     "not looked at: physical addresses (/proc/iomem)", "none: root is not");
	machine.facts.log.readable = machine.facts.shows_records = false;
	machine.facts.is_root = false;
	assert_found(&machine, SEVERITY_WARNING, "not-all-seen",
		     "(/proc/iomem), the kernel log (/dev/kmsg), what jobs left (/run/kmemd)",
		     "sudo kmemctl doctor");
	assert_int_equal(machine.findings.count, 1);
	machine_tear_down(&machine);
}

static void problems_of_the_inventory(void **state)
{
	char *problem = (char *)"dax9.0: its size makes no sense";
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.inventory->problems.items = &problem;
	machine.inventory->problems.count = 1;
	assert_found(&machine, SEVERITY_WARNING, "left-out", "dax9.0: its size", "none: ");
	machine.facts.is_root = false; /* it was not shown the ranges */
	assert_not_found(&machine, "left-out");
	machine.facts.is_root = true;
	machine.facts.has_journal = machine.facts.journal_running = true;
	assert_not_found(&machine, "left-out");
	machine.inventory->problems.items = NULL;
	machine.inventory->problems.count = 0;
	machine_tear_down(&machine);
}

static void a_job_at_work_is_no_finding(void **state)
{
	static struct decoder_fact decoder = {
		.name = "decoder2.0", .memdev = "mem0", .dpa_size = GIB};
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.decoders.items = &decoder;
	machine.facts.decoders.count = 1;
	machine.facts.has_journal = machine.facts.journal_running = true;
	machine.facts.journal = (struct journal){.job = "apply", .device = "x", .pid = 7};
	strcpy(machine.facts.onliners.auto_online, "online_movable");
	machine.inventory->dax.items[0].blocks.items[0].state = BLOCK_OFFLINE;
	machine.inventory->regions.items[0].committed = false;
	machine.inventory->memdevs.items[0].ram_allocated = 0;
	machine.record = (struct record){.state = RECORD_FAILED, .message = "no"};
	strcpy(machine.record.device, machine.inventory->devices.items[0].identity);
	machine.record.instance = machine.inventory->devices.items[0].instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_NOTE, "job-runs", "(apply, pid 7) is under way",
		     "none: it ends");
	assert_int_equal(machine.findings.count, 1);
	machine.facts.journal_running = false;
	examine(&machine);
	assert_non_null(seek(&machine, "auto-online"));
	assert_non_null(seek(&machine, "blocks-offline"));
	assert_non_null(seek(&machine, "cxl-not-committed"));
	assert_non_null(seek(&machine, "cxl-uncommitted"));
	assert_non_null(seek(&machine, "cxl-stranded"));
	assert_non_null(seek(&machine, "failed"));
	assert_non_null(seek(&machine, "cut-short"));
	assert_null(seek(&machine, "job-runs"));
	machine_tear_down(&machine);
}

static void names_of_other_peoples_making_are_escaped(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.record = (struct record){.state = RECORD_HELD, .message = "\x1b[2Jno"};
	strcpy(machine.record.device, machine.inventory->devices.items[0].identity);
	machine.record.instance = machine.inventory->devices.items[0].instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_NOTE, "held", "\\x1b[2Jno", "apply");
	machine_tear_down(&machine);
}

static void masks_of_both_kinds(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, HEALTHY);
	machine.facts.service.masked_once = true;
	assert_found(&machine, SEVERITY_WARNING, "service-masked", "and still runs",
		     "systemctl unmask --runtime kmemd && systemctl enable --now kmemd");
	assert_null(strstr(seek(&machine, "service-masked")->cure, "unmask kmemd"));
	machine.facts.service.masked = true;
	machine.facts.service.running = false;
	assert_found(&machine, SEVERITY_WARNING, "service-masked", "kmemd is masked",
		     "systemctl unmask kmemd && systemctl unmask --runtime kmemd && systemctl");
	machine.facts.inventory = NULL;
	assert_found(&machine, SEVERITY_NOTE, "service-masked", "kmemd is masked", "unmask");
	machine_tear_down(&machine);
}

static void a_failed_device_whose_region_cannot_be_committed(void **state)
{
	struct machine machine;

	(void)state;
	machine_set_up(&machine, FRESH);
	machine.record = (struct record){.state = RECORD_FAILED, .message = "mem0: no"};
	strcpy(machine.record.device, "cxl-ram:0x1234");
	machine.record.instance = device_called(&machine, "cxl-ram:0x1234")->instance;
	machine.facts.records.items = &machine.record;
	machine.facts.records.count = 1;
	assert_found(&machine, SEVERITY_ERROR, "failed", "mem0: no",
		     "kmemctl apply cxl-ram:0x1234");
	machine.facts.hypervisor = true;
	assert_found(&machine, SEVERITY_ERROR, "failed", "mem0: no", "by hand: first that of");
	machine.facts.hypervisor = false;
	strcpy(machine.facts.log.cache_sync, "x");
	assert_found(&machine, SEVERITY_ERROR, "failed", "mem0: no", "by hand: first that of");
	machine.record.state = RECORD_REFUSED;
	assert_found(&machine, SEVERITY_WARNING, "refused", "mem0: no", "by hand: change what");
	machine_tear_down(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_machine_has_no_findings),
		cmocka_unit_test(a_kernel_without_hotplug),
		cmocka_unit_test(the_kernel_may_not_put_the_memmap_on_the_device),
		cmocka_unit_test(mistakes_in_policy),
		cmocka_unit_test(the_service),
		cmocka_unit_test(what_jobs_left),
		cmocka_unit_test(the_gravest_come_first),
		cmocka_unit_test(without_an_inventory_the_rest_is_found),
		cmocka_unit_test(what_could_not_be_looked_at),
		cmocka_unit_test(problems_of_the_inventory),
		cmocka_unit_test(a_job_at_work_is_no_finding),
		cmocka_unit_test(names_of_other_peoples_making_are_escaped),
		cmocka_unit_test(masks_of_both_kinds),
		cmocka_unit_test(a_failed_device_whose_region_cannot_be_committed),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
