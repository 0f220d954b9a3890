/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_CXL_H
#define KMEMD_JUDGE_CXL_H
/* CXL: regions that cannot be committed, capacity that nobody uses, what lies over a window. */
#include "doctor/judge.h"

void judge_hypervisor(struct judgement *judgement);
void judge_capacity(struct judgement *judgement);
void judge_stranded(struct judgement *judgement);
void judge_windows(struct judgement *judgement);
void judge_locks(struct judgement *judgement);

#endif
