// SPDX-License-Identifier: GPL-2.0-or-later
/* daxctl's configuration; each valid section has to become a valid policy file. */
#include "policy/import-daxctl.h"
#include "policy/keys.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_section(const struct daxctl_section *section)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	char *text = daxctl_section_policy_text(section);

	if (!policy || !text || policy_parse(policy, "10-fuzz.conf", text, strlen(text)) < 0 ||
	    policy->problems.count || policy->files.count != 1 ||
	    policy->files.items[0].settings.mode != section->mode)
		abort();
	free(text);
	kmemd_policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct daxctl_config config = {0};

	if (daxctl_config_parse(&config, "fuzz.conf", (const char *)data, size) < 0)
		abort();
	array_foreach(section, &config.sections)
		check_section(section);
	daxctl_config_release(&config);
	return 0;
}
