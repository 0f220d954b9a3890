/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_ONLINE_MEMORY, "onlined memory for", false};

	return request_run(cli, &verb);
}

const struct cli_verb verb_online_memory = {
	"online-memory",
	"DEVICE...|all",
	"put the memory blocks of a dax device online",
	OPTIONS(&option_region, &option_no_movable, CHANGING_OPTIONS),
	run,
	1,
	ANY_NUMBER,
};
