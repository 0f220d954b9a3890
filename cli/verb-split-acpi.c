/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What daxctl has and kmemctl has not. */
#include "base/error.h"
#include "cli/verb.h"

#include <stdio.h>

static int run(struct cli *cli)
{
	(void)cli;
	fprintf(stderr, "kmemctl: split-acpi cuts ranges in a copy of the firmware's tables, for "
			"an initramfs "
			"to override them, and does nothing to this machine's memory: use daxctl "
			"split-acpi, "
			"or cut a dax region with kmemctl create-device\n");
	return KMEMD_REFUSED;
}

const struct cli_verb verb_split_acpi = {
	"split-acpi", "[...]", "not here, and says why", NULL, run, 0, ANY_NUMBER,
};
