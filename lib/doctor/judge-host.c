/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-host.h"

#include "doctor/cure.h"
#include "policy/load-policy.h"

#include <stdio.h>

void judge_hotplug(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (!facts->has_hotplug) {
		finding = find(judgement, SEVERITY_ERROR, "no-hotplug", facts->kernel,
			       "this kernel has no memory hotplug");
		explain(finding, "without CONFIG_MEMORY_HOTPLUG no device's memory can become "
				 "memory of the system");
		cure_by_hand(finding,
			     "boot a kernel with CONFIG_MEMORY_HOTPLUG=y (Debian's has it)");
	} else if (facts->has_hotremove == TRISTATE_NO) {
		finding = find(judgement, SEVERITY_WARNING, "no-hotremove", facts->kernel,
			       "this kernel cannot take memory away again");
		explain(finding, "without CONFIG_MEMORY_HOTREMOVE what is online stays online: no "
				 "drain, no unplugging");
		cure_by_hand(finding,
			     "boot a kernel with CONFIG_MEMORY_HOTREMOVE=y (Debian's has it)");
	}
}

/* Adds what a person who asks this way is not shown. */
static void not_seen(char *list, size_t size, bool seen, const char *name)
{
	size_t used = strlen(list);

	if (!seen)
		snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
}

void judge_sight(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;
	char list[256] = "";

	not_seen(list, sizeof(list), facts->inventory, "the devices and their memory");
	not_seen(list, sizeof(list), facts->shows_addresses, "physical addresses (/proc/iomem)");
	not_seen(list, sizeof(list), facts->log.readable, "the kernel log (/dev/kmsg)");
	not_seen(list, sizeof(list), facts->shows_records, "what jobs left (/run/kmemd)");
	if (!facts->has_hotplug || !list[0])
		return;
	finding = find(judgement, SEVERITY_WARNING, "not-all-seen", "", "not looked at: %s%s%s",
		       list, facts->inventory_error[0] ? "; " : "", facts->inventory_error);
	explain(finding, "what is wrong there was not found");
	if (facts->is_root)
		cure_none(finding, "root is not shown it either: a container, or lockdown");
	else
		cure_by_command(finding, "sudo kmemctl doctor");
}

void judge_job(struct judgement *judgement)
{
	const struct journal *journal = &judgement->facts->journal;
	struct finding *finding;

	if (!job_runs(judgement))
		return;
	finding = find(judgement, SEVERITY_NOTE, "job-runs", journal->device,
		       "a job (%s, pid %d) is under way", journal->job, journal->pid);
	explain(finding, "devices, and the settings that it holds, change until it ends; they "
			 "were not judged");
	cure_none(finding, "it ends by itself (kmemctl status)");
}

/* Whether somebody's memmap would be on the device if the kernel let it. */
static bool wants_memmap_on_device(const struct judgement *judgement)
{
	array_foreach(device, &judged_inventory(judgement)->devices) {
		struct decision decision = judged_decision(judgement, device);

		if (is_or_becomes_ram(judgement, device) && decision.settings.memmap != MEMMAP_NO)
			return true;
	}
	return false;
}

void judge_memmap_parameter(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	bool wanted = wants_memmap_on_device(judgement);
	struct finding *finding;

	if (!facts->has_hotplug || facts->memmap_parameter[0] == 'Y' ||
	    !strcmp(facts->memmap_parameter, "force"))
		return;
	finding = find(judgement, wanted ? SEVERITY_WARNING : SEVERITY_NOTE, "memmap-parameter",
		       "memory_hotplug.memmap_on_memory",
		       facts->memmap_parameter[0]
			       ? "the kernel may not put a memmap on the memory that it describes"
			       : "this kernel cannot put a memmap on the memory that it describes");
	explain(finding, "every GiB of a device takes 16 MiB of DRAM, 16 GiB for a TiB, and a "
			 "device that is large beside the DRAM cannot be added at all");
	if (facts->memmap_parameter[0])
		cure_by_hand(finding,
			     "add memory_hotplug.memmap_on_memory=on to the kernel's command line "
			     "and boot: the parameter cannot be changed later");
	else
		cure_by_hand(finding, "boot Linux 5.13 or later with CONFIG_MHP_MEMMAP_ON_MEMORY=y "
				      "(Debian's has it)");
}

void judge_policy(struct judgement *judgement)
{
	const struct kmemd_policy *policy = judgement->facts->policy;
	struct finding *finding;
	bool any_valid;

	if (!policy)
		return;
	any_valid = policy_any_valid(policy);
	array_foreach(problem, &policy->problems) {
		char subject[128];

		snprintf(subject, sizeof(subject), "%s:%u", problem->path, problem->line);
		finding = find(judgement, any_valid ? SEVERITY_WARNING : SEVERITY_ERROR,
			       "policy-mistake", subject, "%s", problem->message);
		explain(finding, any_valid ? "devices that the file may be about are left as they "
					     "are until it is corrected"
					   : "no policy file is valid: nothing is done at all");
		cure_by_hand(finding, "correct it, then: kmemctl policy check && systemctl "
				      "try-reload-or-restart kmemd");
	}
	if (policy->files.count || policy->problems.count)
		return;
	finding = find(judgement, SEVERITY_NOTE, "no-policy", "policy.d",
		       "there is no policy file");
	explain(finding, "every device is left alone");
	cure_by_hand(finding, "write one, see kmemd.policy(5), or install kmemd's own again");
}

/* A mask keeps udev from starting it as well. */
static void judge_mask(struct judgement *judgement, enum severity severity)
{
	const struct service_facts *service = &judgement->facts->service;
	struct finding *finding;

	finding = find(judgement, severity, "service-masked", "kmemd.service", "kmemd is masked%s",
		       service->running ? ", and still runs" : "");
	explain(finding, "once it has ended nobody applies policy when a device appears, also at "
			 "boot: it takes kmemctl apply by hand");
	cure_by_command(finding, "%s%ssystemctl enable --now kmemd",
			service->masked ? "systemctl unmask kmemd && " : "",
			service->masked_once ? "systemctl unmask --runtime kmemd && " : "");
}

void judge_service(struct judgement *judgement)
{
	const struct service_facts *service = &judgement->facts->service;
	enum severity severity = any_ram(judgement) ? SEVERITY_WARNING : SEVERITY_NOTE;
	struct finding *finding;

	if (service->masked || service->masked_once) {
		judge_mask(judgement, severity);
		return;
	}
	if (service->running && service->enabled)
		return;
	if (service->running) {
		finding = find(judgement, SEVERITY_NOTE, "service-not-enabled", "kmemd.service",
			       "kmemd runs, and is not enabled");
		explain(finding, "udev starts it when a device appears; enabled it is there "
				 "before");
		cure_by_command(finding, "systemctl enable kmemd");
		return;
	}
	finding = find(judgement, severity,
		       service->installed ? "service-not-running" : "service-not-installed",
		       "kmemd.service", "kmemd's service %s",
		       service->installed ? "does not run" : "is not installed");
	explain(finding, "nobody applies policy when a device appears, also at boot: it takes "
			 "kmemctl apply by hand");
	if (service->installed)
		cure_by_command(finding, "systemctl enable --now kmemd # systemctl status kmemd "
					 "says why it ended");
	else
		cure_by_hand(finding, "install kmemd's units, then: systemctl enable --now kmemd");
}
