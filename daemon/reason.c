/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reason.h"

bool reason_is_empty(const struct reason *reason)
{
	return !reason->start && !reason->reload && !reason->gone && !reason->cut_short &&
	       !reason->names.count;
}

static bool has_name(const struct reason *reason, const char *name)
{
	array_foreach(known, &reason->names)
		if (!strcmp(*known, name))
			return true;
	return false;
}

/* Takes the name over. */
static void take_name(struct reason *reason, char *name)
{
	char **place = NULL;

	if (name && has_name(reason, name)) {
		free(name);
		return;
	}
	if (name && reason->names.count < REASON_NAMES_MAX)
		place = array_add(&reason->names);
	if (place) {
		*place = name;
		return;
	}
	reason->start = true;
	free(name);
}

void reason_add_name(struct reason *reason, const char *name)
{
	take_name(reason, strdup(name));
}

void reason_move(struct reason *to, struct reason *from)
{
	to->start = to->start || from->start;
	to->reload = to->reload || from->reload;
	to->gone = to->gone || from->gone;
	to->cut_short = to->cut_short || from->cut_short;
	array_foreach(name, &from->names) {
		take_name(to, *name);
		*name = NULL;
	}
	reason_clear(from);
}

void reason_clear(struct reason *reason)
{
	array_foreach(name, &reason->names)
		free(*name);
	free(reason->names.items);
	*reason = (struct reason){.start = false};
}

char **reason_arguments(const struct reason *reason)
{
	char **words = calloc(2 * reason->names.count + 5, sizeof(*words)), **next = words;

	if (!words)
		return NULL;
	if (reason->start)
		*next++ = (char *)"--start";
	if (reason->reload)
		*next++ = (char *)"--reload";
	if (reason->cut_short)
		*next++ = (char *)"--cut-short";
	if (reason->gone)
		*next++ = (char *)"--gone";
	array_foreach(name, &reason->names) {
		*next++ = (char *)"--appeared";
		*next++ = *name;
	}
	return words;
}
