/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/monitor-log.h"
#include "cli/monitor.h"

#include <errno.h>
#include <string.h>

/* The value of a field of the entry, or NULL; to be freed. */
static char *field_value(sd_journal *journal, const char *field)
{
	const void *data;
	size_t length, prefix = strlen(field) + 1;

	if (sd_journal_get_data(journal, field, &data, &length) < 0 || length < prefix)
		return NULL;
	return strndup((const char *)data + prefix, length - prefix);
}

static void tell_entry(struct monitor *monitor)
{
	_cleanup_free_ char *message = field_value(monitor->journal, "MESSAGE");
	_cleanup_free_ char *device = field_value(monitor->journal, "KMEMD_DEVICE");
	_cleanup_free_ char *priority = field_value(monitor->journal, "PRIORITY");
	struct json_object *json;

	if (!message)
		return;
	json = json_object_new_object();
	if (device && device[0])
		json_put_text(json, "device", device);
	if (priority)
		json_put_u64(json, "priority", strtoull(priority, NULL, 10));
	monitor_tell(monitor, "log", json, "%s", message);
}

static int on_journal(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct monitor *monitor = userdata;

	(void)source, (void)fd, (void)events;
	if (sd_journal_process(monitor->journal) < 0)
		return 0;
	while (sd_journal_next(monitor->journal) > 0)
		tell_entry(monitor);
	return 0;
}

int monitor_log_start(struct monitor *monitor)
{
	int events, fd, r = sd_journal_open(&monitor->journal, SD_JOURNAL_LOCAL_ONLY);

	if (r < 0)
		return r;
	/* Two matches of one field: either. */
	r = sd_journal_add_match(monitor->journal, "SYSLOG_IDENTIFIER=kmemd", 0);
	if (r >= 0)
		r = sd_journal_add_match(monitor->journal, "SYSLOG_IDENTIFIER=kmemctl", 0);
	if (r >= 0)
		r = sd_journal_seek_tail(monitor->journal);
	/* Stands on the last entry, or before the first when there is none yet. */
	if (r >= 0)
		r = sd_journal_previous(monitor->journal);
	if (r < 0)
		return r;
	fd = sd_journal_get_fd(monitor->journal);
	events = sd_journal_get_events(monitor->journal);
	if (fd < 0 || events < 0)
		return fd < 0 ? fd : events;
	r = sd_event_add_io(monitor->event, NULL, fd, (uint32_t)events, on_journal, monitor);
	/* What was written between the two is in no event. */
	while (r >= 0 && sd_journal_next(monitor->journal) > 0)
		tell_entry(monitor);
	return r;
}

void monitor_log_stop(struct monitor *monitor)
{
	if (monitor->journal)
		sd_journal_close(monitor->journal);
	monitor->journal = NULL;
}
