/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/udev-rules.h"

#include "base/array.h"
#include "base/cleanup.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define KEY_MAX	  64
#define VALUE_MAX 1024

/* KEY OP "value" or KEY{attribute} OP "value"; the braces belong to the key. */
struct token {
	char key[KEY_MAX], value[VALUE_MAX];
	bool match;    /* == or != */
	bool negative; /* != */
};

/* A rule with its continuation lines joined, and the number of the first of them. */
struct rule {
	char *text;
	unsigned int line, last_line;
};

typedef ARRAY(struct rule) rule_list;

static void release_rules(rule_list *rules)
{
	array_foreach(rule, rules)
		free(rule->text);
	free(rules->items);
}

static int append_line(rule_list *rules, bool joining, unsigned int line, const char *begin,
		       size_t length)
{
	struct rule *rule = joining ? &rules->items[rules->count - 1] : array_add(rules);
	size_t before;
	char *grown;

	if (!rule)
		return -ENOMEM;
	before = rule->text ? strlen(rule->text) : 0;
	grown = realloc(rule->text, before + length + 1);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + before, begin, length);
	grown[before + length] = '\0';
	rule->text = grown;
	if (!joining)
		rule->line = line;
	rule->last_line = line;
	return 0;
}

/* Joins lines that end in a backslash; comments count as nothing, in between as well. */
static int split_rules(const char *text, rule_list *rules)
{
	bool joining = false;

	for (unsigned int line = 1; *text; line++) {
		const char *end = text + strcspn(text, "\n");
		const char *begin = text + strspn(text, " \t");
		bool more = end > begin && end[-1] == '\\';

		text = *end ? end + 1 : end;
		if (begin == end || *begin == '#')
			continue;
		if (append_line(rules, joining, line, begin, (size_t)(end - begin) - more) < 0)
			return -ENOMEM;
		joining = more;
	}
	return 0;
}

/* The next token; false at the end, or at something that udev would not take either. */
static bool next_token(const char **at, struct token *ret)
{
	const char *p = *at + strspn(*at, " \t,");
	size_t length = strcspn(p, "{=!+-:\" \t");

	*ret = (struct token){0};
	if (p[length] == '{') {
		length += strcspn(p + length, "}");
		if (!p[length++])
			return false;
	}
	if (!length || length >= KEY_MAX)
		return false;
	memcpy(ret->key, p, length);
	p += length;
	p += strspn(p, " \t");
	ret->match = p[0] && p[1] == '=' && (p[0] == '=' || p[0] == '!');
	ret->negative = ret->match && p[0] == '!';
	p += strspn(p, "=!+-:");
	p += strspn(p, " \t");
	if ((*p == 'e' || *p == 'i') && p[1] == '"') /* escapes; case does not matter */
		p++;
	if (*p++ != '"')
		return false;
	for (length = 0; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1] == '"')
			p++;
		if (length + 1 < VALUE_MAX)
			ret->value[length++] = *p;
	}
	if (*p != '"')
		return false;
	*at = p + 1;
	return true;
}

/* udev's patterns: shell globs, alternatives between | */
static bool fits(const char *pattern, const char *text)
{
	char alternatives[VALUE_MAX];
	char *rest = alternatives, *one;

	snprintf(alternatives, sizeof(alternatives), "%s", pattern);
	while ((one = strsep(&rest, "|")))
		if (fnmatch(one, text, 0) == 0)
			return true;
	return false;
}

/* What the event has for a key, or NULL when that is not known. */
static const char *known_value(const struct token *token, const struct udev_event *event)
{
	bool is_memory = !strcmp(event->subsystem, "memory");
	const struct {
		const char *key, *value;
	} known[] = {
		{"ACTION", event->action},
		{"SUBSYSTEM", event->subsystem},
		{"SUBSYSTEMS", event->subsystem},
		{"KERNEL", event->kernel},
		{"KERNELS", event->kernel},
		{"DEVPATH", event->devpath},
		{"CONST{arch}", event->arch},
		{"ATTR{[dmi/id]sys_vendor}", event->sys_vendor ? event->sys_vendor : ""},
		{"ATTR{[dmi/id]product_name}", event->product_name ? event->product_name : ""},
		/* A block that was just added is offline, or there would be nothing to find out. */
		{"ATTR{state}", is_memory ? "offline" : NULL},
		{"ATTR{online}", is_memory ? "0" : NULL},
		/* Linux 6.5: the kernel itself keeps kdump's list of memory (Documentation/ABI/
		 * testing/sysfs-devices-memory). */
		{"ATTRS{crash_hotplug}", event->crash_hotplug ? event->crash_hotplug : ""},
	};

	for (size_t i = 0; i < array_size(known); i++)
		if (!strcmp(known[i].key, token->key))
			return known[i].value;
	return NULL;
}

/* Of matches; assignments hold always. */
static enum udev_match token_match(const struct token *token, const struct udev_event *event)
{
	const char *value;

	/* These decide by their exit code whatever sign stands behind them. */
	if (!strcmp(token->key, "PROGRAM") || !strncmp(token->key, "IMPORT{", strlen("IMPORT{")))
		return UDEV_PERHAPS;
	if (!token->match)
		return UDEV_YES;
	value = known_value(token, event);
	if (!value)
		return UDEV_PERHAPS;
	return fits(token->value, value) != token->negative ? UDEV_YES : UDEV_NO;
}

typedef bool (*token_test)(const struct token *token);

struct outcome {
	enum udev_match match;
	char jump[KEY_MAX];
	bool hit;
	char value[64];
};

static void judge_rule(const char *text, const struct udev_event *event, token_test test,
		       struct outcome *ret)
{
	struct token token;

	*ret = (struct outcome){.match = UDEV_YES};
	while (next_token(&text, &token)) {
		enum udev_match match = token_match(&token, event);

		if (match < ret->match)
			ret->match = match;
		if (!strcmp(token.key, "GOTO"))
			snprintf(ret->jump, sizeof(ret->jump), "%s", token.value);
		if (!ret->hit && test(&token)) {
			ret->hit = true;
			snprintf(ret->value, sizeof(ret->value), "%s", token.value);
		}
	}
}

/* The rule with a label behind index; the end of the file when there is none. */
static size_t find_label(const rule_list *rules, size_t index, const char *label)
{
	for (size_t i = index + 1; i < rules->count; i++) {
		const char *text = rules->items[i].text;
		struct token token;

		while (next_token(&text, &token))
			if (!strcmp(token.key, "LABEL") && !strcmp(token.value, label))
				return i;
	}
	return rules->count;
}

/* As udev goes through a file. A jump that may be taken or not makes the rest conditional. */
static bool find(const char *text, const struct udev_event *event, token_test test,
		 struct udev_hit *ret)
{
	rule_list rules = {0};
	bool conditional = false, found = false;

	if (split_rules(text, &rules) == 0)
		for (size_t i = 0; i < rules.count && !found;) {
			struct outcome outcome;

			judge_rule(rules.items[i].text, event, test, &outcome);
			if (outcome.hit && outcome.match != UDEV_NO) {
				*ret = (struct udev_hit){
					.line = rules.items[i].line,
					.last_line = rules.items[i].last_line,
					.conditional = conditional || outcome.match == UDEV_PERHAPS,
				};
				memcpy(ret->value, outcome.value, sizeof(ret->value));
				found = true;
			}
			conditional = conditional ||
				      (outcome.jump[0] && outcome.match == UDEV_PERHAPS);
			i = outcome.jump[0] && outcome.match == UDEV_YES
				    ? find_label(&rules, i, outcome.jump)
				    : i + 1;
		}
	release_rules(&rules);
	return found;
}

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static bool is_program(const struct token *token)
{
	return starts_with(token->key, "RUN") || !strcmp(token->key, "PROGRAM");
}

/* "$env{...}" is a choice that was made some rules before. */
static bool is_onlining(const struct token *token)
{
	const char *value = token->value;

	if (token->match)
		return false;
	if (!strcmp(token->key, "ATTR{state}"))
		return starts_with(value, "online") || value[0] == '$';
	/* Every device that can be taken offline has it as well (drivers/base/core.c). */
	if (!strcmp(token->key, "ATTR{online}"))
		return !strcmp(value, "1");
	if (!is_program(token))
		return false;
	return strstr(value, "/online") ||
	       (strstr(value, "online") && (strstr(value, "/state") || strstr(value, "daxctl"))) ||
	       strstr(value, "chmem -e") || strstr(value, "chmem --enable");
}

static bool is_daxctl(const struct token *token)
{
	return !token->match &&
	       (strstr(token->value, "daxctl") || strstr(token->value, "daxdev-reconfigure@"));
}

/* By its unit, or by a helper of kdump's that does so; asking whether it runs is no reload. */
static bool is_kdump(const struct token *token)
{
	static const char *const doings[] = {"restart", "reload", "throttle", "systemd-run"};

	if (!is_program(token) || !strstr(token->value, "kdump"))
		return false;
	for (size_t i = 0; i < array_size(doings); i++)
		if (strstr(token->value, doings[i]))
			return true;
	return false;
}

bool udev_finds(const char *text, const struct udev_event *event, enum udev_effect effect,
		struct udev_hit *ret)
{
	static const token_test tests[UDEV_EFFECT_COUNT] = {
		[UDEV_ONLINES] = is_onlining,
		[UDEV_STARTS_DAXCTL] = is_daxctl,
		[UDEV_RELOADS_KDUMP] = is_kdump,
	};

	return find(text, event, tests[effect], ret);
}

/* As sed 's/^/#/' does it, without making the text longer. */
static void comment_out(char *text, const struct udev_hit *hit)
{
	for (unsigned int line = 1; *text && line <= hit->last_line; line++) {
		size_t length = strcspn(text, "\n");

		if (line >= hit->line && length)
			text[0] = '#';
		text += length;
		text += *text == '\n';
	}
}

static void sort_by_line(udev_hit_list *hits)
{
	for (size_t i = hits->count; i > 1 && hits->items[i - 1].line < hits->items[i - 2].line;
	     i--) {
		struct udev_hit swap = hits->items[i - 1];

		hits->items[i - 1] = hits->items[i - 2];
		hits->items[i - 2] = swap;
	}
}

int udev_find_all(const char *text, const struct udev_event *event, enum udev_effect effect,
		  udev_hit_list *ret)
{
	_cleanup_free_ char *rest = strdup(text);
	struct udev_hit hit;

	if (!rest)
		return -ENOMEM;
	while (udev_finds(rest, event, effect, &hit)) {
		struct udev_hit *slot = array_add(ret);

		if (!slot)
			return -ENOMEM;
		*slot = hit;
		sort_by_line(ret);
		comment_out(rest, &hit);
	}
	return 0;
}
