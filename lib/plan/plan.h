/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_H
#define KMEMD_PLAN_H
/*
 * The plan: typed steps from what a device is to what it should be. Pure: a snapshot and a decision
 * in, steps out. Planning what is already so gives no steps.
 */
#include "plan/request.h"
#include "policy/policy.h"

enum goal {
	GOAL_POLICY,  /* what the decision says */
	GOAL_DRAIN,   /* out of use, its region and decoders free */
	GOAL_REQUEST, /* what a person asked for, see plan/request.h */
};

enum step_type {
	STEP_CREATE_REGION,  /* target: memdev */
	STEP_ENABLE_REGION,  /* target: region that is committed and has no driver */
	STEP_OFFLINE,	     /* target: dax device; all its blocks */
	STEP_BIND,	     /* target: dax device; to a driver, with memmap_on_memory set before */
	STEP_UNBIND,	     /* target: dax device; from its driver, to none */
	STEP_ONLINE,	     /* target: dax device; all its blocks, into a zone */
	STEP_DESTROY_REGION, /* target: region */
	STEP_CREATE_DAX,     /* target: folder of the dax region; with size, align, mappings */
	STEP_RESIZE_DAX,     /* target: dax device; its size, alignment or both */
	STEP_DESTROY_DAX,    /* target: dax device; its capacity goes back to the dax region */
	STEP_COUNT,
};

extern const char *const step_names[STEP_COUNT];

struct step {
	enum step_type type;
	char target[DEVICE_NAME_MAX]; /* of BIND and ONLINE: "" is what STEP_CREATE_... made */
	/* STEP_CREATE_REGION: where and how large. */
	char root_decoder[DEVICE_NAME_MAX], endpoint_decoder[DEVICE_NAME_MAX];
	uint64_t size;
	/* STEP_CREATE_DAX, STEP_RESIZE_DAX: the size above; 0 where it stays as it is. */
	uint64_t align;
	const struct dax_region *region;
	const struct kmemd_range *mappings;
	size_t mapping_count;
	/* STEP_BIND */
	const char *driver;
	enum tristate memmap; /* UNKNOWN: leave the switch as it is */
	/* STEP_ONLINE */
	enum zone zone;
	unsigned int blocks; /* to be changed, as far as they are known */
	/* What it costs. */
	uint64_t dram_bytes, device_bytes, lost_bytes;
	enum policy_key why; /* the key that asks for it; KEY_COUNT: the person who called drain */
};

struct plan {
	const struct device *device;
	struct decision decision;
	enum goal goal;
	const struct kmemd_request *request; /* of GOAL_REQUEST */
	/* What auto_online_blocks is held at while memory is added. */
	const char *auto_online;
	ARRAY(struct step) steps;
	char refusal[384]; /* why nothing is done although something is wanted, or "" */
	char note[256];	   /* what the reader should know besides, or "" */
};

/* 0 or -ENOMEM; a refusal is a plan without steps. The plan points into inventory and policy. */
int plan_make(const struct kmemd_inventory *inventory, const struct device *device,
	      const struct decision *decision, enum goal goal, struct plan *ret);
void plan_release(struct plan *plan);

/* The parts that all planners share. add: NULL when memory is short. */
struct step *plan_add_step(struct plan *plan, enum step_type type, const char *target,
			   enum policy_key why);
/* A plan is refused as a whole: the steps found so far go. The first reason stays. */
void plan_refuse(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What the memmap of so many bytes of added memory costs; refuses what does not fit into DRAM. */
void plan_memmap_cost(struct plan *plan, const struct host *host, struct step *step, uint64_t bytes,
		      bool on_device);

/* What undoes a step, for people: "destroy the region". */
const char *step_undo_text(enum step_type type);
/* "bind dax0.0 to kmem with its memmap on the device" */
void step_text(const struct step *step, char *buffer, size_t size);

#endif
