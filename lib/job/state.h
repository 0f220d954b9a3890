/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_STATE_H
#define KMEMD_STATE_H
/*
 * What outlives a process and not a boot, in the run directory:
 *
 *   lock		held (flock) by whoever changes the machine's memory; says who
 *   journal.json	what the job under way must have put right if it is cut short
 *   devices/ID.json	a device that policy must leave alone, or whose job failed
 *
 * All of it describes the state of the running kernel, which a reboot resets: that is why it is in
 * /run and not in /var/lib. Everything but lock_take() and the readers needs the lock.
 */
#include "context.h"
#include "inventory/inventory.h"

int state_prepare(const struct kmemd *kmemd, struct kmemd_error *error);

/*
 * The machine's lock: an fd to close, or a negative errno. Tells the job's events when it has to
 * wait, and gives up with -ECANCELED when the job is cancelled meanwhile.
 */
int lock_take(const struct kmemd *kmemd, const struct kmemd_job *job, struct kmemd_error *error);

/* One job at a time, hence one journal. Empty strings: nothing of the kind is under way. */
struct journal {
	char job[32]; /* "apply", "drain", the verb of a request */
	char device[128];
	int pid;
	char auto_online_was[32], auto_online_is[32];
	/* A region between its creation and its commit. */
	char region[DEVICE_NAME_MAX], root_decoder[DEVICE_NAME_MAX];
	char endpoint_decoder[DEVICE_NAME_MAX];
};

/* 0, -ENOENT when there is none, or another negative errno. */
int journal_read(const struct kmemd *kmemd, struct journal *ret);
int journal_write(const struct kmemd *kmemd, const struct journal *journal,
		  struct kmemd_error *error);
void journal_remove(const struct kmemd *kmemd);

enum record_state {
	RECORD_HELD,	/* drained: policy leaves it alone */
	RECORD_FAILED,	/* not tried again by itself */
	RECORD_REFUSED, /* said once */
	RECORD_STATE_COUNT,
};

extern const char *const record_state_names[RECORD_STATE_COUNT];

/* Valid for one life of the device: after a hot-plug its instance is another one. */
struct record {
	enum record_state state;
	char device[128]; /* identity */
	uint64_t instance;
	char message[768];
};

/* Whether there is a record for this device; false for one of an earlier life. */
bool record_read(const struct kmemd *kmemd, const struct device *device, struct record *ret);
int record_write(const struct kmemd *kmemd, const struct device *device, enum record_state state,
		 const char *message, struct kmemd_error *error);
void record_remove(const struct kmemd *kmemd, const struct device *device);
/* Removes the records of devices that are gone. */
void records_prune(const struct kmemd *kmemd, const struct kmemd_inventory *inventory);
/* Calls back for every record. */
int records_each(const struct kmemd *kmemd,
		 void (*callback)(const struct record *record, void *userdata), void *userdata);

#endif
