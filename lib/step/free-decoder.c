/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/free-decoder.h"

#include "base/json.h"
#include "base/parse.h"
#include "step/cxl-region.h"

#include <stdio.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	char bytes[SIZE_TEXT_MAX];

	snprintf(buffer, size, "free the %s that %s holds without a region",
		 format_size(step->shape.size, bytes), step->target.name);
}

static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const char *decoder = step->target.name;
	uint64_t size = decoder_capacity(run, decoder);
	struct json_object *what;
	int r;

	if (!size)
		return 0;
	what = json_object_new_object();
	json_put_text(what, "decoder", decoder);
	json_put_u64(what, "size", size);
	r = run_push_undo(run, STEP_FREE_DECODER, what, error, "give %s its capacity back",
			  decoder);
	return r < 0 ? r : decoder_set_capacity(run, decoder, 0, error);
}

static int undo(struct run *run, struct json_object *what, struct kmemd_error *error)
{
	const char *decoder = json_text(what, "decoder");

	if (decoder_capacity(run, decoder))
		return 0;
	return decoder_set_capacity(run, decoder, json_get_u64(what, "size"), error);
}

const struct step_operations free_decoder_operations = {
	.name = "free-decoder",
	.undo_text = "give the decoder its capacity back",
	.text = text,
	.run = run_it,
	.undo = undo,
};
