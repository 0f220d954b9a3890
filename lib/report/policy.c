/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/policy.h"
#include "base/json.h"

struct json_object *kmemd_policy_to_json(const struct kmemd_policy *policy)
{
	struct json_object *json = json_object_new_object(), *array;

	array = json_put_array(json, "files");
	array_foreach(file, &policy->files)
		json_object_array_add(array, json_object_new_string(file->path));
	array = json_put_array(json, "problems");
	array_foreach(problem, &policy->problems) {
		struct json_object *item = json_append_object(array);

		json_put_text(item, "file", problem->path);
		json_put_u64(item, "line", problem->line);
		json_put_text(item, "message", problem->message);
	}
	return json;
}
