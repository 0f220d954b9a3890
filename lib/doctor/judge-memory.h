/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_MEMORY_H
#define KMEMD_JUDGE_MEMORY_H
/* Memory of the machine as a whole: zones, DRAM, ranges of nobody, broken pages and DIMMs. */
#include "doctor/judge.h"

void judge_dram(struct judgement *judgement);
void judge_zones(struct judgement *judgement);
void judge_resources(struct judgement *judgement);
void judge_poison(struct judgement *judgement);
void judge_dimms(struct judgement *judgement);

#endif
