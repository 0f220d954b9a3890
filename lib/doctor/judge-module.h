/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_MODULE_H
#define KMEMD_JUDGE_MODULE_H
/* The kmem driver: which one is loaded, and why it is not ours. */
#include "doctor/judge.h"

void judge_module(struct judgement *judgement);

#endif
