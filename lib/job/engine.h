/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ENGINE_H
#define KMEMD_ENGINE_H
/*
 * The one engine of all jobs: by policy, drain, by hand, of a memmap. What they differ in is what
 * they look at and plan (policy-job.c, drain-job.c, request-job.c, memmap-job.c); everything from a
 * plan to its outcome is here: lock, recovery, journal, held settings, steps, undo, verification,
 * records, events.
 *
 * A job may block for as long as the kernel does: never call it from an event loop. Memory blocks
 * are written to by a child process, so that a deadline can be kept; the caller must not reap it.
 */
#include "job/journal.h"
#include "job/records.h"
#include "plan/plan.h"
#include "step/run.h"

/* A device's plan on its way, and what became of it. */
struct task {
	/* To be filled. */
	struct kmemd *kmemd;
	const struct kmemd_job *job;
	const struct kmemd_inventory *inventory; /* that the plan is made from */
	const struct plan *plan;
	const char *verb; /* "apply": in the journal and in events */
	const char *name; /* what messages call the device */
	struct patience offline, online;
	bool forward;	 /* see struct journal */
	bool lends_lock; /* `lock` to others while it waits for blocks: see parking.h */
	int lock;
	/*
	 * Compares the kernel with what is wanted when a part's steps are done. NULL: nothing to
	 * compare.
	 */
	int (*check)(struct task *task, const struct plan_part *part, const struct run *run,
		     struct kmemd_error *error);
	/*
	 * Adds the records that the job leaves when it is done to task->journal.records, with
	 * task_add_record(). NULL: none. Called without any step being done, too.
	 */
	int (*leave)(struct task *task, struct kmemd_error *error);
	void *data; /* of check and leave */

	/* The outcome, and what the engine needs. */
	int64_t began_ms;
	struct journal journal;
	char made[DEVICE_NAME_MAX];    /* the dax device or region that was made, or "" */
	unsigned int moved;	       /* blocks that are in another state than before */
	unsigned int done, failed;     /* parts */
	struct kmemd_error failure;    /* of the first part that failed */
	struct kmemd_inventory *after; /* the last one that check read, or NULL */
};

/*
 * The beginning of every job: only root may, the machine's lock is taken, and whatever a job that
 * was cut short has left is put right. An fd to close, or a negative errno.
 */
int job_begin(struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);

/* A snapshot, to be freed, and the device in it that a person means; -ENODEV when there is none. */
int job_read_device(struct kmemd *kmemd, const char *name, struct kmemd_inventory **ret_inventory,
		    const struct device **ret_device, struct kmemd_error *error);

/*
 * Whether a job waits for memory of the device without the lock: -EBUSY, and the sentence that says
 * whose it is. Policy leaves such a device alone; task_run() refuses it.
 */
int job_check_busy(const struct kmemd *kmemd, const struct device *device,
		   struct kmemd_error *error);

/*
 * Runs the parts of a plan that have steps, each by itself: one that fails is undone, and the next
 * one is done all the same. 0; or the first error, with KMEMD_PARTLY when other parts are done or
 * an undo is not complete. Records are written in both cases. Parts that are refused are the
 * caller's.
 */
int task_run(struct task *task, struct kmemd_error *error);
void task_release(struct task *task);

/* Undoes what a journal names, with auto_online_blocks held; false when not all could be undone. */
bool task_undo(const struct kmemd *kmemd, struct journal *journal, struct run *run);

/* Whether an interleaved region lies on both. */
bool job_shares_region(const struct device *a, const struct device *b);

/* For leave(): 0 or -ENOMEM. */
int task_add_record(struct task *task, const struct record *record);

/* Tells something about the task's device; the format is the message. `error` may be NULL. */
void task_tell(const struct task *task, enum kmemd_event_type type, const struct kmemd_error *error,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same where there is no task (yet). */
void job_tell(const struct kmemd_job *job, const char *identity, enum kmemd_event_type type,
	      const char *message, const struct kmemd_error *error);
bool job_is_cancelled(const struct kmemd_job *job);

/*
 * For what a person asks for: as long as was said, or else as long as blocks go on changing, one
 * after the other.
 */
struct patience job_patience(const struct kmemd_job *job);

#endif
