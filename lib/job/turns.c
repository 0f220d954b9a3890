/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/turns.h"

void turns_release(turn_list *turns)
{
	array_foreach(turn, turns)
		free(turn->identity);
	free(turns->items);
}

static int compare_turns(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

int turns_find(const struct region_sets *sets, turn_list *turns)
{
	array_foreach(device, &sets->inventory->devices) {
		const struct region_set *set = set_of(sets, device);
		bool speaks = set && set->members[0] == device;
		struct turn *turn = array_add(turns);

		if (!turn)
			return -ENOMEM;
		turn->start = speaks ? set->place.start : UINT64_MAX;
		turn->number = turns->count;
		turn->identity = strdup(device->identity);
		if (!turn->identity)
			return -ENOMEM;
	}
	if (turns->count)
		qsort(turns->items, turns->count, sizeof(*turns->items), compare_turns);
	return 0;
}
