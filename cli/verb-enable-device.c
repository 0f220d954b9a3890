/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_ENABLE_DEVICE, "enabled", false};

	return request_run(cli, &verb);
}

const struct cli_verb verb_enable_device = {
	"enable-device",
	"DEVICE...|all",
	"bind a dax device to the driver of devdax mode",
	OPTIONS(&option_region, CHANGING_OPTIONS),
	run,
	1,
	ANY_NUMBER,
};
