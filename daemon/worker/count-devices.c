/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/worker/count-devices.h"

#include "base/array.h"
#include "base/json.h"

#include <string.h>

static const char *record_state(const struct json_object *device)
{
	struct json_object *record = NULL;

	json_object_object_get_ex(device, "record", &record);
	return record ? json_text(record, "state") : "";
}

/* The count that a record of this state belongs to, or NULL. */
static unsigned int *count_of(struct worker_counts *counts, const char *state)
{
	const struct {
		const char *name;
		unsigned int *count;
	} states[] = {
		{"held", &counts->held},       {"manual", &counts->manual},
		{"failed", &counts->failed},   {"refused", &counts->refused},
		{"waiting", &counts->waiting},
	};

	for (size_t i = 0; i < array_size(states); i++)
		if (!strcmp(states[i].name, state))
			return states[i].count;
	return NULL;
}

/* A record comes first: policy has no say while there is one. One of an unknown state is a flaw. */
static void count_device(const struct json_object *device, struct worker_counts *counts)
{
	const char *state = record_state(device);
	unsigned int *count = count_of(counts, state);

	if (count)
		(*count)++;
	else if (json_text(device, "refused")[0])
		counts->refused++;
	else if (state[0] || json_count(device, "steps"))
		counts->unfinished++;
	else if (json_text(device, "policy")[0])
		counts->managed++;
}

void count_devices(const struct json_object *plan, struct worker_counts *counts)
{
	for (size_t i = 0; i < json_count(plan, "devices"); i++)
		count_device(json_member(plan, "devices", i), counts);
}
