/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_GATHER_LOG_H
#define KMEMD_GATHER_LOG_H
/* Sentences of the kernel log that say why something does not work. */
#include "doctor/facts.h"

/* 0 or -ENOMEM; the log may be closed to this user, which is no error. */
int facts_gather_log(const struct kmemd *kmemd, struct log_facts *log);

#endif
