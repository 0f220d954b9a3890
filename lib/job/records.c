/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/records.h"

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "job/run-path.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#define MODE 0600

const char *const record_state_names[RECORD_STATE_COUNT] = {
	[RECORD_HELD] = "held",	      [RECORD_MANUAL] = "manual",   [RECORD_FAILED] = "failed",
	[RECORD_REFUSED] = "refused", [RECORD_WAITING] = "waiting", [RECORD_LEFT] = "left",
};

static char *record_path(const struct kmemd *kmemd, const char *identity)
{
	return path_of_identity(kmemd, "devices/", identity);
}

static int record_state_of(const char *name)
{
	for (int i = 0; i < RECORD_STATE_COUNT; i++)
		if (!strcmp(record_state_names[i], name))
			return i;
	return -EINVAL;
}

void record_make(struct record *record, const struct device *device, enum record_state state,
		 const char *message, const char *left)
{
	*record = (struct record){
		.state = state,
		.instance = device->instance,
		.since = (uint64_t)time(NULL),
	};
	snprintf(record->device, sizeof(record->device), "%s", device->identity);
	snprintf(record->message, sizeof(record->message), "%s", message);
	snprintf(record->left, sizeof(record->left), "%s", left ? left : "");
	snprintf(record->by, sizeof(record->by), "%s (uid %u, pid %d)",
		 program_invocation_short_name, getuid(), getpid());
}

struct json_object *record_to_json(const struct record *record)
{
	struct json_object *json = json_object_new_object();

	if (!json)
		return NULL;
	json_put_text(json, "device", record->device);
	json_put_text(json, "state", record_state_names[record->state]);
	json_put_u64(json, "instance", record->instance);
	json_put_text(json, "message", record->message);
	json_put_text(json, "left", record->left);
	json_put_text(json, "by", record->by);
	json_put_u64(json, "since", record->since);
	if (record->until_ms)
		json_put_u64(json, "until_ms", record->until_ms);
	if (record->with[0])
		json_put_text(json, "with", record->with);
	return json;
}

int record_from_json(const struct json_object *json, struct record *ret)
{
	int state = record_state_of(json_text(json, "state"));

	if (state < 0 || !json_text(json, "device")[0])
		return -EBADMSG;
	*ret = (struct record){
		.state = (enum record_state)state,
		.instance = json_get_u64(json, "instance"),
		.since = json_get_u64(json, "since"),
		.until_ms = json_get_u64(json, "until_ms"),
	};
	json_get_text(json, "device", ret->device, sizeof(ret->device));
	json_get_text(json, "message", ret->message, sizeof(ret->message));
	json_get_text(json, "left", ret->left, sizeof(ret->left));
	json_get_text(json, "by", ret->by, sizeof(ret->by));
	json_get_text(json, "with", ret->with, sizeof(ret->with));
	return 0;
}

/* 0 or a negative errno: -EBADMSG of a file that is no record. */
static int record_load(const char *path, struct record *ret)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	int r = json_read_file(path, &json);

	if (r < 0)
		return r;
	if (!json_object_is_type(json, json_type_object))
		return -EBADMSG;
	return record_from_json(json, ret);
}

int record_look(const struct kmemd *kmemd, const struct device *device, struct record *ret,
		struct kmemd_error *error)
{
	_cleanup_free_ char *path = record_path(kmemd, device->identity);
	int r = path ? record_load(path, ret) : -ENOMEM;

	if (r == -ENOENT || r == -EBADMSG)
		return 0;
	if (r < 0)
		return error_errno(error, -r,
				   "cannot read what is known of the device (%s), and leaves it as "
				   "it is: %s",
				   path ? path : device->identity, strerror(-r));
	return !strcmp(ret->device, device->identity) && ret->instance == device->instance;
}

bool record_read(const struct kmemd *kmemd, const struct device *device, struct record *ret)
{
	return record_look(kmemd, device, ret, NULL) > 0;
}

static bool job_is_under_way(const struct kmemd *kmemd)
{
	_cleanup_free_ char *path = format_text("%s/journal.json", kmemd->run);

	return !path || access(path, F_OK) == 0;
}

bool record_read_now(const struct kmemd *kmemd, const struct device *device, struct record *ret)
{
	char why[sizeof(ret->message)];

	if (!record_read(kmemd, device, ret))
		return false;
	if (ret->state != RECORD_LEFT)
		return true;
	if (!life_is_changed(device, ret->left, MODE_IGNORE, why, sizeof(why)) ||
	    job_is_under_way(kmemd))
		return false;
	ret->state = RECORD_MANUAL;
	snprintf(ret->message, sizeof(ret->message), "%s", why);
	ret->by[0] = '\0'; /* nobody knows who, nor when */
	ret->since = 0;
	return true;
}

bool record_keeps_out(const struct kmemd *kmemd, const struct device *device,
		      const struct device *named, bool retry)
{
	struct record record, other;

	if (device == named || !record_read(kmemd, device, &record))
		return false;
	if (named && record.state != RECORD_MANUAL && record.with[0] &&
	    record_read(kmemd, named, &other) && !strcmp(record.with, other.with))
		return false;
	return record.state == RECORD_HELD || record.state == RECORD_MANUAL ||
	       (record.state == RECORD_FAILED && !retry);
}

bool record_may_wait(const struct kmemd *kmemd, const struct device *device)
{
	struct record record;

	return !record_read(kmemd, device, &record) ||
	       (record.state == RECORD_WAITING && (uint64_t)monotonic_ms() < record.until_ms);
}

int record_write(const struct kmemd *kmemd, const struct record *record, struct kmemd_error *error)
{
	_cleanup_free_ char *path = record_path(kmemd, record->device);
	_cleanup_(json_object_putp) struct json_object *json = record_to_json(record);
	int r;

	if (!path || !json)
		return error_memory(error);
	r = json_write_file(path, json, MODE);
	if (r < 0)
		return error_errno(error, -r, "cannot write %s: %s", path, strerror(-r));
	return 0;
}

void record_remove(const struct kmemd *kmemd, const struct device *device)
{
	_cleanup_free_ char *path = record_path(kmemd, device->identity);

	if (path)
		unlink(path);
}

/* Calls back for every file of the devices directory that is a record. */
static int each_file(const struct kmemd *kmemd,
		     void (*callback)(const char *path, const struct record *record,
				      void *userdata),
		     void *userdata)
{
	_cleanup_free_ char *path = format_text("%s/devices", kmemd->run);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;

	if (!path)
		return -ENOMEM;
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(directory))) {
		_cleanup_free_ char *file = NULL;
		struct record record;

		/* What a write-then-rename that was cut short has left ends in .new. */
		if (!strstr(entry->d_name, ".json") || strstr(entry->d_name, ".json.new"))
			continue;
		file = format_text("%s/%s", path, entry->d_name);
		if (file && record_load(file, &record) == 0)
			callback(file, &record, userdata);
	}
	return 0;
}

static void prune_file(const char *path, const struct record *record, void *userdata)
{
	const struct kmemd_inventory *inventory = userdata;

	array_foreach(device, &inventory->devices)
		if (!strcmp(device->identity, record->device) &&
		    device->instance == record->instance)
			return;
	unlink(path);
}

void records_prune(const struct kmemd *kmemd, const struct kmemd_inventory *inventory)
{
	each_file(kmemd, prune_file, (void *)inventory);
}

struct each_record {
	void (*callback)(const struct record *record, void *userdata);
	void *userdata;
};

static void pass_record(const char *path, const struct record *record, void *userdata)
{
	const struct each_record *each = userdata;

	(void)path;
	each->callback(record, each->userdata);
}

int records_each(const struct kmemd *kmemd,
		 void (*callback)(const struct record *record, void *userdata), void *userdata)
{
	struct each_record each = {callback, userdata};

	return each_file(kmemd, pass_record, &each);
}
