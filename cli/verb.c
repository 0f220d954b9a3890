/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb.h"

#include "base/near.h"
#include "cli/message.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct cli_verb *const verbs[] = {
	&verb_list,
	&verb_status,
	&verb_plan,
	&verb_apply,
	&verb_explain,
	&verb_drain,
	&verb_memmap,
	&verb_inventory,
	&verb_policy,
	&verb_doctor,
	&verb_monitor,
	&verb_reconfigure_device,
	&verb_online_memory,
	&verb_offline_memory,
	&verb_enable_device,
	&verb_disable_device,
	&verb_create_device,
	&verb_destroy_device,
	&verb_create_region,
	&verb_destroy_region,
	&verb_split_acpi,
	&verb_migrate_device_model,
	&verb_help,
	&verb_version,
	NULL,
};

const struct cli_verb *verb_find(const char *name)
{
	for (size_t i = 0; name && verbs[i]; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

static const char *name_at(const void *data, unsigned int i)
{
	(void)data;
	return verbs[i] ? verbs[i]->name : NULL;
}

int verb_unknown(const struct cli *cli, const char *name)
{
	const char *near = nearest_name(name, name_at, NULL);

	if (near)
		return cli_usage_error(cli, "no verb is called '%s'; did you mean %s?", name, near);
	return cli_usage_error(cli, "no verb is called '%s'", name);
}

void verb_print_help(const struct cli_verb *verb)
{
	printf("kmemctl %s%s%s [OPTION...]\n\n%c%s.\n", verb->name, verb->arguments[0] ? " " : "",
	       verb->arguments, toupper((unsigned char)verb->summary[0]), verb->summary + 1);
	options_print_help(verb->options ? verb->options : OPTIONS());
}

void verb_print_all(void)
{
	printf("kmemctl VERB [ARGUMENT...] [OPTION...]\n\n"
	       "Memory of CXL expanders, NVDIMMs and other device-DAX memory as system RAM.\n\n"
	       "Verbs:\n");
	for (size_t i = 0; verbs[i]; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", verbs[i]->name, verbs[i]->arguments);
		printf("  %-34s %s\n", left, verbs[i]->summary);
	}
	options_print_help(OPTIONS(&option_version, &option_list_commands));
	printf("\n'kmemctl help VERB' shows the options of a verb. A DEVICE is called by a kernel "
	       "name\n(mem0, region0, dax0.0, namespace0.0), its serial number, UUID or identity. "
	       "See kmemctl(1).\n");
}
