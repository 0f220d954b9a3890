/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RUN_H
#define KMEMD_RUN_H
/*
 * A plan being run: its steps, what undoes them, its journal. Everything here runs under the
 * machine's lock. A step first looks whether what it is to do is done already.
 */
#include "base/error.h"
#include "job/deadline.h"
#include "job/event.h"
#include "job/journal.h"
#include "plan/plan.h"

struct run;

/* Undoes one step. 0 or a negative errno and the error; the data is released by the caller. */
typedef int (*undo_function)(struct run *run, void *data, struct kmemd_error *error);

struct undo {
	undo_function function;
	void (*release)(void *data);
	void *data;
	char what[96]; /* for the event, "online the blocks of dax0.0 again" */
};

struct run {
	const struct kmemd *kmemd;
	const struct kmemd_job *job;
	const struct kmemd_inventory *inventory; /* from before the first step */
	const struct plan *plan;
	struct journal journal;
	struct patience patience;	      /* for offlining */
	char created_region[DEVICE_NAME_MAX]; /* by STEP_CREATE_REGION */
	char created_dax[DEVICE_NAME_MAX];    /* by STEP_CREATE_DAX */
	bool rebound;			      /* the ranges in the snapshot may be old */
	unsigned int moved;		      /* blocks that are in another state than before */
	bool undoing;			      /* cancellation does not stop an undo */
	/* Compares the kernel with what is wanted when all steps are done, NULL: nothing to do. */
	int (*check)(const struct run *run, struct kmemd_error *error);
	ARRAY(struct undo) undos;
};

/* Runs the plan and checks; on failure undoes what it did unless the policy says to keep it. */
int run_plan(struct run *run, struct kmemd_error *error);

/*
 * Puts right what the journal of a job that was cut short names: the machine's onlining policy, a
 * region that was never committed. Needs the lock.
 */
int run_recover(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);

/* Takes ownership of data, also on failure (-ENOMEM). */
int run_push_undo(struct run *run, undo_function function, void (*release)(void *data), void *data,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));
bool run_is_cancelled(const struct run *run);

/* Events of the run's device. */
void run_event(const struct run *run, enum kmemd_event_type type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void run_progress(const struct run *run, unsigned int done, unsigned int total,
		  uint64_t block_size);

/* sysfs below the context's root; errors name the file and, when writing, the value. */
int run_read(const struct run *run, const char *path, char *buffer, size_t size,
	     struct kmemd_error *error);
int run_write(const struct run *run, const char *path, const char *value,
	      struct kmemd_error *error);

/* The steps, a file each. */
int step_create_region(struct run *run, const struct step *step, struct kmemd_error *error);
int step_enable_region(struct run *run, const struct step *step, struct kmemd_error *error);
int step_destroy_region(struct run *run, const struct step *step, struct kmemd_error *error);
int step_bind(struct run *run, const struct step *step, struct kmemd_error *error);
int step_unbind(struct run *run, const struct step *step, struct kmemd_error *error);
int step_online(struct run *run, const struct step *step, struct kmemd_error *error);
int step_offline(struct run *run, const struct step *step, struct kmemd_error *error);
int step_create_dax(struct run *run, const struct step *step, struct kmemd_error *error);
int step_resize_dax(struct run *run, const struct step *step, struct kmemd_error *error);
int step_destroy_dax(struct run *run, const struct step *step, struct kmemd_error *error);

/*
 * Regions, for recovery and undo as well as for the steps: frees whatever of a region exists. The
 * endpoint decoders are those that the region's targets name, and the one that is given. -EBUSY
 * (KMEMD_REFUSED) while its memory is in use.
 */
int region_destroy(const struct run *run, const char *region, const char *root_decoder,
		   const char *endpoint_decoder, struct kmemd_error *error);

/*
 * The name of the dax device that a region has, waiting for it up to the given time: modules that
 * are not loaded yet make it come late. -ENODEV and no error when there is none.
 */
int dax_of_region(const struct run *run, const char *region, unsigned int timeout_ms,
		  char name[DEVICE_NAME_MAX]);

/* In sysfs. */
#define DAX_DEVICES "bus/dax/devices"
/* The driver that a device has now: "" for none, -ENODEV when the device is gone. */
int dax_driver(const struct run *run, const char *dax, char driver[DEVICE_NAME_MAX],
	       struct kmemd_error *error);
/*
 * For undos that take a driver or a region away: what the kernel has put online by itself since
 * then is in no step's undo.
 */
int blocks_take_offline(struct run *run, const char *dax, struct kmemd_error *error);
/* -EBUSY (KMEMD_REFUSED) while one of a dax device's blocks is online or a process has it mapped.
 */
int dax_check_unused(const struct run *run, const char *dax, struct kmemd_error *error);

/*
 * auto_online_blocks makes the kernel online what a driver adds before anybody can say where. Held
 * at the given word (journalled first) until it is restored; no-ops where nothing is to be done.
 */
int auto_online_hold(struct run *run, const char *word, struct kmemd_error *error);
int auto_online_restore(struct run *run, struct kmemd_error *error);

/*
 * The beginning of every job: the machine's lock, an fd to be closed, with whatever a job that was
 * cut short has left put right. Only root may.
 */
int job_begin(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);
/*
 * For what a person asks for: as long as was said, or else as long as blocks go on changing, one
 * after the other.
 */
struct patience job_patience(const struct kmemd_job *job);
/* Tells whoever wants to hear of the job something about a device; `error` may be NULL. */
void job_tell(const struct kmemd_job *job, const char *identity, enum kmemd_event_type type,
	      const char *message, const struct kmemd_error *error);

#endif
