/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_RECORDS_H
#define KMEMD_JUDGE_RECORDS_H
/* What jobs of kmemd left. */
#include "doctor/judge.h"

void judge_records(struct judgement *judgement);
void judge_cut_short(struct judgement *judgement);

#endif
