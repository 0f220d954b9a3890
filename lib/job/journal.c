/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/journal.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"

#define MODE 0600

char *journal_path(const struct kmemd *kmemd)
{
	return format_text("%s/journal.json", kmemd->run);
}

int journal_init(struct journal *journal)
{
	*journal = (struct journal){
		.pid = getpid(),
		.uid = getuid(),
		.held = json_object_new_array(),
		.undo = json_object_new_array(),
		.records = json_object_new_array(),
		.busy = json_object_new_array(),
	};
	copy_name(journal->program, program_invocation_short_name);
	if (journal->held && journal->undo && journal->records && journal->busy)
		return 0;
	journal_release(journal);
	return -ENOMEM;
}

void journal_release(struct journal *journal)
{
	json_object_put(journal->held);
	json_object_put(journal->undo);
	json_object_put(journal->records);
	json_object_put(journal->busy);
	journal->held = journal->undo = journal->records = journal->busy = NULL;
}

/* A reference to an array, or a new one where there is none. */
static struct json_object *take_array(struct json_object *json, const char *key)
{
	struct json_object *array = NULL;

	if (json_object_object_get_ex(json, key, &array) &&
	    json_object_is_type(array, json_type_array))
		return json_object_get(array);
	return json_object_new_array();
}

int journal_read(const struct kmemd *kmemd, struct journal *ret)
{
	_cleanup_free_ char *path = journal_path(kmemd);

	return path ? journal_read_file(path, ret) : -ENOMEM;
}

int journal_read_file(const char *path, struct journal *ret)
{
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct journal journal = {0};
	int r = json_read_file(path, &json);

	if (r < 0)
		return r;
	if (!json_object_is_type(json, json_type_object))
		return -EBADMSG;
	json_get_text(json, "job", journal.job, sizeof(journal.job));
	json_get_text(json, "device", journal.device, sizeof(journal.device));
	json_get_text(json, "instance_path", journal.instance_path, sizeof(journal.instance_path));
	json_get_text(json, "program", journal.program, sizeof(journal.program));
	journal.instance = json_get_u64(json, "instance");
	journal.pid = (int)json_get_int(json, "pid");
	journal.uid = (unsigned int)json_get_u64(json, "uid");
	journal.forward = json_get_bool(json, "forward");
	journal.done = json_get_bool(json, "done");
	journal.held = take_array(json, "held");
	journal.undo = take_array(json, "undo");
	journal.records = take_array(json, "records");
	journal.busy = take_array(json, "busy");
	if (!journal.held || !journal.undo || !journal.records || !journal.busy) {
		journal_release(&journal);
		return -ENOMEM;
	}
	*ret = journal;
	return 0;
}

int journal_write(const struct kmemd *kmemd, const struct journal *journal,
		  struct kmemd_error *error)
{
	_cleanup_free_ char *path = journal_path(kmemd);
	_cleanup_(json_object_putp) struct json_object *json = json_object_new_object();
	int r;

	if (!path || !json)
		return error_memory(error);
	json_put_text(json, "job", journal->job);
	json_put_text(json, "device", journal->device);
	json_put_text(json, "instance_path", journal->instance_path);
	json_put_u64(json, "instance", journal->instance);
	json_put_text(json, "program", journal->program);
	json_put_int(json, "pid", journal->pid);
	json_put_u64(json, "uid", journal->uid);
	json_put_bool(json, "forward", journal->forward);
	json_put_bool(json, "done", journal->done);
	json_object_object_add(json, "held", json_object_get(journal->held));
	json_object_object_add(json, "undo", json_object_get(journal->undo));
	json_object_object_add(json, "records", json_object_get(journal->records));
	json_object_object_add(json, "busy", json_object_get(journal->busy));
	r = json_write_file(path, json, MODE);
	if (r < 0)
		return error_errno(error, -r, "cannot write the journal %s: %s", path,
				   strerror(-r));
	return 0;
}

static void empty(struct json_object *array)
{
	json_object_array_del_idx(array, 0, json_object_array_length(array));
}

void journal_finish(const struct kmemd *kmemd, struct journal *journal)
{
	if (!json_object_array_length(journal->held)) {
		journal_remove(kmemd);
		return;
	}
	empty(journal->undo);
	empty(journal->records);
	journal->done = true;
	journal_write(kmemd, journal, NULL);
}

void journal_remove(const struct kmemd *kmemd)
{
	_cleanup_free_ char *path = journal_path(kmemd);

	if (path)
		unlink(path);
}
