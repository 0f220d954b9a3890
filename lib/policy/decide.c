/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which file speaks for a device, and what may be done of what it says. Pure. */
#include "policy/decide.h"

#include "policy/keys.h"
#include "policy/policy.h"

#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

static bool size_fits(const struct match *match, uint64_t size)
{
	switch (match->size_comparison) {
	case COMPARE_LESS:
		return size < match->size;
	case COMPARE_LESS_EQUAL:
		return size <= match->size;
	case COMPARE_GREATER:
		return size > match->size;
	case COMPARE_GREATER_EQUAL:
		return size >= match->size;
	case COMPARE_EQUAL:
	default:
		return size == match->size;
	}
}

static bool serial_fits(const struct match *match, const struct device *device)
{
	array_foreach(serial, &match->serials)
		if (device->has_serial && *serial == device->serial)
			return true;
	return false;
}

static bool uuid_fits(const struct match *match, const struct device *device)
{
	array_foreach(uuid, &match->uuids)
		if (!strcasecmp(*uuid, device->uuid) || !strcasecmp(*uuid, device->raw_uuid))
			return true;
	return false;
}

/* The node that the memory is or will be in, where that is known; else the device's own. */
static bool node_fits(const struct match *match, const struct device *device)
{
	int node = device->dax.count ? device->dax.items[0]->target_node : device->node;

	array_foreach(wanted, &match->nodes)
		if (node >= 0 && *wanted == (uint64_t)node)
			return true;
	return false;
}

static bool pci_path_fits(const struct match *match, const struct device *device)
{
	array_foreach(pattern, &match->pci_paths)
		if (device->host[0] && fnmatch(*pattern, device->host, 0) == 0)
			return true;
	return false;
}

static bool key_fits(const struct policy_file *file, enum policy_key key,
		     const struct device *device)
{
	switch (key) {
	case KEY_MATCH_KIND:
		return file->match.kinds & (1u << device->kind);
	case KEY_MATCH_SERIAL:
		return serial_fits(&file->match, device);
	case KEY_MATCH_UUID:
		return uuid_fits(&file->match, device);
	case KEY_MATCH_SIZE:
		return size_fits(&file->match, device->size);
	case KEY_MATCH_NODE:
		return node_fits(&file->match, device);
	case KEY_MATCH_PCI_PATH:
		return pci_path_fits(&file->match, device);
	default: /* not a match */
		return true;
	}
}

enum policy_key policy_misfit(const struct policy_file *file, const struct device *device)
{
	for (unsigned int key = 0; key < KEY_COUNT; key++)
		if (file->line[key] && !key_fits(file, (enum policy_key)key, device))
			return (enum policy_key)key;
	return KEY_COUNT;
}

/* Never touch persistent capacity that no policy names: a kind or a size is not a name. */
static void protect_persistent(const struct device *device, struct decision *decision)
{
	const struct policy_file *file = decision->file;

	if (!device->persistent || decision->settings.mode == MODE_IGNORE ||
	    file->line[KEY_MATCH_UUID] || file->line[KEY_MATCH_SERIAL])
		return;
	snprintf(decision->refusal, sizeof(decision->refusal),
		 "it is persistent and %s does not name it: [Match] needs Uuid= or Serial=",
		 file->path);
	decision->settings.mode = MODE_IGNORE;
}

void policy_decide(const struct kmemd_policy *policy, const struct device *device,
		   struct decision *ret)
{
	*ret = (struct decision){.settings = default_settings};
	array_foreach(file, &policy->files) {
		if (policy_misfit(file, device) != KEY_COUNT)
			continue;
		ret->file = file;
		ret->settings = file->settings;
		protect_persistent(device, ret);
		return;
	}
}
