/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_UDEV_RULES_H
#define KMEMD_UDEV_RULES_H
/*
 * What a file of udev rules (udev(7)) does when a memory block or a dax device appears, as far as
 * that can be said without running anything. Pure.
 */
#include "base/array.h"

#include <stdbool.h>
#include <stddef.h>

/* What is known of the event; a match against anything else may hold or not. */
struct udev_event {
	const char *subsystem;	/* "memory" or "dax" */
	const char *action;	/* "add", "online" */
	const char *kernel;	/* "memory32" */
	const char *devpath;	/* "/devices/system/memory/memory32" */
	const char *arch;	/* udev's word: "x86-64" */
	const char *sys_vendor; /* DMI; NULL where there is none */
	const char *product_name;
	const char *crash_hotplug; /* of the folder of memory blocks; NULL where there is none */
};

/* Whether a match holds. */
enum udev_match {
	UDEV_NO,
	UDEV_PERHAPS,
	UDEV_YES,
};

/* What a rule does. */
enum udev_effect {
	UDEV_ONLINES,	    /* by ATTR{state}= or ATTR{online}=, or by a program that names them */
	UDEV_STARTS_DAXCTL, /* or its unit */
	UDEV_RELOADS_KDUMP,
	UDEV_EFFECT_COUNT,
};

struct udev_hit {
	unsigned int line, last_line; /* of the rule, which may go over several */
	bool conditional;	      /* a match that cannot be tried from here decides */
	char value[64];		      /* what is written, or the program that is run */
};

typedef ARRAY(struct udev_hit) udev_hit_list;

/* The first rule with that effect on the event. False when there is none. */
bool udev_finds(const char *text, const struct udev_event *event, enum udev_effect effect,
		struct udev_hit *ret);
/*
 * All rules that have to go until the file has no such effect any more, by line: also one that is
 * reached only when another is gone. 0 or -ENOMEM.
 */
int udev_find_all(const char *text, const struct udev_event *event, enum udev_effect effect,
		  udev_hit_list *ret);

#endif
