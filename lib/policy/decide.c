/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which file speaks for a device, and what may be done of what it says. Pure. */
#include "policy/decide.h"

#include "inventory/names.h"
#include "policy/keys.h"
#include "policy/policy.h"

#include <stdio.h>

/* --- what a file is about -----------------------------------------------------------------------
 */

/* The node that the memory is or will be in, where that is known; else the device's own. */
static bool fits_node(const struct pattern *pattern, const struct device *device)
{
	int node = device->dax.count ? device->dax.items[0]->target_node : device->node;

	return node >= 0 && pattern_fits_number(pattern, (uint64_t)node);
}

/* Whether one word fits. What a device does not have fits nothing. */
static bool pattern_fits(const struct pattern *pattern, enum policy_key key,
			 const struct host *host, const struct device *device)
{
	switch (key) {
	case KEY_MATCH_KIND:
		return pattern_fits_text(pattern, kind_names[device->kind]);
	case KEY_MATCH_SERIAL:
		return device->has_serial && pattern_fits_number(pattern, device->serial);
	case KEY_MATCH_UUID:
		return pattern_fits_text(pattern, device->uuid) ||
		       pattern_fits_text(pattern, device->raw_uuid);
	case KEY_MATCH_SIZE:
		return pattern_fits_number(pattern, device->size);
	case KEY_MATCH_NODE:
		return fits_node(pattern, device);
	case KEY_MATCH_PCI_PATH:
		return pattern_fits_text(pattern, device->host);
	case KEY_MATCH_VENDOR:
		return pattern_fits_text(pattern, device->vendor);
	case KEY_MATCH_MODEL:
		return pattern_fits_text(pattern, device->model);
	case KEY_MATCH_HOST:
		return pattern_fits_text(pattern, host->name);
	case KEY_MATCH_KERNEL_VERSION:
		return pattern_fits_text(pattern, host->kernel);
	default:
		return false;
	}
}

static bool key_fits(const struct policy_file *file, enum policy_key key, const struct host *host,
		     const struct device *device)
{
	bool wanted = false, found = false;

	array_foreach(pattern, &file->match[key]) {
		bool fits = pattern_fits(pattern, key, host, device);

		if (pattern->role == PATTERN_ANY) {
			wanted = true;
			found = found || fits;
		} else if (fits != (pattern->role == PATTERN_ALL)) {
			return false;
		}
	}
	return found || !wanted;
}

enum policy_key policy_misfit(const struct policy_file *file, const struct host *host,
			      const struct device *device)
{
	for (unsigned int key = 0; key < KEY_MATCH_COUNT; key++)
		if (!(file->uncertain & (1u << key)) &&
		    !key_fits(file, (enum policy_key)key, host, device))
			return (enum policy_key)key;
	return KEY_COUNT;
}

bool policy_file_names(const struct policy_file *file)
{
	array_foreach(pattern, &file->match[KEY_MATCH_UUID])
		if (pattern_is_exact(pattern))
			return true;
	array_foreach(pattern, &file->match[KEY_MATCH_SERIAL])
		if (pattern_is_exact(pattern))
			return true;
	return false;
}

/* --- what may be done ---------------------------------------------------------------------------
 */

/* Whether the device itself is named: another word of the list may be a glob that fits it. */
static bool is_named(const struct policy_file *file, const struct device *device)
{
	static const struct host nowhere;

	array_foreach(pattern, &file->match[KEY_MATCH_UUID])
		if (pattern_is_exact(pattern) &&
		    pattern_fits(pattern, KEY_MATCH_UUID, &nowhere, device))
			return true;
	array_foreach(pattern, &file->match[KEY_MATCH_SERIAL])
		if (pattern_is_exact(pattern) &&
		    pattern_fits(pattern, KEY_MATCH_SERIAL, &nowhere, device))
			return true;
	return false;
}

/* Never touch persistent capacity that no policy names: a kind or a size is not a name. */
static void protect_persistent(const struct device *device, struct decision *decision)
{
	const struct policy_file *file = decision->file;

	if (!device->persistent || decision->settings.mode == MODE_IGNORE || is_named(file, device))
		return;
	snprintf(decision->refusal, sizeof(decision->refusal),
		 "it is persistent and %s does not name it: [Match] needs Uuid= or Serial=",
		 file->path);
	decision->settings.mode = MODE_IGNORE;
}

static bool is_in_use(const struct device *device)
{
	array_foreach(dax, &device->dax)
		if (dax_block_counts(*dax).online)
			return true;
	return false;
}

/* Nobody knows what the file wants: what is in use stays as it is, and nothing else is begun. */
static void wait_for_correction(const struct device *device, struct decision *decision)
{
	const struct policy_file *file = decision->file;
	char line[16] = "";

	decision->settings = default_settings;
	if (is_in_use(device))
		return;
	if (file->mistake_line)
		snprintf(line, sizeof(line), ":%u", file->mistake_line);
	snprintf(decision->refusal, sizeof(decision->refusal),
		 "%s%s has a mistake and may be about it (kmemctl policy check says which)",
		 file->mistake_path, line);
}

void policy_decide(const struct kmemd_policy *policy, const struct host *host,
		   const struct device *device, struct decision *ret)
{
	*ret = (struct decision){.settings = default_settings};
	array_foreach(file, &policy->files) {
		if (policy_misfit(file, host, device) != KEY_COUNT)
			continue;
		ret->file = file;
		ret->settings = file->settings;
		if (file->broken)
			wait_for_correction(device, ret);
		else
			protect_persistent(device, ret);
		return;
	}
}
