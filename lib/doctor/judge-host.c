/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the machine, and others who put memory online. */
#include "base/parse.h"
#include "doctor/judge.h"
#include "policy/load-policy.h"

#include <stdio.h>
#include <strings.h>

#define AUTO_ONLINE "/sys/devices/system/memory/auto_online_blocks"

void judge_hotplug(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (!facts->has_hotplug) {
		finding = find(judgement, SEVERITY_ERROR, "no-hotplug", facts->kernel,
			       "this kernel has no memory hotplug");
		explain(finding, "without CONFIG_MEMORY_HOTPLUG no device's memory can become "
				 "memory of the system");
		cure(finding, "boot a kernel with CONFIG_MEMORY_HOTPLUG=y (Debian's has it)");
	} else if (facts->has_hotremove == TRISTATE_NO) {
		finding = find(judgement, SEVERITY_WARNING, "no-hotremove", facts->kernel,
			       "this kernel cannot take memory away again");
		explain(finding, "without CONFIG_MEMORY_HOTREMOVE what is online stays online: no "
				 "drain, no unplugging");
		cure(finding, "boot a kernel with CONFIG_MEMORY_HOTREMOVE=y (Debian's has it)");
	}
}

void judge_privilege(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (!facts->has_hotplug || (facts->inventory && facts->is_root))
		return;
	if (facts->is_root) {
		finding = find(judgement, SEVERITY_WARNING, "no-inventory", "inventory",
			       "the machine's memory cannot be looked at: %s",
			       facts->inventory_error);
		explain(finding, "no verb of kmemctl and no job of kmemd works without");
		cure(finding, "kmemctl inventory shows it again; dmesg and strace tell more");
		return;
	}
	finding = find(judgement, SEVERITY_NOTE, "not-all-seen", "",
		       "not everything was looked at%s%s", facts->inventory_error[0] ? ": " : "",
		       facts->inventory_error);
	explain(finding, "physical addresses, the kernel log and firmware variables are for root "
			 "only");
	cure(finding, "sudo kmemctl doctor");
}

/* kmemd holds the setting during a job; what others add follows it. */
void judge_auto_online(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	bool warn = !facts->service.running && any_ram(judgement);
	struct finding *finding;

	if (!facts->auto_online[0] || !strcmp(facts->auto_online, "offline"))
		return;
	finding = find(judgement, warn ? SEVERITY_WARNING : SEVERITY_NOTE, "auto-online",
		       AUTO_ONLINE, "the kernel puts every new memory block online by itself (%s)",
		       facts->auto_online);
	if (!strcmp(facts->auto_online, "online_movable"))
		explain(finding, "memory that is added by hand is in use at once; daxctl refuses "
				 "to reconfigure devices then");
	else
		explain(finding,
			"memory that kmemd does not add goes into a kernel zone, where it cannot "
			"be taken out of use again, and daxctl refuses to reconfigure devices. "
			"kmemd's own jobs hold the setting and put it back");
	cure(finding, "echo offline >" AUTO_ONLINE
		      " (for good: memhp_default_state=offline on the kernel's command line)");
}

void judge_online_policy(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (strcmp(facts->online_policy, "auto-movable"))
		return;
	finding = find(judgement, SEVERITY_NOTE, "online-policy", "memory_hotplug.online_policy",
		       "the kernel chooses zones by a ratio (auto-movable, %s%% movable to kernel)",
		       facts->auto_movable_ratio[0] ? facts->auto_movable_ratio : "?");
	explain(finding, "blocks that are put online as \"online\" land in different zones of one "
			 "device. kmemd always names the zone and is not concerned");
	cure(finding, "echo contig-zones >/sys/module/memory_hotplug/parameters/online_policy");
}

/* Whether somebody's memmap would be on the device if the kernel let it. */
static bool wants_memmap_on_device(const struct judgement *judgement)
{
	array_foreach(device, &judgement->facts->inventory->devices) {
		struct decision decision = judged_decision(judgement, device);

		if (is_or_becomes_ram(judgement, device) && decision.settings.memmap != MEMMAP_NO)
			return true;
	}
	return false;
}

void judge_memmap_parameter(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	bool wanted = facts->inventory && wants_memmap_on_device(judgement);
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
		cure(finding, "add memory_hotplug.memmap_on_memory=on to the kernel's command line "
			      "and boot: the parameter cannot be changed later");
	else
		cure(finding, "boot Linux 5.13 or later with CONFIG_MHP_MEMMAP_ON_MEMORY=y "
			      "(Debian's has it)");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void cure_rule(struct finding *finding, const struct rule_fact *rule)
{
	const char *name = base_name(rule->file);

	if (strstr(rule->file, "/etc/udev/rules.d/"))
		cure(finding, "sed -i '%u,%us/^/#/' %s && udevadm control --reload", rule->hit.line,
		     rule->hit.last_line, rule->file);
	else
		cure(finding,
		     "cp %s /etc/udev/rules.d/ && sed -i '%u,%us/^/#/' /etc/udev/rules.d/%s && "
		     "udevadm control --reload",
		     rule->file, rule->hit.line, rule->hit.last_line, name);
}

void judge_rules(struct judgement *judgement)
{
	array_foreach(rule, &judgement->facts->onlining) {
		char subject[128];
		struct finding *finding;

		snprintf(subject, sizeof(subject), "%s:%u", rule->file, rule->hit.line);
		finding = find(judgement, SEVERITY_WARNING, "udev-onlines", subject,
			       "a udev rule puts new memory blocks online (%s)%s", rule->hit.value,
			       rule->hit.conditional ? ", if a condition holds that was not tried"
						     : "");
		explain(finding, "it starts a process for every block and races with everybody "
				 "else: a device's blocks may end in different zones, and memory "
				 "that was to stay offline does not");
		cure_rule(finding, rule);
	}
}

/* Namespaces of daxctl's configuration that no policy file speaks for. */
static unsigned int not_imported(const struct facts *facts)
{
	unsigned int count = 0;

	array_foreach(uuid, &facts->daxctl_uuids) {
		bool found = false;

		if (facts->policy)
			array_foreach(file, &facts->policy->files)
				array_foreach(named, &file->match[KEY_MATCH_UUID])
					found = found || (pattern_is_exact(named) &&
							  pattern_fits_text(named, *uuid));
		count += !found;
	}
	return count;
}

static void judge_daxctl_rule(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const struct rule_fact *rule = facts->daxctl_rules.count ? facts->daxctl_rules.items : NULL;
	unsigned int count = (unsigned int)facts->daxctl_uuids.count, left = not_imported(facts);
	struct finding *finding;

	if (rule && count) {
		finding = find(judgement, SEVERITY_WARNING, "daxctl-reconfigures", rule->file,
			       "daxctl reconfigures %u namespace%s on arrival", count,
			       count == 1 ? "" : "s");
		explain(finding, "it works on the same devices as kmemd, without its lock: who "
				 "comes last wins");
		cure(finding, "%sln -s /dev/null /etc/udev/rules.d/%s && udevadm control --reload",
		     left ? "kmemctl policy import --output=/etc/kmemd/policy.d && " : "",
		     base_name(rule->file));
	} else if (left) {
		finding = find(judgement, SEVERITY_NOTE, "daxctl-unused", "/etc/daxctl.conf.d",
			       "daxctl's configuration names %u namespace%s that no policy names, "
			       "and no udev rule applies it",
			       left, left == 1 ? "" : "s");
		explain(finding, "what it says does not happen");
		cure(finding, "kmemctl policy import --output=/etc/kmemd/policy.d && systemctl "
			      "reload kmemd");
	}
}

void judge_daxctl(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;

	judge_daxctl_rule(judgement);
	array_foreach(problem, &facts->daxctl_problems) {
		char subject[128];
		struct finding *finding;

		snprintf(subject, sizeof(subject), "%s:%u", problem->path, problem->line);
		finding = find(judgement, SEVERITY_WARNING, "daxctl-config", subject, "%s",
			       problem->message);
		explain(finding, "daxctl passes over what it does not understand, without a word");
		cure(finding, "correct it, or move it to kmemd: kmemctl policy import %s",
		     problem->path);
	}
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
		cure(finding, "correct it, then: kmemctl policy check && systemctl reload kmemd");
	}
	if (policy->files.count || policy->problems.count)
		return;
	finding = find(judgement, SEVERITY_NOTE, "no-policy", "policy.d",
		       "there is no policy file");
	explain(finding, "every device is left alone");
	cure(finding, "see kmemd.policy(5)");
}

void judge_service(struct judgement *judgement)
{
	const struct service_facts *service = &judgement->facts->service;
	bool needed = any_ram(judgement);
	struct finding *finding;

	if (service->running) {
		if (service->enabled)
			return;
		finding = find(judgement, SEVERITY_NOTE, "service-not-enabled", "kmemd.service",
			       "kmemd runs, and is not enabled");
		explain(finding, "udev starts it when a device appears; enabled it is there "
				 "before");
		cure(finding, "systemctl enable kmemd");
		return;
	}
	if (service->masked) {
		finding = find(judgement, needed ? SEVERITY_WARNING : SEVERITY_NOTE,
			       "service-masked", "kmemd.service", "kmemd is masked");
		cure(finding, "systemctl unmask kmemd && systemctl enable --now kmemd");
	} else if (service->installed) {
		finding = find(judgement, needed ? SEVERITY_WARNING : SEVERITY_NOTE,
			       "service-not-running", "kmemd.service", "kmemd does not run");
		cure(finding, "systemctl enable --now kmemd (systemctl status kmemd tells why)");
	} else {
		finding = find(judgement, needed ? SEVERITY_WARNING : SEVERITY_NOTE,
			       "service-not-installed", "kmemd.service",
			       "kmemd's service is not installed");
		cure(finding, "install kmemd, then: systemctl enable --now kmemd");
	}
	explain(finding, "nobody applies policy when a device appears, also at boot: it takes "
			 "kmemctl apply by hand");
}
