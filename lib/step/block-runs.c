/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/block-runs.h"

#include "base/json.h"
#include "inventory/names.h"

#include <string.h>

/* So many no machine has: 64 TiB in blocks of 128 MiB are half a million. */
#define BLOCKS_MAX (UINT64_C(1) << 24)

enum block_state block_state_of(const char *name)
{
	enum block_state state = 0;

	while (state < BLOCK_STATE_COUNT && strcmp(block_state_names[state], name) != 0)
		state++;
	return state;
}

static void put_run(struct json_object *runs, uint64_t first, uint64_t count,
		    enum block_state state)
{
	struct json_object *run = json_object_new_array();

	json_object_array_add(run, json_object_new_uint64(first));
	json_object_array_add(run, json_object_new_uint64(count));
	json_object_array_add(run, json_object_new_string(block_state_names[state]));
	json_object_array_add(runs, run);
}

void block_runs_put(struct json_object *json, const char *key, const struct dax_device *dax)
{
	struct json_object *runs = json_put_array(json, key);
	uint64_t count = 0;

	for (size_t i = 0; runs && i < dax->blocks.count; i++) {
		const struct memory_block *block = &dax->blocks.items[i];
		bool last = i + 1 == dax->blocks.count;

		count++;
		if (!last && block[1].index == block->index + 1 && block[1].state == block->state)
			continue;
		put_run(runs, block->index + 1 - count, count, block->state);
		count = 0;
	}
}

static int get_run(struct json_object *run, struct dax_device *dax)
{
	uint64_t first, count;
	enum block_state state;

	if (!json_object_is_type(run, json_type_array) || json_object_array_length(run) != 3)
		return -EBADMSG;
	first = json_object_get_uint64(json_object_array_get_idx(run, 0));
	count = json_object_get_uint64(json_object_array_get_idx(run, 1));
	state = block_state_of(json_object_get_string(json_object_array_get_idx(run, 2)));
	if (state == BLOCK_STATE_COUNT || count > BLOCKS_MAX - dax->blocks.count ||
	    first > UINT64_MAX - count)
		return -EBADMSG;
	for (uint64_t i = 0; i < count; i++) {
		struct memory_block *block = array_add(&dax->blocks);

		if (!block)
			return -ENOMEM;
		*block = (struct memory_block){first + i, state};
	}
	return 0;
}

int block_runs_get(const struct json_object *json, const char *key, struct dax_device *dax)
{
	for (size_t i = 0; i < json_count(json, key); i++) {
		int r = get_run(json_member(json, key, i), dax);

		if (r < 0)
			return r;
	}
	return 0;
}
