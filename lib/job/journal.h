/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JOURNAL_H
#define KMEMD_JOURNAL_H
/*
 * What the job under way must have put right if it is cut short: RUN/journal.json. One job at a
 * time has the lock, hence one journal; parking.h has what becomes of it while a job waits without
 * the lock. It is written before anything is changed, and removed when everything that the job
 * leaves is written.
 */
#include "context.h"
#include "inventory/inventory.h"

struct json_object;

struct journal {
	char job[32];	  /* "apply", "drain", the verb of a request */
	char device[128]; /* identity */
	/* A folder of sysfs that lives as long as the device, and its inode; "" and 0: none. */
	char instance_path[128];
	uint64_t instance;
	char program[32]; /* who: its name, pid and user */
	int pid;
	unsigned int uid;
	/* Planning finishes what was begun, so that only what it cannot see is put right. */
	bool forward;
	/* All is done and verified: only `records` are still to be written. */
	bool done;
	/* Settings of the whole machine: [{"setting", "was", "is"}]. */
	struct json_object *held;
	/* What undoes each step, oldest first: see step/run.h. */
	struct json_object *undo;
	/* Records that the job leaves when it is done: see records.h. */
	struct json_object *records;
	/* Identities and names of dax devices that other jobs leave alone while this one waits. */
	struct json_object *busy;
};

/* RUN/journal.json, to be freed; NULL without memory. */
char *journal_path(const struct kmemd *kmemd);

/* Empty, and by this process. 0 or -ENOMEM. */
int journal_init(struct journal *journal);
void journal_release(struct journal *journal);

/* 0, -ENOENT when there is none, or another negative errno; -EBADMSG for what is no journal. */
int journal_read(const struct kmemd *kmemd, struct journal *ret);
/* The same of another file. */
int journal_read_file(const char *path, struct journal *ret);
int journal_write(const struct kmemd *kmemd, const struct journal *journal,
		  struct kmemd_error *error);
void journal_remove(const struct kmemd *kmemd);
/* Removes it, unless settings are still held: then only they are left in it. */
void journal_finish(const struct kmemd *kmemd, struct journal *journal);

#endif
