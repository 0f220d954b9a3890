/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/onliners.h"

#include "doctor/gather-onliners.h"

#include <stdio.h>

/*
 * "online" is the kernel's choice: a kernel zone, but for a movable node and the policy
 * auto-movable (Documentation/admin-guide/mm/memory-hotplug.rst).
 */
static enum zone zone_of(const struct onliner_facts *facts, const char *value)
{
	if (!strcmp(value, "online_movable"))
		return ZONE_MOVABLE;
	if (!strcmp(value, "online_kernel"))
		return ZONE_KERNEL;
	if (strcmp(value, "online") && strcmp(value, "1"))
		return ZONE_COUNT;
	return strcmp(facts->online_policy, "auto-movable") ? ZONE_KERNEL : ZONE_COUNT;
}

static struct onliner *add(onliner_list *list, enum onliner_type type, enum zone zone)
{
	struct onliner *onliner = array_add(list);

	if (onliner) {
		onliner->type = type;
		onliner->zone = zone;
	}
	return onliner;
}

static int add_rule(const struct onliner_facts *facts, enum onliner_type type,
		    const struct rule_fact *rule, onliner_list *list)
{
	array_foreach(hit, &rule->hits) {
		enum zone zone = type == ONLINER_RULE ? zone_of(facts, hit->value) : ZONE_COUNT;
		struct onliner *onliner = add(list, type, zone);

		if (!onliner)
			return -ENOMEM;
		snprintf(onliner->name, sizeof(onliner->name), "%s:%u", rule->file, hit->line);
		onliner->conditional = hit->conditional;
	}
	return 0;
}

static int add_named(onliner_list *list, enum onliner_type type, enum zone zone, const char *name)
{
	struct onliner *onliner = add(list, type, zone);

	if (!onliner)
		return -ENOMEM;
	snprintf(onliner->name, sizeof(onliner->name), "%s", name);
	return 0;
}

int onliners_find(const struct onliner_facts *facts, onliner_list *ret)
{
	int r = 0;

	if (facts->auto_online[0] && strcmp(facts->auto_online, "offline"))
		r = add_named(ret, ONLINER_KERNEL, zone_of(facts, facts->auto_online),
			      "auto_online_blocks");
	array_foreach(rule, &facts->onlining)
		if (r == 0)
			r = add_rule(facts, ONLINER_RULE, rule, ret);
	if (facts->daxctl_uuids.count)
		array_foreach(rule, &facts->daxctl_rules)
			if (r == 0)
				r = add_rule(facts, ONLINER_DAXCTL, rule, ret);
	if (r == 0 && facts->nvidia_persistenced)
		r = add_named(ret, ONLINER_DAEMON, ZONE_MOVABLE, "nvidia-persistenced");
	return r;
}

int onliners_read(const struct kmemd *kmemd, onliner_list *ret)
{
	struct onliner_facts facts = {0};
	int r = facts_gather_onliners(kmemd, &facts);

	if (r == 0)
		r = onliners_find(&facts, ret);
	onliner_facts_release(&facts);
	return r;
}

bool onliners_text(const onliner_list *list, char *buffer, size_t size)
{
	static const char *const zones[ZONE_COUNT + 1] = {
		[ZONE_MOVABLE] = ", in the movable zone",
		[ZONE_KERNEL] = ", in a kernel zone",
		[ZONE_COUNT] = "",
	};
	size_t used = 0;

	buffer[0] = '\0';
	array_foreach(onliner, list) {
		if (onliner->type == ONLINER_KERNEL || used >= size)
			continue;
		used += (size_t)snprintf(buffer + used, size - used,
					 "%s%s %s new memory blocks online%s", used ? "; " : "",
					 onliner->name, onliner->conditional ? "may put" : "puts",
					 zones[onliner->zone]);
	}
	return used;
}
