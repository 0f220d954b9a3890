/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RECORDS_H
#define KMEMD_RECORDS_H
/*
 * What is known of a device from one job to the next, a file each in RUN/devices. Valid for one
 * life of the device: after a hot-plug its instance is another one, and after a boot there is none.
 */
#include "context.h"
#include "inventory/inventory.h"
#include "job/life.h"

struct json_object;

enum record_state {
	RECORD_HELD,	/* drained, or changed by hand: policy leaves it alone */
	RECORD_MANUAL,	/* somebody else changed it: policy leaves it alone */
	RECORD_FAILED,	/* not tried again by itself */
	RECORD_REFUSED, /* said once */
	RECORD_WAITING, /* for the other members of its set */
	RECORD_LEFT,	/* as policy wants it; to notice when somebody else changes it */
	RECORD_STATE_COUNT,
};

extern const char *const record_state_names[RECORD_STATE_COUNT];

struct record {
	enum record_state state;
	char device[128]; /* identity */
	uint64_t instance;
	char message[768];
	char left[LIFE_MAX]; /* life_describe() when kmemd left it, or "" */
	char by[96];	     /* "kmemctl (uid 0, pid 12)" */
	uint64_t since;	     /* seconds since 1970 */
	uint64_t until_ms;   /* of WAITING: monotonic_ms() when it ends */
	char with[128];	     /* of HELD and FAILED: identity of the device whose job it was */
};

/* A record about a device, by this process and of this moment. left may be NULL. */
void record_make(struct record *record, const struct device *device, enum record_state state,
		 const char *message, const char *left);

/*
 * 1 when there is a record for this device, 0 when there is none, or one of an earlier life. What
 * cannot be read may hold the device against policy: that is an error.
 */
int record_look(const struct kmemd *kmemd, const struct device *device, struct record *ret,
		struct kmemd_error *error);
/* The same for who only shows it. */
bool record_read(const struct kmemd *kmemd, const struct device *device, struct record *ret);
/*
 * What is to be told of a device now: its record, unless it is as it was left. One that another
 * hand has changed is manual already, although only the next job will write that down; while a job
 * runs, it may be that one's doing.
 */
bool record_read_now(const struct kmemd *kmemd, const struct device *device, struct record *ret);
int record_write(const struct kmemd *kmemd, const struct record *record, struct kmemd_error *error);
/*
 * Whether it keeps a device out of the sets that policy makes: held, manual and, unless they are
 * tried again, failed. What was drained or has failed together with a device that a person names
 * now (or NULL) comes back with it.
 */
bool record_keeps_out(const struct kmemd *kmemd, const struct device *device,
		      const struct device *named, bool retry);
/* Whether the device may wait for others: it is new, or its time is not over. */
bool record_may_wait(const struct kmemd *kmemd, const struct device *device);
void record_remove(const struct kmemd *kmemd, const struct device *device);

/* As they are in files and in the journal. 0 or -EBADMSG. NULL when memory is short. */
struct json_object *record_to_json(const struct record *record);
int record_from_json(const struct json_object *json, struct record *ret);

/* Removes the records of devices that are gone. */
void records_prune(const struct kmemd *kmemd, const struct kmemd_inventory *inventory);
/* Calls back for every record. */
int records_each(const struct kmemd *kmemd,
		 void (*callback)(const struct record *record, void *userdata), void *userdata);

#endif
