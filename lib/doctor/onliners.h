/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_ONLINERS_H
#define KMEMD_ONLINERS_H
/*
 * Who puts memory blocks online when they are added, besides who added them: what doctor finds
 * afterwards, for the verbs to say before. A job of kmemd holds auto_online_blocks, so for its own
 * blocks the kernel (ONLINER_KERNEL) is none; rules and daemons always are.
 */
#include "doctor/facts.h"

enum onliner_type {
	ONLINER_KERNEL, /* auto_online_blocks */
	ONLINER_RULE,	/* a udev rule */
	ONLINER_DAXCTL, /* its rule together with its configuration */
	ONLINER_DAEMON,
};

struct onliner {
	enum onliner_type type;
	char name[160]; /* "/usr/lib/udev/rules.d/80-x.rules:5", "auto_online_blocks" */
	enum zone zone; /* ZONE_COUNT: it cannot be said */
	bool conditional;
};

typedef ARRAY(struct onliner) onliner_list;

/* From what was gathered; appends. 0 or -ENOMEM. Pure. */
int onliners_find(const struct onliner_facts *facts, onliner_list *ret);
/*
 * Reads the machine: some settings, the names of udev's and daxctl's files and the text of those
 * that count. No device is looked at. 0 or -ENOMEM; what cannot be read is not known.
 */
int onliners_read(const struct kmemd *kmemd, onliner_list *ret);

/*
 * "/usr/lib/udev/rules.d/80-x.rules:5 puts new memory blocks online, in a kernel zone": of those
 * that are not the kernel. False, and "", when there is none.
 */
bool onliners_text(const onliner_list *list, char *buffer, size_t size);

#endif
