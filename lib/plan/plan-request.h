/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_PLAN_REQUEST_H
#define KMEMD_PLAN_REQUEST_H
/*
 * Plans for what a person asks for by hand, in place of policy: the same steps, the same undo.
 * Pure.
 */
#include "plan/plan.h"

/* Whose plan it is: a dax device, or for KMEMD_CREATE_DEVICE a dax region. */
struct request_target {
	const struct device *device;
	const struct dax_device *dax;
	const struct dax_region *region;
	bool named;   /* the person said its name, not "all" */
	bool counted; /* the states of its blocks are in the snapshot */
};

/*
 * 0 or -ENOMEM; a refusal is a plan without steps. The plan points into snapshot and request. A
 * device that "all" must not touch has a plan without steps and a note.
 */
int plan_request(const struct kmemd_inventory *inventory, const struct request_target *target,
		 const struct kmemd_request *request, struct plan *ret);

/* What is wrong with a request whatever the machine is like, as a sentence, or NULL. */
const char *request_mistake(const struct kmemd_request *request);

/*
 * Whether what a request leaves behind is not what the policy wants, so that the device has to be
 * held against it.
 */
bool request_needs_hold(const struct kmemd_request *request, const struct decision *decision);

#endif
