/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_COUNT_DEVICES_H
#define KMEMD_COUNT_DEVICES_H
/* How many devices are as policy wants, and what the others are. */
#include "daemon/worker-protocol.h"

struct json_object;

/* plan: what kmemd_report_plan() says of all devices after the job. Each device counts once. */
void count_devices(const struct json_object *plan, struct worker_counts *counts);

#endif
