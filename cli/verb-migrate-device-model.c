/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What daxctl has and kmemctl has not. */
#include "base/error.h"
#include "cli/verb.h"

#include <stdio.h>

static int run(struct cli *cli)
{
	(void)cli;
	fprintf(stderr,
		"kmemctl: there is nothing to migrate: Linux 6.1 and later have only the dax bus; "
		"remove what daxctl has put into /etc/modprobe.d for older ones\n");
	return KMEMD_REFUSED;
}

const struct cli_verb verb_migrate_device_model = {
	"migrate-device-model",
	"[...]",
	"not needed any more, and says why",
	NULL,
	run,
	0,
	ANY_NUMBER,
};
