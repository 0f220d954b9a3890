/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/engine.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "inventory/snapshot.h"
#include "job/hold.h"
#include "job/lock.h"
#include "job/parking.h"
#include "job/recover.h"
#include "step/change-blocks.h"

#include <stdarg.h>
#include <stdio.h>

/* How long a person's request may stand still, where no time was given. */
#define STALL_SEC 60

/* --- what is told -------------------------------------------------------------------------------
 */

static const char *policy_path(const struct task *task)
{
	const struct policy_file *file = task->plan->decision.file;

	return file ? file->path : NULL;
}

static void send_event(const struct task *task, struct kmemd_event *event)
{
	event->device = task->plan->device->identity;
	event->policy = policy_path(task);
	event->job = task->verb;
	event->bytes = task->moved * task->inventory->host.block_size;
	event->duration_usec = (uint64_t)(monotonic_ms() - task->began_ms) * 1000;
	task->job->event(task->job->userdata, event);
}

void task_tell(const struct task *task, enum kmemd_event_type type, const struct kmemd_error *error,
	       const char *format, ...)
{
	char message[800];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	send_event(task, &(struct kmemd_event){.type = type, .message = message, .error = error});
}

void job_tell(const struct kmemd_job *job, const char *identity, enum kmemd_event_type type,
	      const char *message, const struct kmemd_error *error)
{
	job->event(job->userdata, &(struct kmemd_event){
					  .type = type,
					  .device = identity,
					  .message = message,
					  .error = error,
				  });
}

bool job_is_cancelled(const struct kmemd_job *job)
{
	return job->cancelled && job->cancelled(job->userdata);
}

struct patience job_patience(const struct kmemd_job *job)
{
	return (struct patience){.total_sec = job->timeout_sec,
				 .stall_sec = job->timeout_sec ? 0 : STALL_SEC};
}

/* --- the beginning ------------------------------------------------------------------------------
 */

int job_begin(struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error)
{
	int r, lock;

	if (geteuid() != 0 && !strcmp(kmemd->sysfs, "/sys"))
		return error_set(error, KMEMD_NOT_PERMITTED, EPERM,
				 "only root may change the machine's memory");
	lock = lock_take(kmemd, job, error);
	if (lock < 0)
		return lock;
	r = job_recover(kmemd, job, error);
	if (r < 0) {
		error_prefix(error, "cannot put right what an earlier job left");
		close(lock);
		return r;
	}
	return lock;
}

int job_read_device(struct kmemd *kmemd, const char *name, struct kmemd_inventory **ret_inventory,
		    const struct device **ret_device, struct kmemd_error *error)
{
	struct kmemd_inventory *inventory = NULL;
	int r = kmemd_inventory_read(kmemd, &inventory, error);

	if (r < 0)
		return r;
	r = inventory_find_device(inventory, name, ret_device, error);
	if (r < 0)
		kmemd_inventory_free(inventory);
	else
		*ret_inventory = inventory;
	return r;
}

/* --- waiting ------------------------------------------------------------------------------------
 */

int job_check_busy(const struct kmemd *kmemd, const struct device *device,
		   struct kmemd_error *error)
{
	struct journal journal;
	int r;

	r = parking_find(kmemd, device, &journal);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_errno(error, -r,
				   "cannot read in %s whether a job waits for memory of %s: %s",
				   kmemd->run, device->name, strerror(-r));
	r = error_set(error, KMEMD_REFUSED, EBUSY,
		      "%s by %s (pid %d) waits for memory of it that is in use", journal.job,
		      journal.program, journal.pid);
	journal_release(&journal);
	return r;
}

/* A journal of theirs that cannot be read now is left for the next job. */
static void recover_others(const struct task *task)
{
	struct kmemd_error error = {0};

	if (job_recover(task->kmemd, task->job, &error) == 0)
		return;
	job_tell(task->job, NULL, KMEMD_EVENT_NOTICE, error.message, NULL);
	parking_put_aside(task->kmemd);
}

/*
 * Others have the lock while this job waits, and what they did is known only when it has it again.
 * A setting that is held is not left so meanwhile: then it waits with the lock.
 */
static int wait_without_lock(struct run *run, unsigned int ms, struct kmemd_error *error)
{
	struct task *task = run->owner;
	int parked = json_object_array_length(task->journal.held)
			     ? -EBUSY
			     : parking_enter(task->kmemd, &task->journal);
	int r = 0;

	if (parked >= 0)
		lock_give(task->lock);
	backoff_sleep(ms); /* a signal ends it, and may be what cancels */
	if (parked < 0)
		return 0;
	lock_retake(task->kmemd, task->lock, task->job);
	recover_others(task);
	if (parking_leave(task->kmemd, &task->journal, parked) < 0)
		r = journal_write(task->kmemd, &task->journal, error);
	if (r == 0 && !journal_device_is_there(task->kmemd, &task->journal))
		r = error_set(error, KMEMD_NO_DEVICE, ENODEV, "%s is gone", task->name);
	return r;
}

/* --- a part of a plan ---------------------------------------------------------------------------
 */

static int save(struct run *run, struct kmemd_error *error)
{
	const struct task *task = run->owner;

	return journal_write(task->kmemd, &task->journal, error);
}

static bool adds_memory(const struct plan *plan, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct step *step = &plan->steps.items[i];
		const struct step_operations *operations = step_operations(step->type);

		if (operations->adds_memory && operations->adds_memory(step))
			return true;
	}
	return false;
}

/* Asked for all steps before the first one changes anything. */
static int check_holders_of(struct run *run, const struct plan_part *part,
			    struct kmemd_error *error)
{
	for (size_t i = part->first; i < part->first + part->count; i++) {
		const struct step *step = &run->steps[i];
		const struct step_operations *operations = step_operations(step->type);
		char text[192];
		int r = operations->check ? operations->check(run, step, error) : 0;

		if (r < 0) {
			step_text(step, text, sizeof(text));
			error_prefix(error, "cannot %s", text);
			return r;
		}
	}
	return 0;
}

static int run_step(struct task *task, struct run *run, const struct plan_part *part, size_t i,
		    struct kmemd_error *error)
{
	const struct step *step = &run->steps[i];
	char text[192];
	int r;

	if (run_is_cancelled(run))
		return error_set(error, KMEMD_FAILED, ECANCELED, "cancelled");
	/* From here on nothing of ours is added: memory of others is not to wait for it. */
	if (!adds_memory(task->plan, i, part->first + part->count))
		hold_release(task->kmemd, &task->journal, task->job, NULL, 0);
	step_text(step, text, sizeof(text));
	send_event(task, &(struct kmemd_event){.type = KMEMD_EVENT_STEP,
					       .message = text,
					       .done = (unsigned int)(i - part->first) + 1,
					       .total = (unsigned int)part->count});
	r = step_operations(step->type)->run(run, step, error);
	if (r < 0)
		error_prefix(error, "cannot %s", text);
	return r;
}

static int run_steps(struct task *task, struct run *run, const struct plan_part *part,
		     struct kmemd_error *error)
{
	size_t end = part->first + part->count;
	int r = check_holders_of(run, part, error);

	if (r == 0 && adds_memory(task->plan, part->first, end))
		r = hold_auto_online(task->kmemd, &task->journal, task->plan->auto_online, error);
	for (size_t i = part->first; r == 0 && i < end; i++)
		r = run_step(task, run, part, i, error);
	return r;
}

static bool undo_adds_memory(const struct journal *journal)
{
	for (size_t i = 0; i < json_object_array_length(journal->undo); i++) {
		struct json_object *undo = json_object_array_get_idx(journal->undo, i);
		enum step_type type = step_type_of(json_text(undo, "step"));

		if (type < STEP_COUNT && step_operations(type)->undo_adds_memory)
			return true;
	}
	return false;
}

bool task_undo(const struct kmemd *kmemd, struct journal *journal, struct run *run)
{
	struct kmemd_error error = {0};
	bool held = true;

	/* What comes back goes into the zones that it was in, and not through another one. */
	if (undo_adds_memory(journal) && hold_auto_online(kmemd, journal, "offline", &error) < 0) {
		run_event(
			run, KMEMD_EVENT_NOTICE,
			"%s: memory that comes back may come online in another zone than it was in",
			error.message);
		held = false;
	}
	return run_undo_all(run) && held;
}

static bool keeps(const struct task *task, const struct run *run)
{
	if (!json_object_array_length(run->undo) || goal_drains(task->plan->goal))
		return false;
	return run->keep || task->plan->decision.settings.on_failure == ON_FAILURE_KEEP;
}

static void handle_failure(struct task *task, struct run *run, struct kmemd_error *error)
{
	if (keeps(task, run) && error->errnum != ECANCELED)
		error->result = KMEMD_PARTLY;
	else if (!task_undo(task->kmemd, &task->journal, run))
		error->result = KMEMD_PARTLY;
}

/* What a later part must not undo. */
static void forget_undo(struct run *run)
{
	while (json_object_array_length(run->undo))
		run_drop_undo(run, 0);
}

static int run_part(struct task *task, const struct plan_part *part, struct kmemd_error *error)
{
	struct run run = {
		.kmemd = task->kmemd,
		.job = task->job,
		.device = task->plan->device->identity,
		.policy = policy_path(task),
		.inventory = task->inventory,
		.block_size = task->inventory->host.block_size,
		.offline = task->offline,
		.online = task->online,
		.steps = task->plan->steps.items,
		.step_count = task->plan->steps.count,
		.made = calloc(task->plan->steps.count, DEVICE_NAME_MAX),
		.undo = task->journal.undo,
		.save = save,
		.wait = task->lends_lock ? wait_without_lock : NULL,
		.owner = task,
	};
	int r;

	if (!run.made)
		return error_memory(error);
	r = run_steps(task, &run, part, error);
	if (r == 0 && task->check) {
		r = task->check(task, part, &run, error);
		if (r < 0)
			error_prefix(error, "not as it should be afterwards");
	}
	if (r < 0)
		handle_failure(task, &run, error);
	else if (run.steps[part->first].type == STEP_CREATE_DAX ||
		 run.steps[part->first].type == STEP_CREATE_REGION)
		copy_name(task->made, run.made[part->first]);
	task->moved += run.moved;
	forget_undo(&run);
	hold_release(task->kmemd, &task->journal, task->job, NULL, 0);
	free(run.made);
	return r;
}

/* --- all of them --------------------------------------------------------------------------------
 */

int task_add_record(struct task *task, const struct record *record)
{
	struct json_object *json = record_to_json(record);

	return json && json_object_array_add(task->journal.records, json) == 0 ? 0 : -ENOMEM;
}

bool job_shares_region(const struct device *a, const struct device *b)
{
	array_foreach(x, &a->regions)
		array_foreach(y, &b->regions)
			if (*x == *y)
				return true;
	return false;
}

/* The device, what lies in a region with it, and their dax devices: by the names of others. */
static int note_busy(struct task *task)
{
	const struct device *device = task->plan->device;
	struct json_object *busy = task->journal.busy;
	int r = 0;

	array_foreach(other, &task->inventory->devices) {
		if (other != device && !job_shares_region(other, device))
			continue;
		r |= json_object_array_add(busy, json_object_new_string(other->identity));
		array_foreach(dax, &other->dax)
			r |= json_object_array_add(busy, json_object_new_string((*dax)->name));
	}
	return r < 0 ? -ENOMEM : 0;
}

static int begin_journal(struct task *task, struct kmemd_error *error)
{
	const struct device *device = task->plan->device;
	struct journal *journal = &task->journal;

	if (journal_init(journal) < 0)
		return error_memory(error);
	journal->forward = task->forward;
	journal->instance = device->instance;
	snprintf(journal->job, sizeof(journal->job), "%s", task->verb);
	snprintf(journal->device, sizeof(journal->device), "%s", device->identity);
	snprintf(journal->instance_path, sizeof(journal->instance_path), "%s",
		 device->instance_path ? device->instance_path : "");
	return task->lends_lock && note_busy(task) < 0 ? error_memory(error) : 0;
}

/*
 * The records are in the journal before any of them is written: a job that is killed in between has
 * them written by the next one. One that is alive tries all the same when that does not work: the
 * journal from before must not be found by anybody.
 */
static int leave_records(struct task *task, struct kmemd_error *error)
{
	int r = task->leave ? task->leave(task, error) : 0;

	if (r == 0 && json_object_array_length(task->journal.records)) {
		task->journal.done = true;
		journal_write(task->kmemd, &task->journal, NULL);
		r = journal_write_records(task->kmemd, &task->journal, error);
	}
	hold_release(task->kmemd, &task->journal, task->job, NULL, 0);
	journal_finish(task->kmemd, &task->journal);
	if (r == 0 && json_object_array_length(task->journal.held))
		r = error_set(error, KMEMD_PARTLY, EIO,
			      "%s is not what it was before: the next job tries to put it back",
			      AUTO_ONLINE);
	return r;
}

static int run_parts(struct task *task, struct kmemd_error *error)
{
	int first = 0;

	array_foreach(part, &task->plan->parts) {
		struct kmemd_error part_error = {0};
		int r;

		if (!part->count || (part->after_all && task->failed))
			continue;
		/* Before anything is changed. */
		r = journal_write(task->kmemd, &task->journal, &part_error);
		if (r == 0)
			r = run_part(task, part, &part_error);
		task->done += r == 0;
		task->failed += r < 0;
		if (r < 0 && first == 0) {
			first = r;
			*error = part_error;
		}
		if (r == -ECANCELED)
			break;
	}
	if (first < 0 && task->done)
		error->result = KMEMD_PARTLY;
	return first;
}

int task_run(struct task *task, struct kmemd_error *error)
{
	struct kmemd_error record_error = {0};
	int r;

	task->began_ms = monotonic_ms();
	r = job_check_busy(task->kmemd, task->plan->device, error);
	if (r == 0)
		r = begin_journal(task, error);
	if (r < 0)
		return r;
	r = run_parts(task, error);
	if (r < 0)
		task->failure = *error;
	if (leave_records(task, &record_error) < 0 && r == 0) {
		*error = record_error;
		error_prefix(error, "it is done, but not all that comes after");
		error->result = KMEMD_PARTLY;
		r = -record_error.errnum;
	}
	return r;
}

void task_release(struct task *task)
{
	journal_release(&task->journal);
	kmemd_inventory_free(task->after);
	task->after = NULL;
}
