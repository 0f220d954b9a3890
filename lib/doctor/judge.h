/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_JUDGE_H
#define KMEMD_JUDGE_H
/*
 * From facts to findings: what on this machine will surprise its owner. Pure: no I/O, no clock. A
 * check is a function in one of the judge-*.c files and an entry in the table of judge.c.
 */
#include "doctor/facts.h"

enum severity {
	SEVERITY_NOTE,	  /* good to know; nothing is wrong */
	SEVERITY_WARNING, /* will surprise somebody sooner or later */
	SEVERITY_ERROR,	  /* does not work */
	SEVERITY_COUNT,
};

extern const char *const severity_names[SEVERITY_COUNT];

enum cure_type {
	CURE_NONE,    /* nothing that could be done now helps; the text says what does later */
	CURE_BY_HAND, /* a person has to decide, edit or boot */
	CURE_COMMAND, /* for root's shell as it is; what it is for may follow behind a # */
	CURE_TYPE_COUNT,
};

extern const char *const cure_type_names[CURE_TYPE_COUNT];

struct finding {
	enum severity severity;
	const char *id; /* a word that scripts may rely on */
	enum cure_type cure_type;
	char subject[128]; /* the device, file or setting */
	char what[512], why[512], cure[1024];
};

typedef ARRAY(struct finding) finding_list;

/* All findings, the gravest first. 0 or -ENOMEM. */
int judge(const struct facts *facts, finding_list *ret);

/*
 * For the checks: a new finding, whose what is the format. Never NULL: when memory is short it is a
 * scratch that nobody sees, and judge() says so.
 */
struct judgement {
	const struct facts *facts;
	finding_list *findings;
	struct finding scratch;
	bool short_of_memory;
};

struct finding *find(struct judgement *judgement, enum severity severity, const char *id,
		     const char *subject, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
#define explain(finding, ...) snprintf((finding)->why, sizeof((finding)->why), __VA_ARGS__)

/* The inventory, or an empty one. */
const struct kmemd_inventory *judged_inventory(const struct judgement *judgement);
/*
 * Whether a job of kmemd is under way: what it has half done, and what it holds for as long, is no
 * finding.
 */
bool job_runs(const struct judgement *judgement);
/* What policy says of a device; MODE_IGNORE without a policy. */
struct decision judged_decision(const struct judgement *judgement, const struct device *device);
/* Whether the device is, or is to be, memory of the system. */
bool is_or_becomes_ram(const struct judgement *judgement, const struct device *device);
/* Whether any device is. */
bool any_ram(const struct judgement *judgement);
/* Whether this kernel is known not to commit CXL regions here, which cxl-hypervisor says. */
bool cannot_commit(const struct judgement *judgement);
/* Whether a person took it from policy: drained it, or changed it by hand. */
bool is_held(const struct judgement *judgement, const struct device *device);

#endif
