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

struct finding {
	enum severity severity;
	const char *id;			     /* a word that scripts may rely on */
	char subject[128];		     /* the device, file or setting */
	char what[512], why[512], cure[512]; /* cure: a command, or a sentence */
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
#define cure(finding, ...)    snprintf((finding)->cure, sizeof((finding)->cure), __VA_ARGS__)

/* What policy says of a device; MODE_IGNORE without a policy. */
struct decision judged_decision(const struct judgement *judgement, const struct device *device);
/* Whether the device is, or is to be, memory of the system. */
bool is_or_becomes_ram(const struct judgement *judgement, const struct device *device);
/* Whether any device is. */
bool any_ram(const struct judgement *judgement);

/* judge-host.c */
void judge_hotplug(struct judgement *judgement);
void judge_privilege(struct judgement *judgement);
void judge_auto_online(struct judgement *judgement);
void judge_online_policy(struct judgement *judgement);
void judge_memmap_parameter(struct judgement *judgement);
void judge_rules(struct judgement *judgement);
void judge_daxctl(struct judgement *judgement);
void judge_policy(struct judgement *judgement);
void judge_service(struct judgement *judgement);
/* judge-module.c */
void judge_module(struct judgement *judgement);
/* judge-memory.c */
void judge_hypervisor(struct judgement *judgement);
void judge_capacity(struct judgement *judgement);
void judge_devices(struct judgement *judgement);
void judge_dram(struct judgement *judgement);
void judge_zones(struct judgement *judgement);
void judge_resources(struct judgement *judgement);
void judge_records(struct judgement *judgement);

#endif
