/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_UDEV_RULES_H
#define KMEMD_UDEV_RULES_H
/*
 * What a file of udev rules (udev(7)) does when a memory block or a dax device appears, as far as
 * that can be told without running anything. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

/* What is known of the event; a match against anything else may hold or not. */
struct udev_event {
	const char *subsystem;	/* "memory" or "dax" */
	const char *kernel;	/* "memory32" */
	const char *devpath;	/* "/devices/system/memory/memory32" */
	const char *arch;	/* udev's word: "x86-64" */
	const char *sys_vendor; /* DMI; NULL where there is none */
	const char *product_name;
};

/* Whether a match holds. */
enum udev_match {
	UDEV_NO,
	UDEV_PERHAPS,
	UDEV_YES,
};

struct udev_hit {
	unsigned int line, last_line; /* of the rule, which may go over several */
	bool conditional;	      /* a match that cannot be told from here decides */
	char value[64];		      /* what is written into `state`, or the program that is run */
};

/*
 * The first rule that puts the memory block of the event online: by ATTR{state}= or by a program
 * that names it. False when there is none.
 */
bool udev_finds_onlining(const char *text, const struct udev_event *event, struct udev_hit *ret);
/* The first rule that starts daxctl, or its unit, for the event. */
bool udev_finds_daxctl(const char *text, const struct udev_event *event, struct udev_hit *ret);

#endif
