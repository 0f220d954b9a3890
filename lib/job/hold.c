/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/hold.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"

#include <fcntl.h>
#include <stdio.h>

static int read_setting(const struct kmemd *kmemd, const char *setting, char *buffer, size_t size)
{
	_cleanup_free_ char *path = format_text("%s/%s", kmemd->sysfs, setting);

	int r = path ? attribute_read(AT_FDCWD, path, buffer, size) : -ENOMEM;

	/* A setting always has a word, and nothing can be put back. */
	return r == 0 && !buffer[0] ? -EIO : r;
}

static int write_setting(const struct kmemd *kmemd, const char *setting, const char *value)
{
	_cleanup_free_ char *path = format_text("%s/%s", kmemd->sysfs, setting);

	return path ? attribute_write(AT_FDCWD, path, value) : -ENOMEM;
}

static struct json_object *find_held(const struct journal *journal, const char *setting)
{
	for (size_t i = 0; i < json_object_array_length(journal->held); i++) {
		struct json_object *held = json_object_array_get_idx(journal->held, i);

		if (!strcmp(json_text(held, "setting"), setting))
			return held;
	}
	return NULL;
}

/* What was there at first stays known, unless somebody else has changed the setting since. */
static struct json_object *note(struct journal *journal, const char *setting, const char *now)
{
	struct json_object *held = find_held(journal, setting);

	if (!held) {
		held = json_append_object(journal->held);
		json_put_text(held, "setting", setting);
		json_put_text(held, "was", now);
	} else if (strcmp(json_text(held, "is"), now) != 0) {
		json_put_text(held, "was", now);
	}
	return held;
}

/* A kernel without the setting does nothing by itself; one whose setting is not known might. */
static int cannot_read(const struct kmemd *kmemd, const char *setting, int r,
		       struct kmemd_error *error)
{
	if (r == -ENOENT)
		return 0;
	return error_errno(error, -r, "cannot read %s/%s: %s", kmemd->sysfs, setting, strerror(-r));
}

int hold_set(const struct kmemd *kmemd, struct journal *journal, const char *setting,
	     const char *value, struct kmemd_error *error)
{
	struct json_object *held;
	char now[64];
	int r;

	r = read_setting(kmemd, setting, now, sizeof(now));
	if (r < 0)
		return cannot_read(kmemd, setting, r, error);
	if (!strcmp(now, value))
		return 0;
	held = note(journal, setting, now);
	if (!held)
		return error_memory(error);
	json_put_text(held, "is", value);
	r = journal_write(kmemd, journal, error);
	if (r < 0)
		return r;
	r = write_setting(kmemd, setting, value);
	if (r < 0)
		return error_errno(error, -r, "cannot write '%s' to %s/%s: %s", value, kmemd->sysfs,
				   setting, strerror(-r));
	return 0;
}

int hold_auto_online(const struct kmemd *kmemd, struct journal *journal, const char *word,
		     struct kmemd_error *error)
{
	char now[64];
	int r = read_setting(kmemd, AUTO_ONLINE, now, sizeof(now));

	if (r < 0)
		return cannot_read(kmemd, AUTO_ONLINE, r, error);
	if (!strcmp(now, "offline"))
		return 0;
	return hold_set(kmemd, journal, AUTO_ONLINE, word, error);
}

static void tell(const struct kmemd_job *job, const char *setting, const char *was, int r)
{
	char message[256];

	snprintf(message, sizeof(message), "%s cannot be put back to '%s': %s; set it by hand",
		 setting, was, strerror(-r));
	job->event(job->userdata, &(struct kmemd_event){
					  .type = KMEMD_EVENT_NOTICE,
					  .message = message,
				  });
}

static const char *last_part(const char *setting)
{
	const char *slash = strrchr(setting, '/');

	return slash ? slash + 1 : setting;
}

/* 1 when it was put back, 0 when somebody else's value stays, or a negative errno. */
static int put_back(const struct kmemd *kmemd, const struct json_object *held)
{
	const char *setting = json_text(held, "setting"), *was = json_text(held, "was");
	char now[64];
	int r = read_setting(kmemd, setting, now, sizeof(now));

	if (r < 0)
		return r;
	if (strcmp(now, json_text(held, "is")) != 0)
		return !strcmp(now, was);
	r = write_setting(kmemd, setting, was);
	if (r == 0)
		r = read_setting(kmemd, setting, now, sizeof(now));
	if (r < 0)
		return r;
	return strcmp(now, was) != 0 ? -EIO : 1;
}

/* Whether nobody needs to try that again. */
static bool is_settled(int r)
{
	return r >= 0 || r == -EINVAL || r == -ENOENT;
}

bool hold_release(const struct kmemd *kmemd, struct journal *journal, const struct kmemd_job *job,
		  char *text, size_t size)
{
	if (size)
		text[0] = '\0';
	for (size_t i = json_object_array_length(journal->held); i-- > 0;) {
		struct json_object *held = json_object_array_get_idx(journal->held, i);
		const char *setting = json_text(held, "setting"), *was = json_text(held, "was");
		int r = put_back(kmemd, held);
		size_t used = size ? strlen(text) : 0;

		if (r < 0)
			tell(job, last_part(setting), was, r);
		else if (r > 0 && size)
			snprintf(text + used, size - used, "; %s is '%s' again", last_part(setting),
				 was);
		if (is_settled(r))
			json_object_array_del_idx(journal->held, i, 1);
	}
	return !json_object_array_length(journal->held);
}
