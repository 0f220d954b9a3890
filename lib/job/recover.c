/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/recover.h"

#include "base/json.h"
#include "inventory/read-host.h"
#include "job/engine.h"
#include "job/hold.h"
#include "job/parking.h"
#include "job/records.h"

#include <stdio.h>
#include <string.h>

#define ONLINE_STALL_SEC 120

int journal_write_records(const struct kmemd *kmemd, const struct journal *journal,
			  struct kmemd_error *error)
{
	int first = 0;

	for (size_t i = 0; i < json_object_array_length(journal->records); i++) {
		struct kmemd_error one = {0};
		struct record record;
		int r = record_from_json(json_object_array_get_idx(journal->records, i), &record);

		if (r == 0)
			r = record_write(kmemd, &record, &one);
		else
			error_errno(&one, -r, "the journal holds a record that is none");
		if (r < 0 && first == 0) {
			first = r;
			*error = one;
		}
	}
	return first;
}

static int save(struct run *run, struct kmemd_error *error)
{
	return journal_write(run->kmemd, run->owner, error);
}

bool journal_device_is_there(const struct kmemd *kmemd, const struct journal *journal)
{
	return !journal->instance_path[0] ||
	       sysfs_instance(kmemd->sysfs, journal->instance_path) == journal->instance;
}

/* False when something could not be put right, which is told. */
static bool settle_all(struct run *run)
{
	bool complete = true;

	for (size_t i = json_object_array_length(run->undo); i-- > 0;) {
		struct json_object *undo = json_object_array_get_idx(run->undo, i), *what = NULL;
		enum step_type type = step_type_of(json_text(undo, "step"));
		struct kmemd_error error = {0};

		json_object_object_get_ex(undo, "what", &what);
		if (type == STEP_COUNT || !step_operations(type)->settle ||
		    step_operations(type)->settle(run, what, &error) == 0)
			continue;
		run_event(run, KMEMD_EVENT_NOTICE, "could not %s: %s", json_text(undo, "text"),
			  error.message);
		complete = false;
	}
	return complete;
}

/* What became of the device, as the rest of a sentence. */
static const char *put_right(struct kmemd *kmemd, const struct kmemd_job *job,
			     struct journal *journal)
{
	struct patience patience = {.stall_sec = ONLINE_STALL_SEC};
	struct host host = {0};
	struct kmemd_error error = {0};
	struct run run = {
		.kmemd = kmemd,
		.job = job,
		.device = journal->device,
		.offline = patience,
		.online = patience,
		.rebound = true,
		.undo = journal->undo,
		.save = save,
		.owner = journal,
	};

	if (journal->done)
		return journal_write_records(kmemd, journal, &error) < 0
			       ? "it was done, and what is to be known of it later is lost"
			       : "it was done";
	if (!json_object_array_length(journal->undo))
		return "it had changed nothing that is not finished or seen by the next plan";
	if (!journal_device_is_there(kmemd, journal))
		return "its device is gone, and with it what it did";
	if (read_block_size(kmemd, &host, &error) < 0)
		return "nothing of it could be put right: there is no memory hotplug";
	run.block_size = host.block_size;
	if (journal->forward)
		return settle_all(&run) ? "it is finished from what is there now"
					: "a part of it stays half done";
	return task_undo(kmemd, journal, &run) ? "it is undone" : "a part of it is not undone";
}

/* 0; -ENOENT when there is no journal; another negative errno when it cannot be read. */
static int recover_one(struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	struct journal journal;
	char settings[160], message[512];
	const char *outcome;
	int r = journal_read(kmemd, &journal);

	if (r == -ENOENT)
		return r;
	if (r < 0 && r != -EBADMSG)
		return error_errno(error, -r,
				   "cannot read the journal in %s, by which a job that was cut "
				   "short is put right: %s",
				   kmemd->run, strerror(-r));
	if (r < 0) {
		/* Written by rename, so never half: somebody else's hand. It says nothing. */
		snprintf(message, sizeof(message), "the journal in %s is unreadable: ignored",
			 kmemd->run);
		job_tell(job, NULL, KMEMD_EVENT_NOTICE, message, NULL);
		journal_remove(kmemd);
		return 0;
	}
	outcome = put_right(kmemd, job, &journal);
	hold_release(kmemd, &journal, job, settings, sizeof(settings));
	snprintf(message, sizeof(message), "job '%s' of %s by %s (pid %d) was cut short: %s%s",
		 journal.job, journal.device, journal.program[0] ? journal.program : "kmemd",
		 journal.pid, outcome, settings);
	job_tell(job, journal.device, KMEMD_EVENT_RECOVERED, message, NULL);
	journal_finish(kmemd, &journal);
	journal_release(&journal);
	return 0;
}

/* A journal that cannot be removed, because a setting is still held, is tried again later. */
int job_recover(struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	int r = recover_one(kmemd, job, error);

	while ((r == 0 || r == -ENOENT) && parking_adopt_orphan(kmemd))
		r = recover_one(kmemd, job, error);
	return r == -ENOENT ? 0 : r;
}
