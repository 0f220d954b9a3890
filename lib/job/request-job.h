/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REQUEST_JOB_H
#define KMEMD_REQUEST_JOB_H
#include "base/error.h"
#include "context.h"
#include "job/event.h"
#include "plan/request.h"
#include "policy/policy.h"

struct json_object;

/*
 * Does it, device by device, each as a job of its own: what cannot be done is undone (or kept) for
 * that device, and the next one follows. A device that is then not in use as the policy (which
 * may be NULL) would have it is held against it; one that is in use again is not held any more.
 * Persistent memory becomes system RAM only when it is named.
 *
 * *ret, also on failure when it is not NULL: {"devices": [{"device", "identity", "result", "error",
 * "exit_code"}]}, in the order of work; result is done, unchanged, skipped, failed, refused or
 * partly. The error is that of the first device that failed, with KMEMD_PARTLY when others worked.
 */
int kmemd_request(struct kmemd *kmemd, const struct kmemd_policy *policy,
		  const struct kmemd_request *request, const struct kmemd_job *job,
		  struct json_object **ret, struct kmemd_error *error);
/* What kmemd_request() would do, in the form of kmemd_report_plan(). Changes nothing. */
int kmemd_report_request(struct kmemd *kmemd, const struct kmemd_request *request,
			 struct json_object **ret, struct kmemd_error *error);

#endif
