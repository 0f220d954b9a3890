/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/worker/log.h"

#include "base/error.h"
#include "job/event.h"

#include <syslog.h>
#include <systemd/sd-journal.h>

#define MESSAGE_DECIDED	  "5f1b8f6f3c0c4bd5a4f3f0b8e5c20d11"
#define MESSAGE_DONE	  "0d9a2c7f6b1e4a86b1d1c5a3f7e40d12"
#define MESSAGE_FAILED	  "c1f0e6b27a8d4e0f9b6d2e8a4c510d13"
#define MESSAGE_RECOVERED "7be24d1a90cf4c55a2f68e0b3d960d14"
#define MESSAGE_POLICY	  "e4a61c3b58d24f7d8c0f9a7b12e30d15"

static bool told_failure;

/* What an administrator may look for has an id; steps and undos have none. */
static const struct {
	int priority;
	const char *id;
} kinds[] = {
	[KMEMD_EVENT_RECOVERED] = {LOG_WARNING, MESSAGE_RECOVERED},
	[KMEMD_EVENT_WAITING] = {LOG_INFO, NULL},
	[KMEMD_EVENT_DECIDED] = {LOG_NOTICE, MESSAGE_DECIDED},
	[KMEMD_EVENT_STEP] = {LOG_INFO, NULL},
	[KMEMD_EVENT_PROGRESS] = {LOG_DEBUG, NULL},
	[KMEMD_EVENT_UNDO] = {LOG_WARNING, NULL},
	[KMEMD_EVENT_DONE] = {LOG_NOTICE, MESSAGE_DONE},
	[KMEMD_EVENT_FAILED] = {LOG_ERR, MESSAGE_FAILED},
	[KMEMD_EVENT_NOTICE] = {LOG_NOTICE, NULL},
};

void log_event(const struct kmemd_event *event)
{
	if (event->type == KMEMD_EVENT_PROGRESS)
		return;
	if (event->type == KMEMD_EVENT_FAILED)
		told_failure = true;
	/* sd_journal_send() ends at the first NULL: the id comes last. */
	sd_journal_send(
		"SYSLOG_IDENTIFIER=kmemd", "PRIORITY=%d", kinds[event->type].priority, "MESSAGE=%s",
		event->message, "KMEMD_DEVICE=%s", event->device ? event->device : "",
		"KMEMD_POLICY=%s", event->policy ? event->policy : "",
		kinds[event->type].id ? "MESSAGE_ID=%s" : NULL, kinds[event->type].id, NULL);
}

void log_error(const struct kmemd_error *error)
{
	sd_journal_send("SYSLOG_IDENTIFIER=kmemd", "PRIORITY=%d", LOG_ERR, "MESSAGE=%s",
			error->message, "ERRNO=%d", error->errnum, "MESSAGE_ID=" MESSAGE_FAILED,
			NULL);
}

void log_policy_problem(const char *file, uint64_t line, const char *message)
{
	sd_journal_send("SYSLOG_IDENTIFIER=kmemd", "PRIORITY=%d", LOG_WARNING,
			"MESSAGE=%s:%lu: %s (devices that the file may be about are left alone)",
			file, (unsigned long)line, message, "KMEMD_POLICY=%s", file,
			"MESSAGE_ID=" MESSAGE_POLICY, NULL);
}

bool log_told_failure(void)
{
	return told_failure;
}
