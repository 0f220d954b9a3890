/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/journal.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

static char *journal_path(const struct kmemd *kmemd)
{
	return format_text("%s/journal.json", kmemd->run);
}

int journal_read(const struct kmemd *kmemd, struct journal *ret)
{
	_cleanup_free_ char *path = journal_path(kmemd);
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct journal journal = {0};
	int r;

	if (!path)
		return -ENOMEM;
	r = json_read_file(path, &json);
	if (r < 0)
		return r;
	json_get_text(json, "job", journal.job, sizeof(journal.job));
	json_get_text(json, "device", journal.device, sizeof(journal.device));
	json_get_text(json, "auto_online_was", journal.auto_online_was,
		      sizeof(journal.auto_online_was));
	json_get_text(json, "auto_online_is", journal.auto_online_is,
		      sizeof(journal.auto_online_is));
	json_get_text(json, "region", journal.region, sizeof(journal.region));
	json_get_text(json, "root_decoder", journal.root_decoder, sizeof(journal.root_decoder));
	json_get_text(json, "endpoint_decoder", journal.endpoint_decoder,
		      sizeof(journal.endpoint_decoder));
	journal.pid = (int)json_get_u64(json, "pid");
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
	json_put_u64(json, "pid", (uint64_t)journal->pid);
	json_put_text(json, "auto_online_was", journal->auto_online_was);
	json_put_text(json, "auto_online_is", journal->auto_online_is);
	json_put_text(json, "region", journal->region);
	json_put_text(json, "root_decoder", journal->root_decoder);
	json_put_text(json, "endpoint_decoder", journal->endpoint_decoder);
	r = json_write_file(path, json);
	if (r < 0)
		return error_errno(error, -r, "cannot write the journal %s: %s", path,
				   strerror(-r));
	return 0;
}

void journal_remove(const struct kmemd *kmemd)
{
	_cleanup_free_ char *path = journal_path(kmemd);

	if (path)
		unlink(path);
}
