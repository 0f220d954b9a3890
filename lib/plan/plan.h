/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_H
#define KMEMD_PLAN_H
/*
 * The plan: typed steps from what a device is to what it should be. Pure: a snapshot and a decision
 * in, steps out. Planning what is there already gives no steps.
 *
 * A plan has parts that do not depend on each other: each region and dax device that is there, and
 * the capacity that is free. A part that is refused keeps no other part from being done, except one
 * that has to come after all others.
 */
#include "step/step.h"

struct region_sets;

enum goal {
	GOAL_POLICY,  /* what the decision says */
	GOAL_DRAIN,   /* out of use, its region and decoders free */
	GOAL_EJECT,   /* drained, and its PCI slot powered off */
	GOAL_REQUEST, /* what a person asked for, see plan/request.h */
	/* One region of the device, and nothing else of it. */
	GOAL_DRAIN_REGION,   /* out of use, and its decoders free */
	GOAL_DESTROY_REGION, /* the same, refused while memory of it is online */
	/* A region of the only set, and what policy makes of that. */
	GOAL_CREATE_REGION,
};

/* What is planned for one thing; its steps are next to each other. */
struct plan_part {
	char subject[DEVICE_NAME_MAX]; /* region or dax device; "": the device's free capacity */
	size_t first, count;	       /* steps */
	bool after_all;		       /* only when all parts before it are done */
	char refusal[384];	       /* why nothing is done although something is wanted, or "" */
};

struct plan {
	const struct device *device;
	struct decision decision;
	enum goal goal;
	const struct kmemd_request *request; /* of GOAL_REQUEST */
	const struct region *region;	     /* of GOAL_DRAIN_REGION and GOAL_DESTROY_REGION */
	/* Of GOAL_POLICY, where NULL means each memdev by itself, and GOAL_CREATE_REGION. */
	struct region_sets *sets;
	/* What auto_online_blocks is held at while memory is added. */
	const char *auto_online;
	ARRAY(struct step) steps;
	ARRAY(struct plan_part) parts;
	char refusal[384]; /* that of the first part that has one, or "" */
	char note[320];	   /* what the reader should know besides, or "" */
};

void plan_release(struct plan *plan);

/* Whether the goal takes memory out of use. */
bool goal_drains(enum goal goal);
/* Whether it is about one region of a device. */
bool goal_is_about_region(enum goal goal);

/*
 * Before 7.4, a kernel that puts the blocks of a driver online as they come looks at the whole zone
 * after each of them. Where that would be many, they stay offline and are put online in a better
 * order (lib/step/transition.c). The drop-in driver knows that order itself.
 */
void plan_hold_many_blocks(struct plan *plan, const struct host *host);

/* --- for the planners. NULL and -ENOMEM: memory is short. --- */

/* Begins a part; the steps that follow belong to it. A plan without parts has one for the device.
 */
int plan_begin_part(struct plan *plan, const char *subject);
struct step *plan_add_step(struct plan *plan, enum step_type type, const char *target,
			   enum policy_key why);
/* The target is what the last step makes. */
struct step *plan_add_step_after(struct plan *plan, enum step_type type, enum policy_key why);
/* Refuses the current part: its steps found so far go. The first reason stays. */
void plan_refuse(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the current part is refused. */
bool plan_is_refused(const struct plan *plan);
/* What the reader should know besides; the first note stays. */
void plan_note(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What the memmap of so many bytes of added memory costs; refuses what does not fit into DRAM. */
void plan_memmap_cost(struct plan *plan, const struct host *host, struct step *step, uint64_t bytes,
		      bool on_device);

#endif
