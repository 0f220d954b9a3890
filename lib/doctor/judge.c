/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge.h"

#include "base/printable.h"
#include "doctor/judge-cxl.h"
#include "doctor/judge-devices.h"
#include "doctor/judge-host.h"
#include "doctor/judge-memory.h"
#include "doctor/judge-module.h"
#include "doctor/judge-onliners.h"
#include "doctor/judge-records.h"
#include "policy/decide.h"
#include "policy/keys.h"

#include <stdarg.h>
#include <stdio.h>

const char *const severity_names[SEVERITY_COUNT] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

const char *const cure_type_names[CURE_TYPE_COUNT] = {
	[CURE_NONE] = "none",
	[CURE_BY_HAND] = "by-hand",
	[CURE_COMMAND] = "command",
};

static void (*const checks[])(struct judgement *judgement) = {
	judge_hotplug,
	judge_sight,
	judge_job,
	judge_module,
	judge_hypervisor,
	judge_resources,
	judge_devices,
	judge_dimms,
	judge_poison,
	judge_dram,
	judge_zones,
	judge_capacity,
	judge_stranded,
	judge_windows,
	judge_locks,
	judge_records,
	judge_cut_short,
	judge_auto_online,
	judge_memmap_parameter,
	judge_rules,
	judge_daxctl,
	judge_kdump,
	judge_nvidia,
	judge_policy,
	judge_service,
	judge_online_policy,
};

struct finding *find(struct judgement *judgement, enum severity severity, const char *id,
		     const char *subject, const char *format, ...)
{
	struct finding *finding = array_add(judgement->findings);
	char what[sizeof(finding->what)];
	va_list arguments;

	if (!finding) {
		judgement->short_of_memory = true;
		finding = &judgement->scratch;
	}
	finding->severity = severity;
	finding->id = id;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	/* Names of files and devices, messages of the kernel: all of other people's making. */
	printable_copy(subject, finding->subject, sizeof(finding->subject));
	printable_copy(what, finding->what, sizeof(finding->what));
	return finding;
}

const struct kmemd_inventory *judged_inventory(const struct judgement *judgement)
{
	static const struct kmemd_inventory none;
	const struct kmemd_inventory *inventory = judgement->facts->inventory;

	return inventory ? inventory : &none;
}

bool job_runs(const struct judgement *judgement)
{
	return judgement->facts->has_journal && judgement->facts->journal_running;
}

bool cannot_commit(const struct judgement *judgement)
{
	return judgement->facts->hypervisor || judgement->facts->log.cache_sync[0];
}

bool is_held(const struct judgement *judgement, const struct device *device)
{
	array_foreach(record, &judgement->facts->records)
		if (!strcmp(record->device, device->identity) &&
		    record->instance == device->instance && record->state != RECORD_FAILED &&
		    record->state != RECORD_REFUSED && record->state != RECORD_WAITING &&
		    record->state != RECORD_LEFT)
			return true;
	return false;
}

struct decision judged_decision(const struct judgement *judgement, const struct device *device)
{
	struct decision decision = {.settings = default_settings};

	if (judgement->facts->policy)
		policy_decide(judgement->facts->policy, &judgement->facts->inventory->host, device,
			      &decision);
	return decision;
}

bool is_or_becomes_ram(const struct judgement *judgement, const struct device *device)
{
	array_foreach(dax, &device->dax)
		if (dax_is_kmem(*dax))
			return true;
	return judged_decision(judgement, device).settings.mode == MODE_SYSTEM_RAM;
}

bool any_ram(const struct judgement *judgement)
{
	array_foreach(device, &judged_inventory(judgement)->devices)
		if (is_or_becomes_ram(judgement, device))
			return true;
	return false;
}

/* Keeps the order of the checks among findings of one severity. */
static void sort_by_severity(finding_list *findings)
{
	for (size_t i = 1; i < findings->count; i++)
		for (size_t j = i;
		     j && findings->items[j - 1].severity < findings->items[j].severity; j--) {
			struct finding swap = findings->items[j];

			findings->items[j] = findings->items[j - 1];
			findings->items[j - 1] = swap;
		}
}

int judge(const struct facts *facts, finding_list *ret)
{
	struct judgement judgement = {.facts = facts, .findings = ret};

	for (size_t i = 0; i < array_size(checks); i++)
		checks[i](&judgement);
	sort_by_severity(ret);
	return judgement.short_of_memory ? -ENOMEM : 0;
}
