/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports about policy: its files, what each says, which one speaks for a device, and why. */
#include "json/policy-json.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "context.h"
#include "inventory/names.h"
#include "policy/decide.h"
#include "policy/import-daxctl.h"
#include "policy/keys.h"
#include "policy/load-policy.h"
#include "policy/policy.h"

#include <errno.h>
#include <inttypes.h>

DEFINE_CLEANUP(struct kmemd_policy *, kmemd_policy_free);

static void put_problem(struct json_object *array, const struct policy_problem *problem)
{
	struct json_object *json = json_append_object(array);

	json_put_text(json, "file", problem->path);
	json_put_u64(json, "line", problem->line);
	json_put_text(json, "message", problem->message);
}

static void put_problems(struct json_object *json, const struct kmemd_policy *policy)
{
	struct json_object *array = json_put_array(json, "problems");

	array_foreach(problem, &policy->problems)
		put_problem(array, problem);
	array = json_put_array(json, "warnings");
	array_foreach(warning, &policy->warnings)
		put_problem(array, warning);
}

struct json_object *kmemd_policy_to_json(const struct kmemd_policy *policy)
{
	struct json_object *json = json_object_new_object(), *array;

	array = json_put_array(json, "files");
	array_foreach(file, &policy->files)
		if (!file->broken)
			json_object_array_add(array, json_object_new_string(file->path));
	put_problems(json, policy);
	return json;
}

/* --- the files ----------------------------------------------------------------------------------
 */

static void key_name(enum policy_key key, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s.%s", policy_keys[key].section, policy_keys[key].name);
}

/* In words that a file could say; "" for keys of [Match], which have no default. */
static const char *setting_text(const struct settings *settings, enum policy_key key,
				char buffer[16])
{
	switch (key) {
	case KEY_CREATE:
		return settings->create ? "yes" : "no";
	case KEY_INTERLEAVE:
	case KEY_GRANULARITY:
	case KEY_WAIT:
		policy_number_text(settings, key, buffer, 16);
		return buffer;
	case KEY_MODE:
		return mode_names[settings->mode];
	case KEY_ZONE:
		return zone_names[settings->zone];
	case KEY_MEMMAP_ON_MEMORY:
		return memmap_wish_names[settings->memmap];
	case KEY_ONLINE:
		return settings->online ? "yes" : "no";
	case KEY_DRAIN_TIMEOUT:
		snprintf(buffer, 16, "%u", settings->drain_timeout_sec);
		return buffer;
	case KEY_ON_FAILURE:
		return on_failure_names[settings->on_failure];
	default:
		return "";
	}
}

/* Each key as it is written, or as the file's other keys make it by default. */
static void put_keys(struct json_object *json, const struct policy_file *file)
{
	struct json_object *keys = json_put_array(json, "keys");

	for (unsigned int i = 0; i < KEY_COUNT; i++) {
		enum policy_key key = (enum policy_key)i;
		char name[64], number[16];
		const char *value = file->value[key] ? file->value[key]
						     : setting_text(&file->settings, key, number);
		struct json_object *item;

		if (!*value)
			continue;
		key_name(key, name, sizeof(name));
		item = json_append_object(keys);
		json_put_text(item, "key", name);
		json_put_text(item, "value", value);
		json_put_text(item, "file", policy_key_path(file, key));
		json_put_u64(item, "line", file->line[key]);
	}
}

static const struct policy_file *find_file(const struct kmemd_policy *policy, const char *path)
{
	array_foreach(file, &policy->files)
		if (!strcmp(file->path, path))
			return file;
	return NULL;
}

/* The file of that path in the list. */
static const struct dropin *find_dropin(const dropin_list *list, const char *path)
{
	array_foreach(file, list)
		if (!strcmp(file->path, path))
			return file;
	return NULL;
}

static void put_file(struct json_object *array, const dropin_list *list, const struct dropin *file,
		     const struct kmemd_policy *policy)
{
	struct json_object *json = json_append_object(array);
	const struct policy_file *parsed = find_file(policy, file->path);

	json_put_text(json, "file", file->path);
	if (file->replaced_by) {
		const struct dropin *by = find_dropin(list, file->replaced_by);

		json_put_text(json, "state", by && by->masks ? "masked" : "replaced");
		json_put_text(json, "by", file->replaced_by);
	} else if (!parsed) { /* it is empty, or has nothing but comments */
		json_put_text(json, "state", "masks");
	} else if (parsed->broken) {
		json_put_text(json, "state", "bad");
	} else {
		json_put_text(json, "state", "in-force");
		array = json_put_array(json, "drop_ins");
		array_foreach(drop_in, &parsed->drop_ins)
			json_object_array_add(array, json_object_new_string(*drop_in));
		put_keys(json, parsed);
	}
}

/* --- a device -----------------------------------------------------------------------------------
 */

static const char *known(const char *text)
{
	return text && *text ? text : "none";
}

/* What the device has where a key of [Match] asks for something else. */
static void device_value(const struct host *host, const struct device *device, enum policy_key key,
			 char *buffer, size_t size)
{
	char text[SIZE_TEXT_MAX];
	int node = device->dax.count ? device->dax.items[0]->target_node : device->node;

	switch (key) {
	case KEY_MATCH_KIND:
		snprintf(buffer, size, "%s", kind_names[device->kind]);
		break;
	case KEY_MATCH_SERIAL:
		if (device->has_serial)
			snprintf(buffer, size, "0x%" PRIx64, device->serial);
		else
			snprintf(buffer, size, "none");
		break;
	case KEY_MATCH_UUID:
		snprintf(buffer, size, "%s", known(device->uuid));
		break;
	case KEY_MATCH_SIZE:
		snprintf(buffer, size, "%s", format_size(device->size, text));
		break;
	case KEY_MATCH_NODE:
		snprintf(buffer, size, "%d", node);
		break;
	case KEY_MATCH_PCI_PATH:
		snprintf(buffer, size, "%s", known(device->host));
		break;
	case KEY_MATCH_VENDOR:
		snprintf(buffer, size, "%s", known(device->vendor));
		break;
	case KEY_MATCH_MODEL:
		snprintf(buffer, size, "%s", known(device->model));
		break;
	case KEY_MATCH_HOST:
		snprintf(buffer, size, "%s", known(host->name));
		break;
	case KEY_MATCH_KERNEL_VERSION:
		snprintf(buffer, size, "%s", known(host->kernel));
		break;
	default:
		buffer[0] = '\0';
	}
}

/* Every file up to the one that fits, with the first key that is against it. */
static void put_tried(struct json_object *json, const struct kmemd_policy *policy,
		      const struct host *host, const struct device *device)
{
	struct json_object *tried = json_put_array(json, "tried");

	array_foreach(file, &policy->files) {
		enum policy_key misfit = policy_misfit(file, host, device);
		struct json_object *item = json_append_object(tried);
		char buffer[256];

		json_put_text(item, "file", file->path);
		json_put_bool(item, "fits", misfit == KEY_COUNT);
		json_put_bool(item, "bad", file->broken);
		if (misfit == KEY_COUNT)
			return;
		key_name(misfit, buffer, sizeof(buffer));
		json_put_text(item, "key", buffer);
		json_put_text(item, "key_file", policy_key_path(file, misfit));
		json_put_u64(item, "line", file->line[misfit]);
		json_put_text(item, "value", file->value[misfit] ? file->value[misfit] : "");
		device_value(host, device, misfit, buffer, sizeof(buffer));
		json_put_text(item, "device_value", buffer);
	}
}

static void put_device(struct json_object *json, const struct kmemd_policy *policy,
		       const struct host *host, const struct device *device)
{
	struct decision decision;

	policy_decide(policy, host, device, &decision);
	json_put_text(json, "device", device->name);
	json_put_text(json, "identity", device->identity);
	json_put_text(json, "kind", kind_names[device->kind]);
	json_put_text(json, "policy", decision.file ? decision.file->path : "");
	json_put_bool(json, "bad", decision.file && decision.file->broken);
	json_put_text(json, "mode", mode_names[decision.settings.mode]);
	json_put_text(json, "refused", decision.refusal);
	put_tried(json, policy, host, device);
}

int kmemd_report_policy(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *name, struct json_object **ret, struct kmemd_error *error)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	const struct device *device = NULL;
	struct json_object *json, *array;
	_cleanup_free_ char *failed = NULL;
	dropin_list list = {0};
	int r = name ? inventory_find_device(inventory, name, &device, error) : 0;

	if (r == 0)
		r = kmemd_policy_check(kmemd, NULL, &policy, error);
	if (r < 0)
		return r;
	json = json_object_new_object();
	array = json_put_array(json, "files");
	/* kmemd_policy_check() has reported what can go wrong with the directories. */
	r = dropin_list_read("", kmemd->policy_dirs, ".conf", &list, &failed);
	array_foreach(file, &list)
		put_file(array, &list, file, policy);
	dropin_list_release(&list);
	put_problems(json, policy);
	if (device)
		put_device(json_put_object(json, "device"), policy, &inventory->host, device);
	if (r < 0 || !json) {
		json_object_put(json);
		return r == -ENOMEM || !json
			       ? error_memory(error)
			       : error_errno(error, -r, "cannot read %s: %s", failed, strerror(-r));
	}
	*ret = json;
	return 0;
}

/* --- import -------------------------------------------------------------------------------------
 */

static void put_section(struct json_object *array, const struct daxctl_section *section)
{
	_cleanup_free_ char *text = daxctl_section_policy_text(section);
	struct json_object *json = json_append_object(array);
	char name[64];

	json_put_text(json, "file", section->file);
	json_put_u64(json, "line", section->line);
	json_put_text(json, "name", section->name);
	json_put_text(json, "uuid", section->uuid);
	json_put_text(json, "mode", mode_names[section->mode]);
	json_put_bool(json, "online", section->online);
	json_put_bool(json, "movable", section->movable);
	daxctl_section_policy_name(section, name, sizeof(name));
	json_put_text(json, "policy_name", name);
	json_put_text(json, "policy_text", text ? text : "");
}

int kmemd_policy_import(struct kmemd *kmemd, char *const *files, struct json_object **ret,
			struct kmemd_error *error)
{
	struct json_object *json = json_object_new_object(), *array;
	struct daxctl_config config = {0};
	int r = daxctl_config_read(kmemd, files, &config);

	array = json_put_array(json, "files");
	array_foreach(file, &config.files)
		json_object_array_add(array, json_object_new_string(*file));
	array = json_put_array(json, "sections");
	array_foreach(section, &config.sections)
		put_section(array, section);
	array = json_put_array(json, "problems");
	array_foreach(problem, &config.problems)
		put_problem(array, problem);
	daxctl_config_release(&config);
	if (r < 0 || !json) {
		json_object_put(json);
		return error_memory(error);
	}
	*ret = json;
	return 0;
}
