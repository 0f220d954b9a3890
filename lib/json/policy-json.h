/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_POLICY_JSON_H
#define KMEMD_POLICY_JSON_H
#include "base/error.h"
#include "context.h"
#include "inventory/inventory.h"
#include "policy/policy.h"

struct json_object;

/* {"files": [path of a valid file, ...], "problems": [{"file", "line", "message"}, ...],
 * "warnings"}
 */
struct json_object *kmemd_policy_to_json(const struct kmemd_policy *policy);
/*
 * All files of the policy directories in the order in which they are tried:
 * {"files": [{"file", "state": "in-force|masks|masked|replaced|bad", "by", "drop_ins", "keys":
 * [{"key", "value", "file", "line"}]}], "problems": [...], "warnings": [...]}. line is 0 for a
 * default. With a device, which needs the inventory, "device": {"device", "identity", "kind",
 * "policy", "bad", "mode", "refused", "tried": [{"file", "fits", "bad", "key", "key_file", "line",
 * "value", "device_value"}]}; bad: the file has a mistake, and fits as far as it can be read.
 * -ENODEV when there is no such device.
 */
int kmemd_report_policy(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *device, struct json_object **ret, struct kmemd_error *error);
/*
 * daxctl's configuration as policy. files is a NULL-terminated list, or NULL for those in
 * /etc/daxctl.conf.d. {"files": [path, ...], "sections": [{"file", "line", "name", "uuid", "mode",
 * "online", "movable", "policy_name", "policy_text"}], "problems": [{"file", "line", "message"}]}.
 */
int kmemd_policy_import(struct kmemd *kmemd, char *const *files, struct json_object **ret,
			struct kmemd_error *error);

#endif
