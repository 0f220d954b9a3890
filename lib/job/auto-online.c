/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holding auto_online_blocks (Documentation/admin-guide/mm/memory-hotplug.rst) during a job. */
#include "base/error.h"
#include "base/file.h"
#include "job/journal.h"
#include "job/run.h"

#include <stdio.h>

#define AUTO_ONLINE "devices/system/memory/auto_online_blocks"

int auto_online_hold(struct run *run, const char *word, struct kmemd_error *error)
{
	struct journal *journal = &run->journal;
	const char *now = run->inventory->host.auto_online_blocks;
	int r;

	/* "offline" leaves it to whoever adds memory to online it, which is us. */
	if (!now[0] || !strcmp(now, "offline") || !strcmp(now, word))
		return 0;
	snprintf(journal->auto_online_was, sizeof(journal->auto_online_was), "%s", now);
	snprintf(journal->auto_online_is, sizeof(journal->auto_online_is), "%s", word);
	r = journal_write(run->kmemd, journal, error);
	return r < 0 ? r : run_write(run, AUTO_ONLINE, word, error);
}

int auto_online_restore(struct run *run, struct kmemd_error *error)
{
	struct journal *journal = &run->journal;
	char now[sizeof(journal->auto_online_is)];
	int r;

	if (!journal->auto_online_was[0])
		return 0;
	r = run_read(run, AUTO_ONLINE, now, sizeof(now), error);
	if (r < 0)
		return r;
	/* Somebody else's setting meanwhile is newer than what was there before. */
	if (!strcmp(now, journal->auto_online_is))
		r = run_write(run, AUTO_ONLINE, journal->auto_online_was, error);
	if (r == 0)
		journal->auto_online_was[0] = '\0';
	return r;
}
