/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_DESTROY_DEVICE, "destroyed", false};

	return request_run(cli, &verb);
}

const struct cli_verb verb_destroy_device = {
	"destroy-device",
	"DEVICE...|all",
	"give a dax device's capacity back to its dax region",
	OPTIONS(&option_region, &option_force, CHANGING_OPTIONS),
	run,
	1,
	ANY_NUMBER,
};
