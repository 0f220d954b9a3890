/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_WORKER_LOG_H
#define KMEMD_WORKER_LOG_H
/*
 * Events as journal entries, with fields to search for: MESSAGE_ID=, KMEMD_DEVICE=, KMEMD_POLICY=.
 * The texts of the message ids are in systemd/kmemd.catalog.
 */
#include "base/error.h"
#include "job/event.h"

void log_event(const struct kmemd_event *event);
void log_error(const struct kmemd_error *error);
void log_policy_problem(const char *file, uint64_t line, const char *message);
/* Whether a device's failure has been logged by log_event(). */
bool log_told_failure(void);

#endif
