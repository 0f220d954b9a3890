/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_DRAIN_RUN_H
#define KMEMCTL_DRAIN_RUN_H
#include "plan/plan.h"

struct cli;

/* Drains what the arguments name, devices or regions, or shows the plan. An exit code. */
int drain_run(struct cli *cli, enum goal goal);

#endif
