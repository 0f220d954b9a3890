/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_DEVICES_H
#define KMEMD_JUDGE_DEVICES_H
/* Dax devices, their blocks, zones and memmaps. */
#include "doctor/judge.h"

void judge_devices(struct judgement *judgement);

#endif
