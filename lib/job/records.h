/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_RECORDS_H
#define KMEMD_RECORDS_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"

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
