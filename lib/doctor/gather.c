/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather.h"

#include "doctor/gather-bans.h"
#include "doctor/gather-cxl.h"
#include "doctor/gather-dimms.h"
#include "doctor/gather-kernel.h"
#include "doctor/gather-log.h"
#include "doctor/gather-modules.h"
#include "doctor/gather-onliners.h"
#include "doctor/gather-proc.h"
#include "doctor/gather-state.h"

#include <unistd.h>

int facts_gather(const struct kmemd *kmemd, struct facts *facts)
{
	int r;

	facts->is_root = geteuid() == 0;
	facts_gather_kernel(kmemd, facts);
	facts_gather_state(kmemd, facts);
	r = facts_gather_log(kmemd, &facts->log);
	if (r == 0)
		r = facts_gather_proc(kmemd, facts);
	if (r == 0)
		r = facts_gather_modules(kmemd, facts);
	if (r == 0)
		r = facts_gather_bans(kmemd, &facts->module);
	if (r == 0)
		r = facts_gather_cxl(kmemd, facts);
	if (r == 0)
		r = facts_gather_dimms(kmemd, facts);
	return r < 0 ? r : facts_gather_onliners(kmemd, &facts->onliners);
}

void facts_release(struct facts *facts)
{
	if (facts->has_journal)
		journal_release(&facts->journal);
	array_foreach(kmem, &facts->module.installed)
		free(kmem->path);
	free(facts->module.installed.items);
	rule_facts_release(&facts->module.bans);
	free(facts->log.poisoned.items);
	free(facts->resources.items);
	free(facts->decoders.items);
	free(facts->dimms.items);
	free(facts->records.items);
	onliner_facts_release(&facts->onliners);
}
