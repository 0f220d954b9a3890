/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json/doctor-json.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "doctor/gather.h"
#include "doctor/judge.h"

#include <errno.h>
#include <stdio.h>

static void put_finding(struct json_object *array, const struct finding *finding)
{
	struct json_object *json = json_append_object(array);

	json_put_text(json, "severity", severity_names[finding->severity]);
	json_put_text(json, "id", finding->id);
	json_put_text(json, "subject", finding->subject);
	json_put_text(json, "what", finding->what);
	json_put_text(json, "why", finding->why);
	json_put_text(json, "cure", finding->cure);
	json_put_text(json, "cure_type", cure_type_names[finding->cure_type]);
}

static struct json_object *to_json(const finding_list *findings)
{
	struct json_object *json = json_object_new_object(), *array;
	unsigned int counts[SEVERITY_COUNT] = {0};

	array = json_put_array(json, "findings");
	array_foreach(finding, findings) {
		put_finding(array, finding);
		counts[finding->severity]++;
	}
	for (unsigned int i = SEVERITY_COUNT; i-- > 0;) {
		char key[16];

		snprintf(key, sizeof(key), "%ss", severity_names[i]);
		json_put_u64(json, key, counts[i]);
	}
	json_put_bool(json, "healthy", !counts[SEVERITY_ERROR] && !counts[SEVERITY_WARNING]);
	return json;
}

int kmemd_report_doctor(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *why_not, const struct kmemd_policy *policy,
			struct json_object **ret, struct kmemd_error *error)
{
	struct facts facts = {.inventory = inventory, .policy = policy};
	finding_list findings = {0};
	struct json_object *json = NULL;
	int r;

	if (why_not)
		snprintf(facts.inventory_error, sizeof(facts.inventory_error), "%s", why_not);
	r = facts_gather(kmemd, &facts);
	if (r == 0)
		r = judge(&facts, &findings);
	if (r == 0)
		json = to_json(&findings);
	facts_release(&facts);
	free(findings.items);
	if (!json)
		return error_memory(error);
	*ret = json;
	return 0;
}
