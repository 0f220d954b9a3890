/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_SYSTEM_LOG_H
#define KMEMD_SYSTEM_LOG_H
/*
 * What jobs do as entries of the system's journal, the same for kmemd and kmemctl, with fields to
 * search for: MESSAGE_ID=, KMEMD_DEVICE=, KMEMD_JOB=, KMEMD_POLICY=, KMEMD_RESULT=, KMEMD_BYTES=,
 * KMEMD_DURATION_USEC=, and who it was: KMEMD_UID=, KMEMD_LOGIN_UID=, KMEMD_PROGRAM=,
 * KMEMD_TERMINAL=. systemd/kmemd.catalog has the texts of the message ids.
 */
#include "base/error.h"
#include "job/event.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct system_log {
	const char *identifier; /* SYSLOG_IDENTIFIER= */
	const char *job;	/* of events that do not say it; NULL: none */
	uid_t uid;
	bool has_login;	 /* a person has logged in, */
	uid_t login_uid; /* whatever sudo or su has made of them */
	char terminal[64];
	char program[NAME_MAX + 1];
	unsigned int failures; /* of devices, logged so far */
};

/* Finds out who this process is. procfs is "/proc"; what cannot be read is left out. */
void system_log_init(struct system_log *log, const char *procfs, const char *identifier,
		     const char *job);
/* PROGRESS is left out. */
void system_log_event(struct system_log *log, const struct kmemd_event *event);
/* A failure that no event was about. */
void system_log_error(struct system_log *log, const struct kmemd_error *error);
/* line 0: the whole file. */
void system_log_policy_problem(struct system_log *log, const char *file, uint64_t line,
			       const char *message);

#endif
