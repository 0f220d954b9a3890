/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan from its first step to its last or back, and what is left of one that was cut short. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "job/event.h"
#include "job/journal.h"
#include "job/run.h"

#include <fcntl.h>
#include <stdio.h>

static int run_step(struct run *run, const struct step *step, struct kmemd_error *error)
{
	static int (*const functions[STEP_COUNT])(struct run *, const struct step *,
						  struct kmemd_error *) = {
		[STEP_CREATE_REGION] = step_create_region,
		[STEP_ENABLE_REGION] = step_enable_region,
		[STEP_OFFLINE] = step_offline,
		[STEP_BIND] = step_bind,
		[STEP_UNBIND] = step_unbind,
		[STEP_ONLINE] = step_online,
		[STEP_DESTROY_REGION] = step_destroy_region,
		[STEP_CREATE_DAX] = step_create_dax,
		[STEP_RESIZE_DAX] = step_resize_dax,
		[STEP_DESTROY_DAX] = step_destroy_dax,
	};
	char text[192];
	int r;

	if (run_is_cancelled(run))
		return error_set(error, KMEMD_FAILED, ECANCELED, "cancelled");
	step_text(step, text, sizeof(text));
	run_event(run, KMEMD_EVENT_STEP, "%s", text);
	r = functions[step->type](run, step, error);
	if (r < 0)
		error_prefix(error, "cannot %s", text);
	return r;
}

/* Newest first; one that fails is told and does not stop the others. */
static bool undo_all(struct run *run)
{
	bool complete = true;

	run->undoing = true;
	while (run->undos.count) {
		struct undo *undo = &run->undos.items[--run->undos.count];
		struct kmemd_error error = {0};

		run_event(run, KMEMD_EVENT_UNDO, "%s", undo->what);
		if (undo->function(run, undo->data, &error) < 0) {
			run_event(run, KMEMD_EVENT_UNDO, "could not %s: %s", undo->what,
				  error.message);
			complete = false;
		}
		undo->release(undo->data);
	}
	run->undoing = false;
	return complete;
}

static void forget_undos(struct run *run)
{
	array_foreach(undo, &run->undos)
		undo->release(undo->data);
	free(run->undos.items);
	run->undos.items = NULL;
	run->undos.count = 0;
}

static bool plan_adds_memory(const struct plan *plan)
{
	array_foreach(step, &plan->steps)
		if (step->type == STEP_CREATE_REGION || step->type == STEP_ENABLE_REGION ||
		    (step->type == STEP_BIND && !strcmp(step->driver, "kmem")))
			return true;
	return false;
}

static int run_steps(struct run *run, struct kmemd_error *error)
{
	if (plan_adds_memory(run->plan)) {
		int r = auto_online_hold(run, run->plan->auto_online, error);

		if (r < 0)
			return r;
	}
	array_foreach(step, &run->plan->steps) {
		int r = run_step(run, step, error);

		if (r < 0)
			return r;
	}
	return 0;
}

static void handle_failure(struct run *run, struct kmemd_error *error)
{
	bool did_something = run->undos.count > 0;

	if (run->plan->decision.settings.on_failure == ON_FAILURE_KEEP && did_something &&
	    run->plan->goal != GOAL_DRAIN) {
		error->result = KMEMD_PARTLY;
		return;
	}
	if (!undo_all(run))
		error->result = KMEMD_PARTLY;
}

int run_plan(struct run *run, struct kmemd_error *error)
{
	struct kmemd_error restore_error = {0};
	int r;

	snprintf(run->journal.device, sizeof(run->journal.device), "%s",
		 run->plan->device->identity);
	run->journal.pid = getpid();
	r = journal_write(run->kmemd, &run->journal, error);
	if (r < 0)
		return r;
	r = run_steps(run, error);
	if (r == 0 && run->check) {
		r = run->check(run, error);
		if (r < 0)
			error_prefix(error, "not as it should be afterwards");
	}
	if (r < 0)
		handle_failure(run, error);
	forget_undos(run);
	if (auto_online_restore(run, &restore_error) < 0) {
		/* The journal stays: whoever takes the lock next tries again. */
		run_event(run, KMEMD_EVENT_NOTICE, "%s", restore_error.message);
		return r < 0 ? r : (*error = restore_error, -restore_error.errnum);
	}
	if (!run->journal.region[0]) /* else a region is half gone, and the next job tries again */
		journal_remove(run->kmemd);
	return r;
}

static int recover_region(struct run *run, struct kmemd_error *error)
{
	const struct journal *journal = &run->journal;
	_cleanup_free_ char *commit = format_text("%s/bus/cxl/devices/%s/commit", run->kmemd->sysfs,
						  journal->region);
	char text[16];

	if (!commit)
		return error_memory(error);
	if (attribute_read(AT_FDCWD, commit, text, sizeof(text)) == 0 && text[0] == '1')
		return 0; /* complete: what is missing beyond it is planned anew */
	return region_destroy(run, journal->region, journal->root_decoder,
			      journal->endpoint_decoder, error);
}

int run_recover(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	struct run run = {.kmemd = kmemd, .job = job};
	struct journal *journal = &run.journal;
	char auto_online[96] = "";
	int r = journal_read(kmemd, journal);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		/* Written by rename, so never half: somebody else's hand. It says nothing. */
		run_event(&run, KMEMD_EVENT_NOTICE, "the journal in %s is unreadable: ignored",
			  kmemd->run);
		journal_remove(kmemd);
		return 0;
	}
	/* A region that cannot be freed must not keep all other work from being done. */
	if (journal->region[0] && recover_region(&run, error) < 0)
		run_event(&run, KMEMD_EVENT_NOTICE, "%s stays half-made: %s", journal->region,
			  error->message);
	if (journal->auto_online_was[0])
		snprintf(auto_online, sizeof(auto_online), "; auto_online_blocks is '%s' again",
			 journal->auto_online_was);
	r = auto_online_restore(&run, error);
	if (r < 0)
		return r;
	run_event(&run, KMEMD_EVENT_RECOVERED,
		  "job '%s' of %s (pid %d) was cut short%s; it is finished or undone from what is "
		  "there now",
		  journal->job, journal->device, journal->pid, auto_online);
	journal_remove(kmemd);
	return 0;
}
