/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/monitor.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* "2026-11-21T15:04:05.123+01:00": of the machine's own clock and zone. */
static void time_text(char *buffer, size_t size, bool whole)
{
	struct timespec now;
	struct tm parts;
	char zone[8];
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &parts);
	used = strftime(buffer, size, whole ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &parts);
	used += (size_t)snprintf(buffer + used, size - used, ".%03ld", now.tv_nsec / 1000000);
	if (!whole)
		return;
	strftime(zone, sizeof(zone), "%z", &parts);
	snprintf(buffer + used, size - used, "%.3s:%s", zone, zone + 3);
}

/* Past stdio, so that nothing is left to be written when the reader is gone. */
static int write_line(const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t length = write(STDOUT_FILENO, text, left);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		text += length;
		left -= (size_t)length;
	}
	return 0;
}

static char *json_line(struct json_object *json, const char *type, const char *message)
{
	char now[48];

	if (!json)
		json = json_object_new_object();
	time_text(now, sizeof(now), true);
	json_put_text(json, "time", now);
	json_put_text(json, "type", type);
	json_put_text(json, "message", message);
	return format_text("%s\n",
			   json_object_to_json_string_ext(
				   json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void monitor_tell(struct monitor *monitor, const char *type, struct json_object *json,
		  const char *format, ...)
{
	_cleanup_(json_object_putp) struct json_object *object = json;
	_cleanup_free_ char *message = NULL, *shown = NULL, *line = NULL;
	va_list arguments;
	char now[48];
	int length, r;

	va_start(arguments, format);
	length = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (length < 0) {
		message = NULL;
		return;
	}
	if (monitor->cli->json != JSON_OFF) {
		if (!object)
			object = json_object_new_object();
		line = json_line(object, type, message);
	} else {
		time_text(now, sizeof(now), false);
		shown = printable(message);
		line = shown ? format_text("%s %-7s %s\n", now, type, shown) : NULL;
	}
	r = line ? write_line(line) : 0;
	if (r == -EPIPE)
		sd_event_exit(monitor->event, KMEMD_DONE);
	else if (r < 0)
		sd_event_exit(monitor->event, KMEMD_FAILED);
}
