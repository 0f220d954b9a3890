/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files without a mistake that can never do anything. */
#include "policy/check-policy.h"

#include "inventory/names.h"
#include "policy/decide.h"
#include "policy/parse-policy.h"

#define CXL_KINDS	 (1u << KIND_CXL_RAM | 1u << KIND_CXL_PMEM)
#define PERSISTENT_KINDS (1u << KIND_CXL_PMEM | 1u << KIND_NVDIMM)

/* The kinds that a file may be about, bit 1 << enum kind. */
static unsigned int kinds_of(const struct policy_file *file)
{
	unsigned int wanted = 0, unwanted = 0;
	bool any = false;

	array_foreach(pattern, &file->match[KEY_MATCH_KIND]) {
		unsigned int *kinds = pattern->role == PATTERN_NOT ? &unwanted : &wanted;

		any = any || pattern->role == PATTERN_ANY;
		for (unsigned int i = 0; i < KIND_COUNT; i++)
			if (pattern_fits_text(pattern, kind_names[i]))
				*kinds |= 1u << i;
	}
	return (any ? wanted : (1u << KIND_COUNT) - 1) & ~unwanted;
}

static bool asks_for(const struct policy_file *file, enum policy_key key)
{
	array_foreach(pattern, &file->match[key])
		if (pattern->role == PATTERN_ANY)
			return true;
	return false;
}

/* Whether every device that fits the second file fits the first. */
static bool takes_all_of(const struct policy_file *file, const struct policy_file *other)
{
	if (kinds_of(other) & ~kinds_of(file))
		return false;
	for (unsigned int key = 0; key < KEY_MATCH_COUNT; key++)
		if (key != KEY_MATCH_KIND &&
		    !pattern_list_covers(&file->match[key], &other->match[key]))
			return false;
	return true;
}

/* Why no device can be what [Match] asks for and be changed by the file, or NULL. */
static const char *obstacle(const struct policy_file *file)
{
	unsigned int kinds = kinds_of(file);

	if (!kinds)
		return "no device fits it: Kind= excludes every kind that it names";
	if (asks_for(file, KEY_MATCH_UUID) && !(kinds & 1u << KIND_NVDIMM))
		return "no device fits it: only Kind=nvdimm has a UUID";
	if ((asks_for(file, KEY_MATCH_SERIAL) || asks_for(file, KEY_MATCH_PCI_PATH)) &&
	    !(kinds & CXL_KINDS))
		return "no device fits it: only CXL memory devices have a serial number and a PCI "
		       "address here";
	if (file->settings.mode == MODE_IGNORE)
		return NULL;
	if (!(kinds & ~PERSISTENT_KINDS) && !policy_file_names(file))
		return "it never does anything: persistent memory is used only when Uuid= or "
		       "Serial= names it";
	if (kinds == 1u << KIND_CXL_PMEM)
		return "it never does anything: of a persistent CXL region the namespace on it is "
		       "used, by Kind=nvdimm and Uuid=";
	return NULL;
}

int policy_find_useless(struct kmemd_policy *policy)
{
	int r = 0;

	for (size_t i = 0; i < policy->files.count && r == 0; i++) {
		const struct policy_file *file = &policy->files.items[i], *before = NULL;
		const char *why = file->broken ? NULL : obstacle(file);

		for (size_t j = 0; j < i && !before; j++)
			if (!policy->files.items[j].broken &&
			    takes_all_of(&policy->files.items[j], file))
				before = &policy->files.items[j];
		if (why)
			r = policy_add_warning(policy, file->path, 0, "%s", why);
		else if (before && !file->broken)
			r = policy_add_warning(
				policy, file->path, 0,
				"it never does anything: %s is tried first and fits all devices "
				"that this file fits",
				before->path);
	}
	return r;
}
