/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-onliners.h"

#include "doctor/cure.h"

#include <stdio.h>
#include <strings.h>

#define AUTO_ONLINE  "/sys/devices/system/memory/auto_online_blocks"
#define RULES	     "/etc/udev/rules.d"
#define RELOAD_UDEV  "udevadm control --reload"
#define RELOAD_KMEMD "systemctl try-reload-or-restart kmemd"

/* kmemd holds the setting during a job; what others add follows it. */
void judge_auto_online(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const char *setting = facts->onliners.auto_online;
	bool warn = !facts->service.running && any_ram(judgement);
	bool at_boot = facts_command_line_has(facts, "memhp_default_state=");
	struct finding *finding;

	if (!setting[0] || !strcmp(setting, "offline") || job_runs(judgement))
		return;
	finding = find(judgement, warn ? SEVERITY_WARNING : SEVERITY_NOTE, "auto-online",
		       AUTO_ONLINE, "the kernel puts every new memory block online by itself (%s)",
		       setting);
	if (!strcmp(setting, "online_movable"))
		explain(finding, "memory that is added by hand is in use at once; daxctl refuses "
				 "to reconfigure devices then");
	else
		explain(finding,
			"memory that kmemd does not add goes into a kernel zone, where it cannot "
			"be taken out of use again, and daxctl refuses to reconfigure devices. "
			"kmemd's own jobs hold the setting and put it back");
	cure_by_command(finding,
			"echo offline >" AUTO_ONLINE " # until the next boot; for good: "
			"memhp_default_state=offline on the kernel's command line%s",
			at_boot ? ", in place of what it says now" : "");
}

void judge_online_policy(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (strcmp(facts->onliners.online_policy, "auto-movable"))
		return;
	finding = find(judgement, SEVERITY_NOTE, "online-policy", "memory_hotplug.online_policy",
		       "the kernel chooses zones by a ratio (auto-movable, %s%% movable to kernel)",
		       facts->auto_movable_ratio[0] ? facts->auto_movable_ratio : "?");
	explain(finding, "blocks that are put online as \"online\" land in different zones of one "
			 "device. kmemd always names the zone and is not concerned");
	cure_by_command(finding, "echo contig-zones "
				 ">/sys/module/memory_hotplug/parameters/online_policy");
}

/* "path:19", of the first of a file's rules. */
static void name_rule(const struct rule_fact *rule, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s:%u", rule->file, rule->hits.items[0].line);
}

void judge_rules(struct judgement *judgement)
{
	array_foreach(rule, &judgement->facts->onliners.onlining) {
		const struct udev_hit *hit = rule->hits.items;
		struct finding *finding;
		char subject[128];

		name_rule(rule, subject, sizeof(subject));
		finding = find(judgement, SEVERITY_WARNING, "udev-onlines", subject,
			       "%s put%s new memory blocks online (%s)%s",
			       rule->hits.count > 1 ? "udev rules" : "a udev rule",
			       rule->hits.count > 1 ? "" : "s", hit->value,
			       hit->conditional ? ", if a condition holds that was not tried" : "");
		explain(finding, "it starts a process for every block and races with everybody "
				 "else: a device's blocks may end in different zones, and memory "
				 "that was to stay offline does not");
		cure_lines(finding, rule->file, &rule->hits, RULES, RELOAD_UDEV);
	}
}

/* Namespaces of daxctl's configuration that no policy file speaks for. */
static unsigned int not_imported(const struct facts *facts)
{
	unsigned int count = 0;

	array_foreach(uuid, &facts->onliners.daxctl_uuids) {
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

#define IMPORT "kmemctl policy import --output=/etc/kmemd/policy.d && " RELOAD_KMEMD

static void judge_daxctl_rule(struct judgement *judgement, const struct rule_fact *rule)
{
	const struct facts *facts = judgement->facts;
	size_t count = facts->onliners.daxctl_uuids.count;
	struct finding *finding;
	char subject[128];

	name_rule(rule, subject, sizeof(subject));
	finding = find(judgement, SEVERITY_WARNING, "daxctl-reconfigures", subject,
		       "daxctl reconfigures %zu namespace%s on arrival", count,
		       count == 1 ? "" : "s");
	explain(finding, "it works on the same devices as kmemd, without its lock: who comes last "
			 "wins");
	cure_lines(finding, rule->file, &rule->hits, RULES,
		   not_imported(facts) ? RELOAD_UDEV " && " IMPORT : RELOAD_UDEV);
}

static void judge_daxctl_unused(struct judgement *judgement)
{
	unsigned int left = not_imported(judgement->facts);
	struct finding *finding;

	if (!left)
		return;
	finding = find(judgement, SEVERITY_NOTE, "daxctl-unused", "/etc/daxctl.conf.d",
		       "daxctl's configuration names %u namespace%s that no policy names, and no "
		       "udev rule applies it",
		       left, left == 1 ? "" : "s");
	explain(finding, "what it says does not happen");
	cure_by_command(finding, IMPORT);
}

void judge_daxctl(struct judgement *judgement)
{
	const struct onliner_facts *onliners = &judgement->facts->onliners;

	if (!onliners->daxctl_rules.count)
		judge_daxctl_unused(judgement);
	else if (onliners->daxctl_uuids.count)
		array_foreach(rule, &onliners->daxctl_rules)
			judge_daxctl_rule(judgement, rule);
	array_foreach(problem, &onliners->daxctl_problems) {
		char subject[128];
		struct finding *finding;

		snprintf(subject, sizeof(subject), "%s:%u", problem->path, problem->line);
		finding = find(judgement, SEVERITY_WARNING, "daxctl-config", subject, "%s",
			       problem->message);
		explain(finding, "daxctl passes over what it does not understand, without a word");
		cure_by_hand(finding, "correct it in %s", problem->path);
	}
}

void judge_kdump(struct judgement *judgement)
{
	array_foreach(rule, &judgement->facts->onliners.kdump_rules) {
		struct finding *finding;
		char subject[128];

		name_rule(rule, subject, sizeof(subject));
		finding = find(judgement, SEVERITY_NOTE, "kdump-reloads", subject,
			       "kdump is loaded again for every memory block that comes or goes");
		explain(finding,
			"a device of 1 TiB has 8192 blocks of 128 MiB: the machine is busy "
			"with that for long, and cannot dump meanwhile. Without the rule "
			"the next dump lacks what was added since kdump was loaded");
		cure_lines(finding, rule->file, &rule->hits, RULES,
			   RELOAD_UDEV " # and load kdump again once when memory has been added");
	}
}

/* Its GPUs' memory is memory of the system, and its blocks are put online by this daemon. */
void judge_nvidia(struct judgement *judgement)
{
	struct finding *finding;

	if (!judgement->facts->onliners.nvidia_persistenced)
		return;
	finding = find(judgement, SEVERITY_NOTE, "nvidia-onlines", "nvidia-persistenced.service",
		       "nvidia-persistenced puts the memory of GPUs online");
	explain(finding, "on machines where that is memory of the system it writes to its blocks "
			 "beside kmemd's jobs; no policy should name it");
	cure_none(finding, "the GPUs need it; Mode=ignore keeps a policy away from their memory");
}
