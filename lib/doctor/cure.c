/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/cure.h"

#include "plan/plan-device.h"

#include <stdarg.h>
#include <stdio.h>

static void set_cure(struct finding *finding, enum cure_type type, const char *prefix,
		     const char *format, va_list arguments)
{
	int length = snprintf(finding->cure, sizeof(finding->cure), "%s", prefix);

	finding->cure_type = type;
	vsnprintf(finding->cure + length, sizeof(finding->cure) - (size_t)length, format,
		  arguments);
}

#define DEFINE_CURE(function, type, prefix)                                                        \
	void function(struct finding *finding, const char *format, ...)                            \
	{                                                                                          \
		va_list arguments;                                                                 \
                                                                                                   \
		va_start(arguments, format);                                                       \
		set_cure(finding, type, prefix, format, arguments);                                \
		va_end(arguments);                                                                 \
	}

DEFINE_CURE(cure_by_command, CURE_COMMAND, "")
DEFINE_CURE(cure_by_hand, CURE_BY_HAND, "by hand: ")
DEFINE_CURE(cure_none, CURE_NONE, "none: ")

static bool makes_region(const struct plan *plan)
{
	array_foreach(step, &plan->steps)
		if (step->type == STEP_CREATE_REGION)
			return true;
	return false;
}

void cure_by_plan(const struct judgement *judgement, struct finding *finding,
		  const struct device *device)
{
	struct decision decision = judged_decision(judgement, device);
	struct plan plan = {0};

	if (plan_make(judged_inventory(judgement), device, &decision, GOAL_POLICY, &plan) < 0)
		cure_none(finding, "memory is short");
	else if (makes_region(&plan) && cannot_commit(judgement))
		cure_by_hand(finding, "first that of cxl-hypervisor, then: kmemctl apply %s",
			     device->name);
	else if (plan.steps.count)
		cure_by_command(finding, "kmemctl apply %s", device->name);
	else if (plan.refusal[0])
		cure_none(finding, "%s", plan.refusal);
	else
		cure_none(finding, "kmemctl plan %s has no step for it%s%s", device->name,
			  plan.note[0] ? ": " : "", plan.note);
	plan_release(&plan);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The longest that all lines of a file may take; more is for an editor. */
#define EDITS_MAX 600

static bool write_edits(const udev_hit_list *lines, char edits[EDITS_MAX])
{
	size_t used = 0;

	edits[0] = '\0';
	array_foreach(hit, lines) {
		used += (size_t)snprintf(edits + used, EDITS_MAX - used, " -e '%u,%us/^/#/'",
					 hit->line, hit->last_line);
		if (used >= EDITS_MAX)
			return false;
	}
	return true;
}

void cure_lines(struct finding *finding, const char *file, const udev_hit_list *lines,
		const char *etc, const char *then)
{
	char edits[EDITS_MAX];

	if (!write_edits(lines, edits))
		cure_by_hand(finding, "edit a copy of %s in %s", file, etc);
	else if (strstr(file, etc))
		cure_by_command(finding, "sed -i%s %s && %s", edits, file, then);
	else
		cure_by_command(finding, "mkdir -p %s && cp %s %s/ && sed -i%s %s/%s && %s", etc,
				file, etc, edits, etc, base_name(file), then);
}
