/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-records.h"

#include "doctor/cure.h"

#include <stdio.h>

/* Records of other states than these are somebody's wish, too. */
static const struct record_kind {
	enum severity severity;
	const char *why;
} kinds[] = {
	[RECORD_HELD] = {SEVERITY_NOTE, "policy leaves it alone until kmemctl apply"},
	[RECORD_MANUAL] = {SEVERITY_NOTE, "policy leaves it alone until kmemctl apply"},
	[RECORD_FAILED] = {SEVERITY_ERROR, "it is not tried again by itself"},
	[RECORD_REFUSED] = {SEVERITY_WARNING,
			    "policy wants something that cannot or must not be done"},
};

/* The device in the life that the record is about; of another life it is out of date. */
static const struct device *device_of(const struct judgement *judgement,
				      const struct record *record)
{
	array_foreach(device, &judged_inventory(judgement)->devices)
		if (!strcmp(device->identity, record->device) &&
		    device->instance == record->instance)
			return device;
	return NULL;
}

static bool region_is_missing(const struct device *device)
{
	return device->kind == KIND_CXL_RAM && !device->regions.count;
}

static void cure_record(const struct judgement *judgement, struct finding *finding,
			const struct record *record, const struct device *device)
{
	if (record->state == RECORD_REFUSED)
		cure_by_hand(finding,
			     "change what policy asks for, or what is in its way, then: "
			     "kmemctl apply %s",
			     device->identity);
	else if (region_is_missing(device) && cannot_commit(judgement))
		cure_by_hand(finding, "first that of cxl-hypervisor, then: kmemctl apply %s",
			     device->identity);
	else
		cure_by_command(finding, "kmemctl apply %s", device->identity);
}

void judge_records(struct judgement *judgement)
{
	array_foreach(record, &judgement->facts->records) {
		size_t state = record->state < array_size(kinds) ? record->state : RECORD_HELD;
		const struct device *device = device_of(judgement, record);
		struct finding *finding;

		if (!device || record->state == RECORD_LEFT || record->state == RECORD_WAITING ||
		    job_runs(judgement))
			continue;
		finding = find(judgement, kinds[state].severity, record_state_names[record->state],
			       record->device, "%.400s", record->message);
		explain(finding, "%s", kinds[state].why);
		cure_record(judgement, finding, record, device);
	}
}

void judge_cut_short(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (!facts->has_journal || facts->journal_running)
		return;
	finding = find(judgement, SEVERITY_WARNING, "cut-short", facts->journal.device,
		       "a job (%s, pid %d) was cut short", facts->journal.job, facts->journal.pid);
	explain(finding, "what it left half done is put right by the next job");
	cure_by_command(finding, "kmemctl apply");
}
