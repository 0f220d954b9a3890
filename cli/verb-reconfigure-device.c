/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-config.h"
#include "cli/request-options.h"
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_RECONFIGURE_DEVICE, "reconfigured", true};

	return request_run(cli, &verb);
}

const struct cli_verb verb_reconfigure_device = {
	"reconfigure-device",
	"DEVICE...|all",
	"change a dax device's mode, size or alignment",
	OPTIONS(&option_mode, &option_region, &option_no_online, &option_no_movable, &option_force,
		&option_size, &option_align, &option_check_config, CHANGING_OPTIONS),
	run,
	1,
	ANY_NUMBER,
};
