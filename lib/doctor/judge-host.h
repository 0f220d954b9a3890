/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_HOST_H
#define KMEMD_JUDGE_HOST_H
/* The kernel, what could be looked at, and the service. */
#include "doctor/judge.h"

void judge_hotplug(struct judgement *judgement);
void judge_sight(struct judgement *judgement);
void judge_job(struct judgement *judgement);
void judge_memmap_parameter(struct judgement *judgement);
void judge_policy(struct judgement *judgement);
void judge_service(struct judgement *judgement);

#endif
