/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_ONLINERS_H
#define KMEMD_JUDGE_ONLINERS_H
/* Others who put memory online, or act when it comes. */
#include "doctor/judge.h"

void judge_auto_online(struct judgement *judgement);
void judge_online_policy(struct judgement *judgement);
void judge_rules(struct judgement *judgement);
void judge_daxctl(struct judgement *judgement);
void judge_kdump(struct judgement *judgement);
void judge_nvidia(struct judgement *judgement);

#endif
