/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_STEP_H
#define KMEMD_STEP_H
/*
 * A step of a plan: what is to be done, with what it costs and why. It is plain data, made by
 * lib/plan/ and run by lib/job/. What a step of a type can do (text, run, undo) is in a file of its
 * own, which ends in a struct step_operations.
 */
#include "plan/request.h"
#include "policy/policy.h"

enum step_type {
	STEP_CREATE_REGION,  /* target: memdev */
	STEP_ENABLE_REGION,  /* target: region that is committed and has no driver */
	STEP_OFFLINE,	     /* target: dax device; all its blocks */
	STEP_BIND,	     /* target: dax device, or the region that makes one */
	STEP_UNBIND,	     /* target: dax device; from its driver, to none */
	STEP_ONLINE,	     /* target: dax device; all its blocks, into a zone */
	STEP_DESTROY_REGION, /* target: region */
	STEP_FREE_DECODER,   /* target: endpoint decoder that holds capacity without a region */
	STEP_CREATE_DAX,     /* target: number of the dax region */
	STEP_RESIZE_DAX,     /* target: dax device; its size, alignment or both */
	STEP_PLUG,	     /* target: dax device that is bound and unplugged; all its blocks */
	STEP_DESTROY_DAX,    /* target: dax device; its capacity goes back to the dax region */
	STEP_POWER_OFF_SLOT, /* target: PCI slot; of a memdev that is drained */
	STEP_COUNT,
};

/*
 * The kernel looks at a whole zone without a hole after every block (set_zone_contiguous()). Of
 * fewer blocks, that is done before it could be noticed.
 */
#define MANY_BLOCKS 64

/* A thing that is there and has a name, or the one that an earlier step of the plan makes. */
struct step_target {
	char name[DEVICE_NAME_MAX]; /* "": what the step made_by makes */
	size_t made_by;		    /* index of that step in the plan */
};

struct step_create_region {
	char root_decoder[DEVICE_NAME_MAX];
	struct region_target targets[REGION_WAYS_MAX]; /* by position */
	unsigned int ways, granularity;		       /* bytes */
	uint64_t size;				       /* bytes */
	uint64_t start; /* where it has to lie; 0: where the kernel puts it */
};

struct step_bind {
	const char *driver;
	enum tristate memmap; /* set before; UNKNOWN: leave the switch as it is */
	bool insists;	      /* a device without the switch is a failure */
	bool force;	      /* take it from a driver that is neither kmem nor device_dax */
};

struct step_unbind {
	const char *driver; /* that it has now */
	bool force;	    /* as above */
};

struct step_blocks {
	enum zone zone;	    /* of STEP_ONLINE and STEP_PLUG */
	unsigned int count; /* blocks to be changed, as far as they are known */
	bool keep;	    /* blocks that do not follow keep the others from nothing */
};

/* STEP_CREATE_DAX, STEP_RESIZE_DAX, STEP_FREE_DECODER; 0 where it stays as it is. Bytes. */
struct step_shape {
	uint64_t size, align;
	const struct dax_region *region;
	const struct kmemd_range *mappings;
	size_t mapping_count;
};

struct step_slot {
	char memdev[DEVICE_NAME_MAX], host[64]; /* what is in it: mem0, 0000:0d:00.0 */
};

struct step {
	enum step_type type;
	struct step_target target;
	union {
		struct step_create_region create_region;
		struct step_bind bind;
		struct step_unbind unbind;
		struct step_blocks blocks; /* STEP_ONLINE, STEP_OFFLINE, STEP_PLUG */
		struct step_shape shape;
		struct step_slot slot; /* STEP_POWER_OFF_SLOT */
	};
	/* What it costs, in bytes. */
	uint64_t dram_bytes, device_bytes, lost_bytes;
	enum policy_key why; /* the key that asks for it; KEY_COUNT: the person who asked */
};

struct json_object;
struct kmemd_error;
struct run;

/* What a type of step can do; pure but for check, run, undo and settle. */
struct step_operations {
	const char *name;      /* in JSON: "bind" */
	const char *undo_text; /* for people: "bind the driver that was bound before" */
	/* The step, or its undo: the kernel may then put blocks online by itself. NULL: never. */
	bool (*adds_memory)(const struct step *step);
	bool undo_adds_memory;
	void (*text)(const struct step *step, char *buffer, size_t size);
	/*
	 * Whether another program or process holds what the step takes away. Asked for all steps
	 * before the first one runs. NULL: the step takes nothing away.
	 */
	int (*check)(struct run *run, const struct step *step, struct kmemd_error *error);
	/* Looks at the kernel first: a step whose effect is there does nothing. */
	int (*run)(struct run *run, const struct step *step, struct kmemd_error *error);
	/*
	 * Undoes a step from what it noted with run_push_undo() before its first write. It may run
	 * in another process, long after, and more than once: it looks at the kernel first, too.
	 * NULL: it notes nothing, because there is no way back.
	 */
	int (*undo)(struct run *run, struct json_object *what, struct kmemd_error *error);
	/*
	 * After a job of policy that was cut short, which planning finishes: puts right only what
	 * planning cannot see. NULL: there is nothing of the kind.
	 */
	int (*settle)(struct run *run, struct json_object *what, struct kmemd_error *error);
};

const struct step_operations *step_operations(enum step_type type);
/* The type with that name, or STEP_COUNT. */
enum step_type step_type_of(const char *name);

/* "bind dax0.0 to kmem with its memmap on the device" */
void step_text(const struct step *step, char *buffer, size_t size);
/* The target's name, or "the new dax device". */
const char *step_target_text(const struct step *step);

#endif
