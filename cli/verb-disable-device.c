/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/request-run.h"
#include "cli/verb.h"

static int run(struct cli *cli)
{
	static const struct request_verb verb = {KMEMD_DISABLE_DEVICE, "disabled", false};

	return request_run(cli, &verb);
}

const struct cli_verb verb_disable_device = {
	"disable-device",
	"DEVICE...|all",
	"unbind a dax device from its driver",
	OPTIONS(&option_region, CHANGING_OPTIONS),
	run,
	1,
	ANY_NUMBER,
};
