/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_OFFLINE_MEMORY, "offlined memory for",
						 false};

	return request_run(cli, &verb);
}

const struct cli_verb verb_offline_memory = {
	"offline-memory",
	"DEVICE...|all",
	"take the memory blocks of a dax device offline",
	OPTIONS(&option_region, CHANGING_OPTIONS),
	run,
	1,
	ANY_NUMBER,
};
