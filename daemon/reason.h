/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_REASON_H
#define KMEMD_REASON_H
/*
 * Why a worker is started: the daemon's start, a reload, devices that have appeared or are gone, a
 * job that was cut short, or several of these.
 */
#include "base/array.h"

#include <stdbool.h>

#define REASON_NAMES_MAX 2048 /* with more of them the machine is looked at as at the start */

struct reason {
	bool start, reload;
	bool cut_short; /* what a job left that was killed is to be put right, and finished */
	bool gone; /* nothing has to be done, but what is known of devices is to be looked at */
	ARRAY(char *) names; /* each once */
};

bool reason_is_empty(const struct reason *reason);
/* Never loses anything: what there is no room for becomes a look at everything. */
void reason_add_name(struct reason *reason, const char *name);
/* Moves everything of from, which is empty afterwards. */
void reason_move(struct reason *to, struct reason *from);
void reason_clear(struct reason *reason);

/*
 * The worker's arguments, NULL-terminated; the array is to be freed, the words belong to the
 * reason. NULL when memory is short.
 */
char **reason_arguments(const struct reason *reason);

#endif
