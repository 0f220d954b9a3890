/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_CURE_H
#define KMEMD_CURE_H
/*
 * What makes a finding go away. A command does so when it is run as it is printed; where that
 * cannot be promised the text begins with "by hand: " or "none: ".
 */
#include "doctor/judge.h"

void cure_by_command(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cure_by_hand(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cure_none(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* kmemctl apply, if the planner has steps for the device; or none, and why it has not. */
void cure_by_plan(const struct judgement *judgement, struct finding *finding,
		  const struct device *device);

/*
 * Turns lines of a file into comments. A file of the vendor stays as it is: a copy in `etc` takes
 * its place. `then` is what makes the change known.
 */
void cure_lines(struct finding *finding, const char *file, const udev_hit_list *lines,
		const char *etc, const char *then);

#endif
