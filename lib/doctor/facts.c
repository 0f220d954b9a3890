/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/facts.h"

bool facts_command_line_has(const struct facts *facts, const char *word)
{
	size_t length = strlen(word);
	bool is_key = word[length - 1] == '=';

	for (const char *at = facts->command_line; *at;) {
		size_t all = strcspn(at, " ");

		if (!strncmp(at, word, length) && (is_key || all == length))
			return true;
		at += all;
		at += strspn(at, " ");
	}
	return false;
}

int rule_facts_add(rule_fact_list *list, const char *file, udev_hit_list *hits)
{
	struct rule_fact *fact = hits->count ? array_add(list) : NULL;

	if (!hits->count)
		return 0;
	if (!fact)
		return -ENOMEM;
	fact->file = strdup(file);
	fact->hits.items = hits->items;
	fact->hits.count = hits->count;
	hits->items = NULL;
	hits->count = 0;
	return fact->file ? 0 : -ENOMEM;
}

void rule_facts_release(rule_fact_list *list)
{
	array_foreach(fact, list) {
		free(fact->file);
		free(fact->hits.items);
	}
	free(list->items);
}
