/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RUN_H
#define KMEMD_RUN_H
/*
 * What a step sees of the job that runs it. Everything here runs under the machine's lock. The job
 * (lib/job/) fills it; steps read the kernel below the context's roots, write to it, and note what
 * undoes them before they do.
 */
#include "base/deadline.h"
#include "context.h"
#include "job/event.h"
#include "step/step.h"

struct run {
	const struct kmemd *kmemd;
	const struct kmemd_job *job;
	const char *device; /* identity of the device that it is about, for events; or NULL */
	const char *policy; /* path of the policy file, or NULL */
	const struct kmemd_inventory *inventory; /* from before the first step; or NULL */
	uint64_t block_size;			 /* bytes */
	struct patience offline, online;	 /* how long blocks may take */

	/* The steps, and what each has made: the name of a region or dax device. */
	const struct step *steps;
	size_t step_count;
	char (*made)[DEVICE_NAME_MAX];

	bool rebound;	    /* the ranges in the snapshot may be old */
	bool undoing;	    /* cancellation does not stop an undo */
	bool keep;	    /* what is done stays, although a step failed */
	unsigned int moved; /* blocks that are in another state than before */

	struct json_object *undo; /* oldest first: [{"step", "text", "what"}] */
	/* Writes what is in `undo` to where it outlives the process. */
	int (*save)(struct run *run, struct kmemd_error *error);
	/*
	 * run_wait() without the machine's lock: what others did meanwhile is theirs. NULL: it is
	 * kept.
	 */
	int (*wait)(struct run *run, unsigned int ms, struct kmemd_error *error);
	void *owner; /* of save and wait */
};

/*
 * Notes what undoes the step, safely on disk, before its first write; owns `what` from now on, also
 * on failure. The format says what undoing does, for the event: "bind dax0.0 to kmem again".
 */
int run_push_undo(struct run *run, enum step_type type, struct json_object *what,
		  struct kmemd_error *error, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Forgets one that has nothing left to undo: 0 is the newest, 1 the one before it. */
void run_drop_undo(struct run *run, size_t age);
/* Undoes everything, newest first; false when something could not be undone, which is told. */
bool run_undo_all(struct run *run);

/* The name of a step's target; of one that an earlier step made, as it was made. */
const char *run_target(const struct run *run, const struct step *step);
/* Notes the name of what the step has made. */
void run_made(struct run *run, const struct step *step, const char *name);

bool run_is_cancelled(const struct run *run);

/* Between two tries. 0, or a negative errno that ends the job. */
int run_wait(struct run *run, unsigned int ms, struct kmemd_error *error);

/* Events of the run's device. */
void run_event(const struct run *run, enum kmemd_event_type type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void run_progress(const struct run *run, unsigned int done, unsigned int total);

/* sysfs below the context's root; errors name the file and, when writing, the value. */
int run_read(const struct run *run, const char *path, char *buffer, size_t size,
	     struct kmemd_error *error);
int run_write(const struct run *run, const char *path, const char *value,
	      struct kmemd_error *error);
/* Whether there is such a file or link. */
bool run_exists(const struct run *run, const char *path);

#endif
