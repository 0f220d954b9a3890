/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "cli/verb.h"
#include "context.h"

#include <stdio.h>

static int run(struct cli *cli)
{
	(void)cli;
	printf("kmemctl %s\n", kmemd_version());
	return KMEMD_DONE;
}

const struct cli_verb verb_version = {
	"version", "", "show the version", OPTIONS(), run, 0, 0,
};
