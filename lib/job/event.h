/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_EVENT_H
#define KMEMD_EVENT_H
#include "base/error.h"

/* What a running job tells; strings are valid only during the call. */
enum kmemd_event_type {
	KMEMD_EVENT_RECOVERED, /* an earlier job was cut short; message says what was put right */
	KMEMD_EVENT_WAITING,   /* another job holds the lock */
	KMEMD_EVENT_DECIDED,   /* policy and plan of a device, in the message */
	KMEMD_EVENT_STEP,      /* a step begins */
	KMEMD_EVENT_PROGRESS,  /* done of total blocks */
	KMEMD_EVENT_UNDO,      /* a step is being undone, or why that failed */
	KMEMD_EVENT_DONE,      /* the device is as it was wanted, verified */
	KMEMD_EVENT_FAILED,    /* the device's job failed; error is set */
	KMEMD_EVENT_NOTICE,    /* something the owner of the machine should know */
};

struct kmemd_event {
	enum kmemd_event_type type;
	const char *device;	  /* the device's identity, or NULL */
	const char *job;	  /* apply, drain, reconfigure-device, ..., or NULL */
	const char *policy;	  /* path of the policy file, or NULL */
	const char *message;	  /* a sentence */
	const char *holder;	  /* of WAITING: "kmemctl (pid 12)", or NULL */
	unsigned int retry_ms;	  /* of WAITING: 0, or when the job wants to be started again */
	unsigned int done, total; /* blocks of PROGRESS; the step and all steps of STEP, or 0 */
	uint64_t block_size;	  /* bytes */
	uint64_t bytes;		  /* of DONE and FAILED: memory that changed */
	uint64_t duration_usec;	  /* of DONE and FAILED */
	const struct kmemd_error *error;
};

struct kmemd_job {
	void (*event)(void *userdata, const struct kmemd_event *event);
	void *userdata;
	/* Polled between kernel calls; true undoes what was done and returns -ECANCELED. */
	bool (*cancelled)(void *userdata);
	unsigned int timeout_sec; /* for offlining; 0: what the policy says */
	bool retry;		  /* try failed devices again, and tell refusals again */
	bool waits;		  /* incomplete sets wait for their other members */
	bool start;		  /* the first look since the daemon was started */
	char *const *appeared;	  /* NULL-terminated kernel names of what came; NULL: look at
				   * everything; none: nothing came, only records are looked at */
};

#endif
