/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the run directory says: the job under way, and devices that are held or failed. */
#include "json/status-json.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "job/journal.h"
#include "job/parking.h"
#include "job/records.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static void put_status_record(const struct record *record, void *userdata)
{
	struct json_object *json;

	if (record->state == RECORD_LEFT) /* as policy wants it: nothing to be said */
		return;
	json = json_append_object(userdata);
	json_put_text(json, "device", record->device);
	json_put_text(json, "state", record_state_names[record->state]);
	json_put_text(json, "message", record->message);
	json_put_text(json, "by", record->by);
	json_put_u64(json, "since", record->since);
}

static char *published_path(const struct kmemd *kmemd)
{
	return format_text("%s/status.json", kmemd->run);
}

/* What root published last, for those who may not look themselves. */
static int read_published(struct kmemd *kmemd, struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_free_ char *path = published_path(kmemd);
	int r = path ? json_read_file(path, ret) : -ENOMEM;

	if (r == 0 && !json_object_is_type(*ret, json_type_object)) {
		json_object_put(*ret);
		r = -EBADMSG;
	}
	if (r < 0)
		return error_set(error, KMEMD_NOT_PERMITTED, EACCES,
				 "only root may read %s/devices, and no job has published %s yet",
				 kmemd->run, path ? path : "its status");
	json_put_bool(*ret, "published", true);
	return 0;
}

void kmemd_publish_status(struct kmemd *kmemd)
{
	_cleanup_free_ char *path = published_path(kmemd);
	_cleanup_(json_object_putp) struct json_object *json = NULL;

	if (path && geteuid() == 0 && kmemd_report_status(kmemd, &json, NULL) == 0)
		json_write_file(path, json, 0644);
}

int kmemd_report_status(struct kmemd *kmemd, struct json_object **ret, struct kmemd_error *error)
{
	struct json_object *json = json_object_new_object(), *job;
	struct journal journal;
	int r;

	if (!json)
		return error_memory(error);
	if (journal_read(kmemd, &journal) == 0 || parking_read(kmemd, &journal) == 0) {
		job = json_put_object(json, "job");
		json_put_text(job, "type", journal.job);
		json_put_text(job, "device", journal.device);
		json_put_int(job, "pid", journal.pid);
		/* The next job puts right what one that is gone has left. */
		json_put_bool(job, "running", kill(journal.pid, 0) == 0 || errno == EPERM);
		json_put_text(job, "program", journal.program);
		json_put_u64(job, "uid", journal.uid);
		journal_release(&journal);
	}
	r = records_each(kmemd, put_status_record, json_put_array(json, "records"));
	if (r < 0) {
		json_object_put(json);
		if (r == -EACCES)
			return read_published(kmemd, ret, error);
		return error_errno(error, -r, "cannot read %s/devices: %s", kmemd->run,
				   strerror(-r));
	}
	*ret = json;
	return 0;
}
