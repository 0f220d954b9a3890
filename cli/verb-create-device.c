/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-options.h"
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_CREATE_DEVICE, "created", true};

	return request_run(cli, &verb);
}

const struct cli_verb verb_create_device = {
	"create-device",
	"",
	"cut a new dax device from what a dax region has left",
	OPTIONS(&option_region, &option_size, &option_align, &option_input, &option_mode,
		&option_no_online, &option_no_movable, &option_force, CHANGING_OPTIONS),
	run,
	0,
	0,
};
