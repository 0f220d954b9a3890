/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of all entries the place in the source would be the same. */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "job/system-log.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "job/event.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#define MESSAGE_DECIDED	  "5f1b8f6f3c0c4bd5a4f3f0b8e5c20d11"
#define MESSAGE_DONE	  "0d9a2c7f6b1e4a86b1d1c5a3f7e40d12"
#define MESSAGE_FAILED	  "c1f0e6b27a8d4e0f9b6d2e8a4c510d13"
#define MESSAGE_RECOVERED "7be24d1a90cf4c55a2f68e0b3d960d14"
#define MESSAGE_POLICY	  "e4a61c3b58d24f7d8c0f9a7b12e30d15"

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

static const char *const result_names[] = {
	[KMEMD_DONE] = "done",
	[KMEMD_FAILED] = "failed",
	[KMEMD_USAGE] = "usage",
	[KMEMD_REFUSED] = "refused",
	[KMEMD_PARTLY] = "partly",
	[KMEMD_NO_DEVICE] = "no-device",
	[KMEMD_NOT_PERMITTED] = "not-permitted",
};

/* --- an entry: fields of any content, none of which is cut or taken for another -----------------
 */

#define FIELDS_MAX 20

struct entry {
	struct iovec fields[FIELDS_MAX];
	int count;
};

/* A field for which there is no memory is left out. */
static void add(struct entry *entry, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct entry *entry, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	if (entry->count == FIELDS_MAX)
		return;
	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	entry->fields[entry->count++] = (struct iovec){text, (size_t)length};
}

static void add_text(struct entry *entry, const char *name, const char *value)
{
	if (value && value[0])
		add(entry, "%s=%s", name, value);
}

static void begin(struct entry *entry, const struct system_log *log, int priority, const char *id)
{
	add(entry, "SYSLOG_IDENTIFIER=%s", log->identifier);
	add(entry, "PRIORITY=%d", priority);
	add_text(entry, "MESSAGE_ID", id);
	add(entry, "KMEMD_UID=%u", log->uid);
	if (log->has_login)
		add(entry, "KMEMD_LOGIN_UID=%u", log->login_uid);
	add_text(entry, "KMEMD_PROGRAM", log->program);
	add_text(entry, "KMEMD_TERMINAL", log->terminal);
}

static void send(struct entry *entry)
{
	sd_journal_sendv(entry->fields, entry->count);
	for (int i = 0; i < entry->count; i++)
		free(entry->fields[i].iov_base);
}

/* --- who ----------------------------------------------------------------------------------------
 */

/* -1 says that nobody has logged in: a service. */
static void find_login(struct system_log *log, const char *procfs)
{
	_cleanup_free_ char *path = format_text("%s/self/loginuid", procfs);
	uint64_t uid;

	if (!path || attribute_read_u64(AT_FDCWD, path, &uid) < 0 || uid >= UINT32_MAX)
		return;
	log->has_login = true;
	log->login_uid = (uid_t)uid;
}

static void find_terminal(struct system_log *log)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (ttyname_r(fd, log->terminal, sizeof(log->terminal)) == 0)
			return;
	log->terminal[0] = '\0';
}

void system_log_init(struct system_log *log, const char *procfs, const char *identifier,
		     const char *job)
{
	*log = (struct system_log){.identifier = identifier, .job = job, .uid = getuid()};
	snprintf(log->program, sizeof(log->program), "%s", program_invocation_short_name);
	find_login(log, procfs);
	find_terminal(log);
}

/* --- what ---------------------------------------------------------------------------------------
 */

static const char *result_of(const struct kmemd_event *event)
{
	if (event->type == KMEMD_EVENT_DONE)
		return result_names[KMEMD_DONE];
	if (event->type != KMEMD_EVENT_FAILED)
		return NULL;
	if (event->error && event->error->errnum == ECANCELED)
		return "cancelled";
	return result_names[event->error ? event->error->result : KMEMD_FAILED];
}

static void add_outcome(struct entry *entry, const struct kmemd_event *event)
{
	add_text(entry, "KMEMD_RESULT", result_of(event));
	if (event->type != KMEMD_EVENT_DONE && event->type != KMEMD_EVENT_FAILED)
		return;
	if (event->bytes)
		add(entry, "KMEMD_BYTES=%" PRIu64, event->bytes);
	if (event->duration_usec)
		add(entry, "KMEMD_DURATION_USEC=%" PRIu64, event->duration_usec);
	if (event->error)
		add(entry, "ERRNO=%d", event->error->errnum);
}

void system_log_event(struct system_log *log, const struct kmemd_event *event)
{
	struct entry entry = {.count = 0};

	if (event->type == KMEMD_EVENT_PROGRESS)
		return;
	if (event->type == KMEMD_EVENT_FAILED)
		log->failures++;
	begin(&entry, log, kinds[event->type].priority, kinds[event->type].id);
	add(&entry, "MESSAGE=%s", event->message);
	/* Empty for what concerns no device or comes from no file: the texts of the ids name both.
	 */
	add(&entry, "KMEMD_DEVICE=%s", event->device ? event->device : "");
	add(&entry, "KMEMD_POLICY=%s", event->policy ? event->policy : "");
	add_text(&entry, "KMEMD_JOB", event->job ? event->job : log->job);
	add_outcome(&entry, event);
	send(&entry);
}

void system_log_error(struct system_log *log, const struct kmemd_error *error)
{
	struct entry entry = {.count = 0};

	begin(&entry, log, LOG_ERR, MESSAGE_FAILED);
	add(&entry, "MESSAGE=%s", error->message);
	add_text(&entry, "KMEMD_JOB", log->job);
	add_text(&entry, "KMEMD_RESULT", result_names[error->result]);
	add(&entry, "ERRNO=%d", error->errnum);
	send(&entry);
}

void system_log_policy_problem(struct system_log *log, const char *file, uint64_t line,
			       const char *message)
{
	struct entry entry = {.count = 0};

	begin(&entry, log, LOG_WARNING, MESSAGE_POLICY);
	if (line)
		add(&entry,
		    "MESSAGE=%s:%" PRIu64
		    ": %s (devices that the file may be about are left alone)",
		    file, line, message);
	else
		add(&entry, "MESSAGE=%s: %s (devices that the file may be about are left alone)",
		    file, message);
	add(&entry, "KMEMD_POLICY=%s", file);
	send(&entry);
}
