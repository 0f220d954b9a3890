/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "inventory/inventory.h"
#include "inventory/snapshot.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/doctor-json.h"

#include <errno.h>
#include <stdio.h>

static void print_finding(const struct json_object *finding)
{
	const char *subject = json_text(finding, "subject"), *why = json_text(finding, "why");
	const char *cure = json_text(finding, "cure");

	printf("%-8s %s%s%s\n", json_text(finding, "severity"), subject, subject[0] ? ": " : "",
	       json_text(finding, "what"));
	if (why[0])
		printf("         why:  %s\n", why);
	if (cure[0])
		printf("         cure: %s\n", cure);
}

static void print_count(const struct json_object *json, const char *key, const char *one)
{
	uint64_t count = json_get_u64(json, key);

	if (count)
		printf("%lu %s%s  ", (unsigned long)count, one, count == 1 ? "" : "s");
}

static void print_findings(const struct json_object *json)
{
	size_t count = json_count(json, "findings");

	for (size_t i = 0; i < count; i++)
		print_finding(json_member(json, "findings", i));
	if (!json_get_bool(json, "healthy")) {
		print_count(json, "errors", "error");
		print_count(json, "warnings", "warning");
		print_count(json, "notes", "note");
		printf("\n");
	} else {
		printf("All is well%s.\n", count ? ", and the above is good to know" : "");
	}
}

/* A machine whose memory cannot be looked at is no reason to look at nothing else. */
static int run(struct cli *cli)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = NULL;
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_(json_object_putp) struct json_object *json = NULL;
	struct kmemd_error error = {0}, no_inventory = {0};

	if (kmemd_inventory_read(cli->kmemd, &inventory, &no_inventory) == -ENOMEM)
		return cli_fail(&no_inventory);
	if (kmemd_policy_check(cli->kmemd, NULL, &policy, &error) < 0 ||
	    kmemd_report_doctor(cli->kmemd, inventory, no_inventory.message, policy, &json,
				&error) < 0)
		return cli_fail(&error);
	if (!cli_print_json(cli, json))
		print_findings(json);
	return json_get_bool(json, "healthy") ? KMEMD_DONE : KMEMD_FAILED;
}

const struct cli_verb verb_doctor = {
	"doctor",
	"",
	"find what on this machine will surprise its owner, and the cure",
	OPTIONS(&option_json, &option_policy),
	run,
	0,
	0,
};
